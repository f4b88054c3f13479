import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { DrumbeatError } from "../../client.ts";
import { type Harness, harness, record, settle } from "./harness.ts";

/** Returns the codes, or the names, of the errors that were dispatched as `rejected` since the last turn. */
async function rejected(
  { client, clock }: Harness,
  run: () => unknown,
): Promise<string[]> {
  const events = record(client, "rejected");
  run();
  await settle();
  clock.tick(0);
  return events.map(({ error }) =>
    error instanceof DrumbeatError ? error.code : (error as Error).name
  );
}

for (
  const [name, reject, codes] of [
    ["publish on a closed topic", ({ client }: Harness) => {
      const topic = client.topic("room:1");
      void topic.close();
      void topic.publish({ type: "chat" });
    }, ["closed"]],
    [
      "publish of a reserved type",
      ({ client }: Harness) =>
        void client.topic("room:1").publish({ type: "hello" }),
      ["invalid"],
    ],
    [
      "publish of a value that is not JSON",
      ({ client }: Harness) =>
        void client.topic("room:1").publish({ type: "chat", n: 1n }),
      ["TypeError"],
    ],
    [
      "publish with an unknown option",
      ({ client }: Harness) =>
        void client.topic("room:1").publish(
          { type: "chat" },
          { timeout: 1 } as object,
        ),
      ["TypeError"],
    ],
    [
      "publish with an aborted signal",
      ({ client }: Harness) =>
        void client.topic("room:1").publish(
          { type: "chat" },
          { signal: AbortSignal.abort() },
        ),
      ["AbortError"],
    ],
    ["publish that waits when the client closes", ({ client }: Harness) => {
      void client.topic("room:1").publish({ type: "chat" });
      client.close();
    }, ["closed"]],
    [
      "request when the client closes",
      ({ client }: Harness) => {
        void client.request("time");
        client.close();
      },
      ["closed"],
    ],
    [
      "history when the client closes",
      ({ client }: Harness) => {
        void client.topic("room:1").history();
        client.close();
      },
      ["closed"],
    ],
    ["presence.set on a closed topic", ({ client }: Harness) => {
      const room = client.topic("room:1");
      void room.presence.set(1);
      void room.close();
      void room.presence.set(2);
    }, ["closed", "closed"]],
    [
      "opened, subscribed and close with an unknown option",
      ({ client }: Harness) => {
        const room = client.topic("room:1");
        void client.opened({ timeoutMs: 1 } as object);
        void room.subscribed({ timeoutMs: 1 } as object);
        void room.close({ timeoutMs: 1 } as object);
      },
      ["TypeError", "TypeError", "TypeError"],
    ],
    ["opened and subscribed when the client closes", ({ client }: Harness) => {
      void client.opened();
      void client.topic("room:1").subscribed();
      client.close();
    }, ["closed", "closed"]],
  ] as const
) {
  Deno.test(`dispatches an ignored rejection: ${name}`, async () => {
    using h = harness({ heartbeat: false });
    assertEquals(await rejected(h, () => reject(h)), [...codes]);
  });
}

Deno.test("does not dispatch a rejection that the program awaits, catches, or passes on", async () => {
  using h = harness();
  const room = h.client.topic("room:1");
  const options = { signal: AbortSignal.abort() };
  const request = (): Promise<unknown> => h.client.request("a", null, options);
  const promises = async (): Promise<void> => {
    await assertRejects(request, DOMException);
    request().catch(() => {});
    request().then(() => {}, () => {});
    await Promise.allSettled([request(), room.history(options)]);
    await assertRejects(async () => await request());
    const late = request();
    await settle();
    await assertRejects(() => late);
  };
  let done: Promise<void> | undefined;
  assertEquals(await rejected(h, () => done = promises()), []);
  await done;
  await settle();
  h.clock.tick(0);
});

Deno.test("returns promises that are instances of Promise", () => {
  using h = harness();
  const room = h.client.topic("room:1");
  const promises = [
    h.client.opened(),
    h.client.request("a"),
    room.publish({ type: "chat" }),
    room.history(),
    room.presence.set(1),
    room.subscribed(),
    room.close(),
  ];
  for (const promise of promises) {
    assertInstanceOf(promise, Promise);
    promise.catch(() => {});
  }
});

Deno.test("an ignored rejection does not end the process, with or without a listener", async () => {
  const program = new URL("ignored_rejections_program.ts", import.meta.url);
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-net", "--no-check", program.href],
    env: { NO_COLOR: "1" },
  }).output();
  const text = new TextDecoder().decode(stderr);
  assertEquals(
    [code, new TextDecoder().decode(stdout).split("\n")],
    [0, ["closed", "closed", "closed", "closed", "alive", ""]],
    text,
  );
});
