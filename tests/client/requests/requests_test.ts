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
  given: Partial<
    { connected: boolean; contract: typeof anyMessages; maxBytes: number }
  > = {},
) {
  const clock = new FakeClock();
  const pending = new PendingReplies();
  const sent: [string, unknown][] = [];
  const server = {
    isOpen: given.connected ?? true,
    maxBytes: given.maxBytes ?? 65_536,
    capacity: Infinity,
  };
  const requests: Requests = new Requests({
    clock,
    contract: given.contract ?? anyMessages,
    pending,
    sender: {
      get isOpen() {
        return server.isOpen;
      },
      maxBytes: () => server.maxBytes,
      hasCapacity: () => requests.inflight < server.capacity,
      send(text) {
        const frame = JSON.parse(text);
        sent.push([frame.method, frame.data]);
        return { isTransmitted: true, cancel() {} };
      },
    },
  });
  return {
    clock,
    sent,
    requests,
    pending,
    server,
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

Deno.test("a request waits for a connection within its timeout", async () => {
  const { clock, sent, requests, reply, server } = fixture({
    connected: false,
  });
  const data = { n: 1 };
  const [answer, late] = [
    requests.request("a", data, {}),
    requests.request("b", 2, { timeoutMs: 50 }),
  ];
  // The data is that of the call.
  data.n = 2;
  clock.tick(50);
  const error = await assertRejects(() => late, DrumbeatError, "not sent");
  assertEquals([error.code, sent], ["timeout", []]);
  server.isOpen = true;
  requests.flush();
  assertEquals(sent, [["a", { n: 1 }]]);
  reply(1, "yes");
  assertEquals(await answer, "yes");
  assertEquals(clock.pending, 0);
});

Deno.test("rejects what is larger than the server's limit with large, and sends nothing of it", async () => {
  const { sent, requests, reply, server } = fixture({ maxBytes: 100 });
  const large = await assertRejects(
    () => requests.request("a", "x".repeat(100), {}),
    DrumbeatError,
    "at most 100",
  );
  assertEquals([large.code, sent], ["large", []]);
  const small = requests.request("b", 1, {});
  reply(2, "yes");
  assertEquals(await small, "yes");
  // The next server has a lower limit.
  server.isOpen = false;
  const waiting = requests.request("c", "x".repeat(30), {});
  server.isOpen = true;
  server.maxBytes = 50;
  requests.flush();
  assertEquals(
    (await assertRejects(() => waiting, DrumbeatError)).code,
    "large",
  );
});

Deno.test("a request above the server's inflight waits, and one that timed out counts until its answer", async () => {
  const { clock, sent, requests, reply, server } = fixture();
  server.capacity = 2;
  const answers = [1, 2, 3, 4].map((n) =>
    requests.request("a", n, { timeoutMs: 100 * n })
  );
  assertEquals(sent.length, 2);
  clock.tick(100);
  await assertRejects(() => answers[0]!, DrumbeatError, "no reply");
  assertEquals(sent.length, 2);
  reply(1, "late");
  requests.flush();
  assertEquals(sent.length, 3);
  reply(2, 2);
  requests.flush();
  reply(3, 3);
  reply(4, 4);
  assertEquals(await Promise.all(answers.slice(1)), [2, 3, 4]);
  assertEquals([requests.inflight, clock.pending], [0, 0]);
});

Deno.test("rejects with disconnected when the connection closes", async () => {
  const { clock, requests } = fixture();
  const answers = [requests.request("a", 1, {}), requests.request("b", 1, {})];
  requests.connectionClosed();
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

Deno.test("refuses the 1,001st request that waits", async () => {
  const { requests } = fixture();
  const answers = Array.from(
    { length: 1_000 },
    () => requests.request("a", 1, {}),
  );
  const error = await assertRejects(
    () => requests.request("a", 1, {}),
    DrumbeatError,
  );
  assertEquals(error.code, "limit");
  requests.close();
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
