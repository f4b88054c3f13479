import { assert, assertEquals, assertFalse, assertRejects } from "@std/assert";
import { anyMessages, defineMessages } from "../../../messages.ts";
import { DrumbeatError } from "../../../client.ts";
import { PendingReplies } from "../../../client/requests/pending_replies.ts";
import { Requests } from "../../../client/requests/requests.ts";
import { FakeClock } from "../fake_clock.ts";

const contract = defineMessages({}, {
  requests: {
    rename: {
      data: (value): value is { name: string } =>
        typeof (value as { name?: unknown })?.name === "string",
      reply: (value): value is boolean => typeof value === "boolean",
    },
  },
});

/** Requests whose frames are recorded. */
function fixture(
  given: Partial<{ connected: boolean; contract: typeof anyMessages }> = {},
) {
  const clock = new FakeClock();
  const pending = new PendingReplies();
  const sent: [string, unknown][] = [];
  const requests = new Requests({
    clock,
    contract: given.contract ?? anyMessages,
    pending,
    sender: {
      isOpen: given.connected ?? true,
      send(frame) {
        if (frame.type !== "request") throw new TypeError(frame.type);
        sent.push([frame.method, frame.data]);
      },
    },
  });
  return {
    clock,
    sent,
    requests,
    pending,
    reply: (id: number, data?: unknown) =>
      pending.settle({ type: "reply", id, data }),
  };
}

Deno.test("gives each reply to the request with its id", async () => {
  const { clock, sent, requests, reply } = fixture();
  const [first, second] = [
    requests.request("a", 1, {}),
    requests.request("b", undefined, {}),
  ];
  assertEquals(sent, [["a", 1], ["b", undefined]]);
  reply(2, "two");
  reply(1, undefined);
  reply(3, "no such request");
  assertEquals([await first, await second], [undefined, "two"]);
  assertEquals(clock.pending, 0);
});

Deno.test("rejects with the server's code", async () => {
  const { clock, requests, pending } = fixture();
  const answer = requests.request("a", 1, {});
  assert(pending.refuse(1, new DrumbeatError("forbidden", "no")));
  assertFalse(pending.refuse(1, new DrumbeatError("forbidden", "no")));
  assertEquals(
    (await assertRejects(() => answer, DrumbeatError)).code,
    "forbidden",
  );
  assertEquals(clock.pending, 0);
});

Deno.test("rejects with disconnected without a connection, and when it closes", async () => {
  const offline = fixture({ connected: false });
  const error = await assertRejects(
    () => offline.requests.request("a", 1, {}),
    DrumbeatError,
  );
  assertEquals(error.code, "disconnected");
  const { clock, requests } = fixture();
  const answers = [requests.request("a", 1, {}), requests.request("b", 1, {})];
  requests.rejectAll("disconnected", "the connection closed");
  for (const answer of answers) {
    await assertRejects(() => answer, DrumbeatError, "the connection closed");
  }
  assertEquals(clock.pending, 0);
});

Deno.test("rejects with timeout, and ignores a late reply", async () => {
  const { clock, requests, reply } = fixture();
  const answer = requests.request("a", 1, {});
  const quick = requests.request("b", 1, { timeoutMs: 50 });
  clock.tick(50);
  assertEquals(
    (await assertRejects(() => quick, DrumbeatError)).code,
    "timeout",
  );
  clock.tick(9_949);
  reply(2, "late");
  clock.tick(1);
  await assertRejects(() => answer, DrumbeatError, "within 10000 ms");
  assertEquals(clock.pending, 0);
});

Deno.test("rejects with the reason of an abort, before and after the request was sent", async () => {
  const { clock, sent, requests } = fixture();
  const early = await requests.request("a", 1, {
    signal: AbortSignal.abort("early"),
  }).catch((reason) => reason);
  assertEquals([early, sent], ["early", []]);
  const abort = new AbortController();
  const answer = requests.request("a", 1, { signal: abort.signal });
  abort.abort("late");
  assertEquals(await answer.catch((reason) => reason), "late");
  assertEquals(clock.pending, 0);
});

Deno.test("refuses the 257th request that waits", async () => {
  const { requests } = fixture();
  const answers = Array.from(
    { length: 256 },
    () => requests.request("a", 1, {}),
  );
  const error = await assertRejects(
    () => requests.request("a", 1, {}),
    DrumbeatError,
  );
  assertEquals(error.code, "limit");
  requests.rejectAll("closed", "");
  await Promise.allSettled(answers);
});

Deno.test("rejects a timeout of NaN with a RangeError", async () => {
  const { requests } = fixture();
  await assertRejects(
    () => requests.request("a", 1, { timeoutMs: NaN }),
    RangeError,
    "'timeoutMs'",
  );
});

Deno.test("does not send data that the contract refuses, and rejects a reply that it refuses", async () => {
  const { sent, requests, reply } = fixture({
    contract: contract as unknown as typeof anyMessages,
  });
  const wrong = await assertRejects(
    () => requests.request("rename", { name: 1 }, {}),
    DrumbeatError,
  );
  assertEquals([wrong.code, sent], ["invalid", []]);
  const unknown = await assertRejects(
    () => requests.request("delete", {}, {}),
    DrumbeatError,
  );
  assertEquals(unknown.code, "unsupported");
  const answer = requests.request("rename", { name: "x" }, {});
  reply(1, "yes");
  assertEquals(
    (await assertRejects(() => answer, DrumbeatError)).code,
    "invalid",
  );
  const good = requests.request("rename", { name: "x" }, {});
  reply(2, true);
  assertEquals(await good, true);
});

Deno.test("rejects with the exception of a validator of replies", async () => {
  const { requests, reply } = fixture({
    contract: {
      ...anyMessages,
      checkReply() {
        throw new TypeError("asynchronous");
      },
    },
  });
  const answer = requests.request("a", 1, {});
  reply(1, 1);
  await assertRejects(() => answer, TypeError, "asynchronous");
});
