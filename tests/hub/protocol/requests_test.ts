import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import * as v from "valibot";
import { MemoryStore } from "../../../adapters/store_memory.ts";
import { type Client, connect } from "../../../client.ts";
import { Hub } from "../../../hub/hub.ts";
import type { RequestContext } from "../../../hub/protocol/request_handler.ts";
import { ReplyParts } from "../../../client/requests/reply_parts.ts";
import { replyFrames } from "../../../hub/protocol/reply_frames.ts";
import { DrumbeatError, utf8Length } from "../../../messages.ts";
import { defineMessages } from "../../../messages.ts";
import { FakeClock } from "../fake_clock.ts";
import { type InMemory, inMemory, type TestPeer } from "../in_memory.ts";

const contract = defineMessages({ chat: v.object({ text: v.string() }) }, {
  requests: {
    rename: {
      data: v.object({ name: v.pipe(v.string(), v.trim()) }),
      reply: v.object({ old: v.string() }),
    },
    beat: { data: v.number() },
  },
});

const request = (id: number, method: string, data?: unknown) => ({
  type: "request",
  id,
  method,
  data,
});

/** Lets promises settle that wait for nothing else. */
async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

/** Connects a peer to no topic: it receives answers only. */
function asker(hub: InMemory): Promise<TestPeer> {
  return hub.v1({ topics: {} });
}

/** Sends frames and reads the answers, by id. */
async function ask(peer: TestPeer, ...frames: object[]) {
  for (const frame of frames) peer.send(frame);
  await settle();
  return peer.read().toSorted((a, b) => a.id - b.id);
}

Deno.test("the reply is what the handler returns", async () => {
  await using hub = inMemory();
  const peer = await asker(hub);
  const received: [unknown, RequestContext][] = [];
  hub.hub.handle("add", (data, context) => {
    received.push([data, context]);
    const [a, b] = data as [number, number];
    return a + b;
  });
  assertEquals(await ask(peer, request(1, "add", [1, 2])), [
    { type: "reply", id: 1, data: 3 },
  ]);
  assertEquals(received.map(([data]) => data), [[1, 2]]);
  const { peer: by, method, signal } = received[0]![1];
  assert(hub.hub.peers.has(by));
  assertEquals([method, signal.aborted], ["add", false]);
});

Deno.test("the reply is what the handler's promise resolves to, and replies are sent as they are ready", async () => {
  await using hub = inMemory();
  const peer = await asker(hub);
  const slow = Promise.withResolvers<string>();
  hub.hub.handle("slow", () => slow.promise);
  hub.hub.handle("fast", async () => {
    await Promise.resolve();
    return "fast";
  });
  assertEquals(await ask(peer, request(1, "slow"), request(2, "fast")), [
    { type: "reply", id: 2, data: "fast" },
  ]);
  slow.resolve("slow");
  assertEquals(await ask(peer), [{ type: "reply", id: 1, data: "slow" }]);
});

Deno.test("a handler that returns nothing is a reply without data", async () => {
  await using hub = inMemory();
  const peer = await asker(hub);
  hub.hub.handle("nothing", () => {});
  assertEquals(await ask(peer, request(1, "nothing")), [
    { type: "reply", id: 1 },
  ]);
});

Deno.test("a request without data has none, and any data passes without a contract", async () => {
  await using hub = inMemory();
  const peer = await asker(hub);
  hub.hub.handle("echo", (data) => ({ data }));
  const answers = await ask(
    peer,
    { type: "request", id: 1, method: "echo" },
    request(2, "echo", null),
    request(3, "echo", { deep: [{}] }),
  );
  assertEquals(answers.map(({ data }) => data), [
    {},
    { data: null },
    { data: { deep: [{}] } },
  ]);
});

Deno.test("a method without a handler is unsupported", async () => {
  await using hub = inMemory();
  const peer = await asker(hub);
  for (const method of ["nope", "__proto__", "constructor", ""]) {
    const [answer] = await ask(peer, request(7, method));
    assertEquals([answer.id, answer.code], [7, "unsupported"], method);
  }
});

Deno.test("a handler receives the output of the contract's validator", async () => {
  await using hub = inMemory({ contract });
  const peer = await asker(hub as unknown as InMemory);
  const seen: unknown[] = [];
  hub.hub.handle("rename", (data) => {
    seen.push(data);
    return { old: "x" };
  });
  await ask(peer, request(1, "rename", { name: " Ada ", more: 1 }));
  assertEquals(seen, [{ name: "Ada" }]);
});

Deno.test("data that the contract refuses is invalid, with the issues, and the handler is not called", async () => {
  await using hub = inMemory({ contract });
  const peer = await asker(hub as unknown as InMemory);
  hub.hub.handle("rename", () => {
    throw new Error("called");
  });
  const [answer] = await ask(peer, request(1, "rename", { name: 1 }));
  assertEquals([answer.id, answer.code], [1, "invalid"]);
  assertEquals(answer.issues.map(({ path }: { path: unknown }) => path), [[
    "name",
  ]]);
  assertEquals(hub.errors, []);
});

Deno.test("a method that the contract does not name is unsupported, unless it has a validator of its own", async () => {
  await using hub = inMemory({ contract });
  const peer = await asker(hub as unknown as InMemory);
  hub.hub.handle("extra", () => 1);
  hub.hub.handle("own", (data) => data, {
    data: v.pipe(v.string(), v.toUpperCase()),
  });
  const [extra, own, wrong] = await ask(
    peer,
    request(1, "extra"),
    request(2, "own", "x"),
    request(3, "own", 1),
  );
  assertEquals([extra.id, extra.code], [1, "unsupported"]);
  assertEquals(own, { type: "reply", id: 2, data: "X" });
  assertEquals([wrong.id, wrong.code, wrong.issues.length], [3, "invalid", 1]);
});

Deno.test("the validator of a method may be a type guard", async () => {
  await using hub = inMemory();
  const peer = await asker(hub);
  const isNumber = (value: unknown): value is number =>
    typeof value === "number";
  hub.hub.handle("double", (data) => data * 2, { data: isNumber });
  const [right, wrong] = await ask(
    peer,
    request(1, "double", 21),
    request(2, "double", "21"),
  );
  assertEquals([right.data, wrong.code], [42, "invalid"]);
});

Deno.test("a DrumbeatError of a handler is sent with its code and message, and is not reported", async () => {
  await using hub = inMemory();
  const peer = await asker(hub);
  hub.hub.handle("a", () => {
    throw new DrumbeatError("failed", "Taken");
  });
  hub.hub.handle(
    "b",
    () => Promise.reject(new DrumbeatError("forbidden", "Not you")),
  );
  assertEquals(await ask(peer, request(1, "a"), request(2, "b")), [
    { type: "error", id: 1, code: "failed", message: "Taken" },
    { type: "error", id: 2, code: "forbidden", message: "Not you" },
  ]);
  assertEquals(hub.errors, []);
});

Deno.test("a DrumbeatError with a code that the protocol does not have is sent as failed, and goes to onError", async () => {
  await using hub = inMemory();
  const peer = await asker(hub);
  const codes = ["closed", "timeout", "disconnected", "dropped", "nonsense"];
  hub.hub.handle("fails", (code) => {
    throw new DrumbeatError(code as "closed", "The address of another hub");
  });
  for (const [id, code] of codes.entries()) {
    const [answer] = await ask(peer, request(id, "fails", code));
    assertEquals([answer.id, answer.code, answer.message], [
      id,
      "failed",
      "The request 'fails' failed",
    ]);
  }
  assertEquals(
    hub.errors.map(({ error }) => (error as DrumbeatError).code as string),
    codes,
  );
});

Deno.test("any other error of a handler is sent as failed, without its message, and goes to onError", async () => {
  await using hub = inMemory();
  const peer = await asker(hub);
  const failure = new Error("password=hunter2");
  hub.hub.handle("throws", () => {
    throw failure;
  });
  hub.hub.handle("rejects", () => Promise.reject(failure));
  hub.hub.handle("odd", () => Promise.reject(undefined));
  const answers = await ask(
    peer,
    request(1, "throws"),
    request(2, "rejects"),
    request(3, "odd"),
  );
  assertEquals(
    answers.map(({ type, id, code }) => [type, id, code]),
    [1, 2, 3].map((id) => ["error", id, "failed"]),
  );
  assert(!JSON.stringify(answers).includes("hunter2"));
  assertEquals(hub.errors.map(({ error, stage }) => [error, stage]), [
    [failure, "handler"],
    [failure, "handler"],
    [undefined, "handler"],
  ]);
  assertEquals(peer.closed, undefined);
});

Deno.test("a validator that throws, or is asynchronous, fails the request", async () => {
  await using hub = inMemory();
  const peer = await asker(hub);
  const never = (_data: unknown): _data is string => {
    throw new Error("broken");
  };
  const later = v.pipeAsync(v.any(), v.checkAsync(() => Promise.resolve(true)));
  hub.hub.handle("throws", () => 1, { data: never });
  hub.hub.handle("later", () => 1, { data: later });
  const answers = await ask(peer, request(1, "throws"), request(2, "later"));
  assertEquals(answers.map(({ id, code }) => [id, code]), [
    [1, "failed"],
    [2, "failed"],
  ]);
  assertEquals(hub.errors.map(({ stage }) => stage), ["handler", "handler"]);
});

Deno.test("a reply that JSON cannot represent fails the request and keeps the connection", async () => {
  await using hub = inMemory();
  const peer = await asker(hub);
  const circle: { self?: unknown } = {};
  circle.self = circle;
  hub.hub.handle("big", () => 1n);
  hub.hub.handle("circle", () => circle);
  const answers = await ask(peer, request(1, "big"), request(2, "circle"));
  assertEquals(answers.map(({ type, id, code }) => [type, id, code]), [
    ["error", 1, "failed"],
    ["error", 2, "failed"],
  ]);
  assertEquals(hub.errors.map(({ stage }) => stage), ["handler", "handler"]);
  assertEquals(peer.closed, undefined);
});

Deno.test("a method has one handler; after its removal it may have another", async () => {
  await using hub = inMemory();
  const peer = await asker(hub);
  const remove = hub.hub.handle("a", () => 1);
  assertThrows(
    () => hub.hub.handle("a", () => 2),
    TypeError,
    "Cannot handle the request 'a': it has a handler already",
  );
  remove();
  assertEquals((await ask(peer, request(1, "a")))[0].code, "unsupported");
  hub.hub.handle("a", () => 3);
  // The handler that it removed is another one.
  remove();
  assertEquals((await ask(peer, request(2, "a")))[0].data, 3);
});

Deno.test("requests, publishes and histories that are unanswered are limited together", async () => {
  await using hub = inMemory({ limits: { inflight: 3 } });
  const peer = await asker(hub);
  const hold = Promise.withResolvers<void>();
  hub.hub.handle("hold", () => hold.promise);
  const publish = {
    type: "publish",
    id: 2,
    topic: "lobby",
    message: { type: "chat" },
  };
  const over = await ask(
    peer,
    request(1, "hold"),
    publish,
    request(3, "hold"),
    request(4, "hold"),
    { type: "history", id: 5, topic: "lobby", from: 0, limit: 1 },
  );
  assertEquals(over.map(({ id, code }) => [id, code]), [[4, "limit"], [
    5,
    "limit",
  ]]);
  hub.flush();
  assertEquals(peer.read().map(({ type, id }) => [type, id]), [["ack", 2]]);
  hold.resolve();
  const replies = await ask(peer);
  assertEquals(replies.map(({ type, id }) => [type, id]), [["reply", 1], [
    "reply",
    3,
  ]]);
  const [more] = await ask(peer, request(6, "hold"));
  assertEquals([more.type, more.id], ["reply", 6]);
});

Deno.test("a refused request no longer counts as unanswered", async () => {
  await using hub = inMemory({ limits: { inflight: 1 } });
  const peer = await asker(hub);
  hub.hub.handle("fails", () => Promise.reject(new Error("no")));
  for (let id = 1; id <= 5; id++) {
    for (const method of ["fails", "unsupported"]) {
      const [{ code }] = await ask(peer, request(id, method)) as [
        { code: string },
      ];
      assertEquals(code, method === "fails" ? "failed" : "unsupported");
    }
  }
});

Deno.test("a handler runs to its end after its peer has disconnected, and the reply is dropped", async () => {
  await using hub = inMemory();
  const { peer, start } = await hub.start({ topics: {} });
  const hold = Promise.withResolvers<void>();
  const seen: boolean[] = [];
  hub.hub.handle("hold", async (_, { peer }) => {
    await hold.promise;
    seen.push(hub.hub.peers.has(peer));
    return "late";
  });
  peer.send(request(1, "hold"));
  peer.far.drop();
  const { peer: back } = await hub.start({
    topics: {},
    session: start.session,
  });
  hold.resolve();
  await settle();
  // The client has reported the request as disconnected: a reply after the resume would be unexpected.
  assertEquals([seen, peer.read(), back.read()], [[false], [], []]);
  assertEquals(hub.errors, []);
});

Deno.test("a handler may disconnect the peer of the request", async () => {
  await using hub = inMemory();
  const peer = await asker(hub);
  hub.hub.handle("bye", (_, { peer }) => peer.close(4503, "Out"));
  assertEquals(await ask(peer, request(1, "bye")), []);
  assertEquals(peer.closed, { code: 4503, reason: "Out" });
});

Deno.test("many long replies do not close the connection: they are sent as the peer reads", async () => {
  await using hub = inMemory();
  const peer = await asker(hub);
  hub.hub.handle("long", (data) => `${data}`.repeat(300_000));
  for (let id = 1; id <= 5; id++) peer.send(request(id, "long", id));
  const texts = new Map<number, string>();
  let complete = 0;
  for (let round = 0; complete < 5 && round < 100; round++) {
    await settle();
    assertEquals(peer.closed, undefined);
    const replies = peer.readType("reply");
    const bytes = replies.map((frame) => JSON.stringify(frame).length);
    assert(bytes.every((length) => length <= 64 * 1024), `${bytes}`);
    assert(bytes.reduce((a, b) => a + b, 0) <= 192 * 1024, "all at once");
    for (const { id, part, more } of replies) {
      texts.set(id, (texts.get(id) ?? "") + part);
      if (more !== true) complete++;
    }
    peer.send({ type: "pong" });
  }
  for (const [id, text] of texts) {
    assertEquals(JSON.parse(text), `${id}`.repeat(300_000));
  }
  assertEquals(texts.size, 5);
});

Deno.test("the parts of a large reply are at most 64 KiB in UTF-8, and are joined by a client", () => {
  for (
    const data of ["x", "\u00fc", "\u4e2d", "\ud83e\udd41", '"', "\\", "\n"]
      .map((
        text,
      ) => text.repeat(100_000)).concat("a" + "\ud83e\udd41".repeat(50_000))
  ) {
    const frames = [...replyFrames(1, [data])];
    assert(frames.length > 1);
    const parts = new ReplyParts();
    const whole = frames.map((frame) => {
      assert(utf8Length(frame) <= 64 * 1024);
      return parts.add(JSON.parse(frame));
    });
    assertEquals(whole.at(-1)?.data, [data]);
    assert(whole.slice(0, -1).every((reply) => reply === undefined));
  }
});

Deno.test("a plain peer has no requests: the type is reserved", async () => {
  await using hub = inMemory();
  const peer = hub.plain();
  hub.hub.handle("a", () => 1);
  assertEquals((await ask(peer, request(1, "a")))[0].code, "invalid");
});

/** The compiler runs this test: an expected error that does not occur fails `deno check`. */
export function requestTypes(
  hub: Hub<never, { beat: { data: number; reply: string } }>,
): void {
  const clock = new FakeClock();
  const typed = new Hub({ store: () => new MemoryStore(clock), clock }, {
    contract,
  });
  typed.handle("rename", (data) => ({ old: data.name }));
  typed.handle("rename", (data) => Promise.resolve({ old: data.name }));
  // Without a validator of replies any reply will do.
  typed.handle("beat", (data) => data.toFixed());
  // @ts-expect-error: the contract does not name this method
  typed.handle("renam", () => ({ old: "" }));
  // @ts-expect-error: the data has another field
  typed.handle("rename", (data) => ({ old: data.nam }));
  // @ts-expect-error: the contract has another reply
  typed.handle("rename", () => ({ old: 1 }));
  // @ts-expect-error: the contract has another reply
  typed.handle("rename", () => Promise.resolve("old"));
  // With a validator of its own, a method need not be the contract's, and the validator types the data.
  typed.handle("own", (data) => data.toFixed(), { data: v.number() });
  // @ts-expect-error: a number has no such method
  typed.handle("own", (data) => data.trim(), { data: v.number() });
  hub.handle("beat", (data) => `${data}`);
  // @ts-expect-error -- a handler that returns a number where the reply is a string.
  hub.handle("beat", (data) => data);

  const client: Client<never, { beat: { data: number; reply: string } }> =
    connect("") as never;
  const shared = connect("", { contract });
  const reply: Promise<{ old: string }> = shared.request("rename", {
    name: "Ada",
  });
  const text: Promise<string> = client.request("beat", 1);
  // @ts-expect-error: the contract does not name this method
  void shared.request("renam", { name: "Ada" });
  // @ts-expect-error: the contract has other data
  void shared.request("rename", { name: 1 });
  // @ts-expect-error -- the reply is an object.
  const wrong: Promise<string> = shared.request("rename", { name: "Ada" });
  // @ts-expect-error -- the data is a number.
  void client.request("beat", "1");
  void [reply, text, wrong];
}

Deno.test("a handler that does not answer within limits.requestMs fails the request, which no longer counts as unanswered", async () => {
  await using hub = inMemory({
    limits: { inflight: 1, requestMs: 5_000 },
    heartbeat: { timeoutMs: 1e9 },
  });
  const peer = await asker(hub);
  const late = Promise.withResolvers<string>();
  hub.hub.handle("never", () => late.promise);
  hub.hub.handle("now", () => 1);
  assertEquals(await ask(peer, request(1, "never")), []);
  hub.clock.advance(4_999);
  assertEquals((await ask(peer, request(2, "now")))[0].code, "limit");
  hub.clock.advance(1_001);
  const [answer] = await ask(peer);
  assertEquals([answer.type, answer.id, answer.code], ["error", 1, "failed"]);
  assertMatch(`${hub.errors[0]?.error}`, /'never' took more than 5000 ms/);
  assertEquals((await ask(peer, request(3, "now")))[0].data, 1);
  // A reply after that is dropped, and an error is reported.
  late.reject(new Error("late"));
  assertEquals(await ask(peer), []);
  assertEquals(hub.errors.map(({ stage }) => stage), ["handler", "handler"]);
});

Deno.test("the deadline of one request does not affect another", async () => {
  await using hub = inMemory({
    limits: { requestMs: 5_000 },
    heartbeat: { timeoutMs: 1e9 },
  });
  const peer = await asker(hub);
  const slow = [1, 2].map(() => Promise.withResolvers<number>());
  hub.hub.handle("slow", (n) => slow[n as number]!.promise);
  await ask(peer, request(1, "slow", 0));
  hub.clock.advance(3_000);
  await ask(peer, request(2, "slow", 1));
  hub.clock.advance(3_000);
  assertEquals((await ask(peer)).map(({ id, type }) => [id, type]), [
    [1, "error"],
  ]);
  slow[1]!.resolve(7);
  assertEquals((await ask(peer)).map(({ id, data }) => [id, data]), [[2, 7]]);
  hub.clock.advance(60_000);
  assertEquals(peer.readType("error"), []);
  assertEquals(hub.errors.length, 1);
});

Deno.test("the signal of a request aborts when the peer's connection is closed", async () => {
  await using hub = inMemory();
  const { peer } = await hub.start({ topics: {} });
  const other = await asker(hub);
  const signals: AbortSignal[] = [];
  const hold = Promise.withResolvers<void>();
  const late = Promise.withResolvers<AbortSignal>();
  hub.hub.handle("reads", async (_, { signal }) => {
    signals.push(signal);
    await hold.promise;
  });
  hub.hub.handle("reads late", async (_, context) => {
    await hold.promise;
    late.resolve(context.signal);
  });
  peer.send(request(1, "reads"));
  peer.send(request(2, "reads late"));
  other.send(request(1, "reads"));
  assertEquals(signals.map(({ aborted }) => aborted), [false, false]);
  peer.far.drop();
  assertEquals(signals.map(({ aborted }) => aborted), [true, false]);
  assertEquals(signals[0]!.reason.name, "AbortError");
  hold.resolve();
  assertEquals((await late.promise).aborted, true);
  assertEquals((await ask(other)).map(({ type }) => type), ["reply"]);
  other.far.drop();
  assertEquals(signals[1]!.aborted, false);
});

Deno.test("the signal of a request aborts at its deadline", async () => {
  await using hub = inMemory({
    limits: { requestMs: 5_000 },
    heartbeat: { timeoutMs: 1e9 },
  });
  const peer = await asker(hub);
  const signals: AbortSignal[] = [];
  hub.hub.handle("slow", (_, { signal }) => {
    signals.push(signal);
    return new Promise((_, reject) =>
      signal.addEventListener("abort", () => reject(signal.reason))
    );
  });
  await ask(peer, request(1, "slow"));
  hub.clock.advance(4_999);
  assertEquals(signals[0]!.aborted, false);
  hub.clock.advance(1_001);
  assertEquals(signals[0]!.reason.name, "TimeoutError");
  assertEquals((await ask(peer)).map(({ code }) => code), ["failed"]);
});

Deno.test("a signal removes the handler of a method, and an aborted one adds none", async () => {
  await using hub = inMemory();
  const peer = await asker(hub);
  const controller = new AbortController();
  const { signal } = controller;
  hub.hub.handle("a", () => 1, { signal });
  assertEquals((await ask(peer, request(1, "a")))[0].data, 1);
  controller.abort();
  assertEquals((await ask(peer, request(2, "a")))[0].code, "unsupported");
  hub.hub.handle("a", () => 2, { signal });
  assertEquals((await ask(peer, request(3, "a")))[0].code, "unsupported");
});

Deno.test("an unknown option and a wrong validator of a method are refused", () => {
  const { hub } = inMemory();
  assertThrows(
    () => hub.handle("a", () => 1, { singal: undefined } as object),
    TypeError,
    "Cannot handle the request 'a': unknown option 'singal' (did you mean 'signal'?)",
  );
  assertThrows(
    () => hub.handle("a", () => 1, { data: "text" as never }),
    TypeError,
    "Cannot handle the request 'a': the option 'data' must be a type guard",
  );
});
