import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { Client, Topic, WaitOptions } from "../../client.ts";
import { type AnyFrame, handshake, harness, settle } from "./harness.ts";

/** The methods that wait, by their name. */
const METHODS: Readonly<
  Record<
    string,
    (topic: Topic, client: Client, options: WaitOptions) => Promise<void>
  >
> = {
  "client.opened()": (_, client, options) => client.opened(options),
  "topic.subscribed()": (topic, _, options) => topic.subscribed(options),
  "topic.close()": (topic, _, options) => topic.close(options),
  "presence.set()": (topic, _, options) => topic.presence.set(1, options),
};

for (const [name, wait] of Object.entries(METHODS)) {
  Deno.test(`${name} rejects with the reason of an abort, before and during the wait`, async () => {
    const abort = new AbortController();
    for (const signal of [AbortSignal.abort("reason"), abort.signal]) {
      using h = harness();
      const room = h.client.topic("room:1");
      // The hello contains the topic and is not answered: every method has to wait.
      h.net.last.accept();
      let isSettled = false;
      const waiting = wait(room, h.client, { signal })
        .catch((reason) => reason)
        .finally(() => isSettled = true);
      await settle();
      assertEquals(isSettled, signal.aborted);
      abort.abort("reason");
      assertEquals(await waiting, "reason");
    }
  });

  Deno.test(`${name} rejects unknown options`, async () => {
    using h = harness();
    await assertRejects(
      () =>
        wait(h.client.topic("room:1"), h.client, { signl: 1 } as WaitOptions),
      TypeError,
      "unknown option 'signl' (did you mean 'signal'?)",
    );
  });
}

Deno.test("an abort stops the wait for an unsubscribe, which is sent nevertheless", async () => {
  using h = harness();
  const room = h.client.topic("room:1");
  handshake(h.net.last);
  const abort = new AbortController();
  const closing = room.close({ signal: abort.signal });
  const [frame] = h.net.last.take() as AnyFrame[];
  assertEquals(frame.type, "unsubscribe");
  abort.abort("enough");
  assertEquals(await closing.catch((reason) => reason), "enough");
  assertEquals(room.state, "closed");
  const again = room.close();
  h.net.last.emit({ type: "ack", id: frame.id });
  await again;
});

Deno.test("an abort of one wait does not affect the others", async () => {
  using h = harness();
  const abort = new AbortController();
  const [first, second] = [
    h.client.opened({ signal: abort.signal }),
    h.client.opened(),
  ];
  abort.abort("enough");
  assertEquals(await first.catch((reason) => reason), "enough");
  handshake(h.net.last);
  await second;
});

Deno.test("presence that was set with an aborted signal may reach the server", async () => {
  using h = harness();
  const { presence } = h.client.topic("room:1");
  const abort = new AbortController();
  const set = presence.set(1, { signal: abort.signal });
  abort.abort("enough");
  assertEquals(await set.catch((reason) => reason), "enough");
  const [frame] = handshake(h.net.last).frames;
  assertEquals([frame.type, frame.data], ["presence", 1]);
});

Deno.test("a topic closes at the end of its scope", async () => {
  using h = harness();
  handshake(h.net.last);
  let first: Topic;
  {
    using room = h.client.topic("room:1");
    first = room;
    assertEquals(room.state, "subscribing");
  }
  assertEquals(first.state, "closed");
  let second: Topic;
  h.net.last.drop();
  {
    await using room = h.client.topic("room:1");
    second = room;
  }
  assertEquals(second.state, "closed");
});

Deno.test("topic() rejects unknown options, and the fields of the wire that are not a start", () => {
  using h = harness();
  for (
    const [start, text] of [
      [
        { lst: 1 },
        "Cannot subscribe to 'room:1': unknown option 'lst' (did you mean 'last'?)",
      ],
      [{ last: 1, presence: true }, "unknown option 'presence'"],
      [{ epoch: "a", offset: 1, data: 1 }, "unknown option 'data'"],
    ] as const
  ) {
    assertThrows(
      () => h.client.topic("room:1", start as object),
      TypeError,
      text,
    );
  }
});

Deno.test("publish, request and history reject unknown options", async () => {
  using h = harness();
  const room = h.client.topic("room:1");
  handshake(h.net.last);
  for (
    const [call, text] of [
      [
        () => room.publish({ type: "a" }, { timeout: 1 } as object),
        "Cannot publish to 'room:1': unknown option 'timeout' (did you mean 'timeoutMs'?)",
      ],
      [
        () => h.client.request("time", 1, { timeout: 1 } as object),
        "Cannot request 'time': unknown option 'timeout'",
      ],
      [
        () => room.history({ form: 1 } as object),
        "Cannot read the history of 'room:1': unknown option 'form' (did you mean 'from'?)",
      ],
    ] as const
  ) await assertRejects(call, TypeError, text);
  await assertRejects(() => room.history({ from: -1 }), RangeError, "'from'");
  await assertRejects(
    () => room.history({ limit: 0.5 }),
    RangeError,
    "'limit'",
  );
  assertEquals(
    h.net.last.take().filter(({ type }: AnyFrame) => type !== "ping"),
    [],
  );
});
