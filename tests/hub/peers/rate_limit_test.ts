import { assert, assertEquals, assertFalse } from "@std/assert";
import { DEFAULT_LIMITS, type Limits, NO_LIMITS } from "../../../hub/limits.ts";
import { rateBounds, RateLimit } from "../../../hub/peers/rate_limit.ts";
import { FakeClock } from "../fake_clock.ts";
import { inMemory, type TestPeer } from "../in_memory.ts";

/** Creates a rate limit, with a clock that stands still. */
function rate(limits: Partial<Limits>): { rate: RateLimit; clock: FakeClock } {
  const clock = new FakeClock();
  const bounds = rateBounds({ ...DEFAULT_LIMITS, ...limits })!;
  return { rate: new RateLimit(bounds, clock), clock };
}

/** Counts the messages of a size that it accepts at once. */
function passes(rate: RateLimit, bytes = 1): number {
  let passed = 0;
  while (rate.take(bytes)) passed++;
  return passed;
}

Deno.test("a burst is twice inflight, and in bytes two seconds or two of the largest messages", () => {
  assertEquals(rateBounds(DEFAULT_LIMITS), {
    messagesPerSecond: 1_000,
    bytesPerSecond: 1_048_576,
    burst: 512,
    burstBytes: 2_097_152,
  });
  const small = { ...DEFAULT_LIMITS, inflight: 1, bytesPerSecond: 10 };
  assertEquals(rateBounds(small)?.burst, 16);
  assertEquals(rateBounds(small)?.burstBytes, 131_072);
});

Deno.test("has no bounds without finite limits", () => {
  assertEquals(rateBounds(NO_LIMITS), undefined);
  const infinite = { messagesPerSecond: Infinity, bytesPerSecond: Infinity };
  assertEquals(rateBounds({ ...DEFAULT_LIMITS, ...infinite }), undefined);
  const { rate: messages } = rate({ bytesPerSecond: Infinity, inflight: 10 });
  assertEquals(passes(messages, 1e9), 20);
  const { rate: bytes } = rate({
    messagesPerSecond: Infinity,
    inflight: Infinity,
    messageBytes: 50,
    bytesPerSecond: 10,
  });
  assertEquals(passes(bytes, 10), 10);
});

Deno.test("accepts a burst, refuses one message more, and refills with time", () => {
  const limits = { inflight: 8, messagesPerSecond: 100 };
  const { rate: messages, clock } = rate(limits);
  for (let i = 0; i < 16; i++) assert(messages.take(1));
  assertFalse(messages.take(1));
  // The refused message is counted: the next one needs two tokens.
  clock.advance(20);
  assert(messages.take(1));
  assertFalse(messages.take(1));
});

Deno.test("counts bytes like messages", () => {
  const { rate: bytes, clock } = rate({ bytesPerSecond: 100_000 });
  assertEquals(passes(bytes, 50_000), 4);
  clock.advance(1_000);
  assert(bytes.take(50_000));
  assertFalse(bytes.take(1));
});

Deno.test("accepts messages at the rate, and refuses them at a tenth above", () => {
  for (const [perSecond, lasts] of [[100, true], [110, false]] as const) {
    const { rate: messages, clock } = rate({ messagesPerSecond: 100 });
    let lasted = true;
    for (let i = 0; i < 60 * perSecond && lasted; i++) {
      clock.advance(1_000 / perSecond);
      lasted = messages.take(1);
    }
    assertEquals(lasted, lasts || passes(messages) > 0, `${perSecond}`);
  }
});

Deno.test("accepts a burst, and at most two, after a pause", () => {
  const { rate: messages, clock } = rate({ inflight: 10 });
  clock.advance(3_600_000);
  assertEquals(passes(messages), 40);
  clock.advance(3_600_000);
  assertEquals(passes(messages), 20);
});

Deno.test("a refunded message does not count", () => {
  const { rate: messages } = rate({ inflight: 8, bytesPerSecond: 100 });
  for (let i = 0; i < 1_000; i++) {
    assert(messages.take(40_000));
    messages.refund();
  }
  assertEquals(passes(messages), 16);
});

/** Publishes messages at once. */
function publish(peer: TestPeer, count: number, first = 1): void {
  for (let id = first; id < first + count; id++) {
    peer.send({
      type: "publish",
      id,
      topic: "lobby",
      message: { type: "chat", id },
    });
  }
}

const SMALL = { inflight: 20, messagesPerSecond: 50 };

Deno.test("closes a drumbeat.v1 peer with 4029 after the burst, and ignores the message", async () => {
  await using hub = inMemory({ limits: { ...SMALL, inflight: 40 } });
  const peer = await hub.v1();
  // The hello is one message.
  publish(peer, 40);
  hub.flush();
  publish(peer, 39, 41);
  hub.flush();
  assertEquals(peer.closed, undefined);
  publish(peer, 2, 80);
  hub.flush();
  assertEquals(peer.closed?.code, 4029);
  assertEquals(hub.hub.topic("lobby").bounds?.head, 79);
  assertEquals(hub.closed.map(({ code }) => code), [4029]);
});

Deno.test("closes a plain peer with 4029 after the burst, and ignores the message", async () => {
  await using hub = inMemory({ limits: SMALL });
  const peer = hub.plain();
  for (let i = 0; i < 40; i++) peer.send({ type: "chat" });
  assertEquals(peer.closed, undefined);
  for (let i = 0; i < 3; i++) peer.send({ type: "chat" });
  hub.flush();
  assertEquals(peer.closed?.code, 4029);
  assertEquals(hub.hub.topic("lobby").bounds?.head, 40);
});

Deno.test("closes a peer with 4029 after the burst of bytes", async () => {
  await using hub = inMemory({
    limits: { messageBytes: 1_000, bytesPerSecond: 1_000 },
  });
  const peer = hub.plain();
  const message = { type: "chat", text: "" };
  message.text = "x".repeat(1_000 - JSON.stringify(message).length);
  for (let i = 0; i < 2; i++) peer.send(message);
  assertEquals(peer.closed, undefined);
  peer.send(message);
  assertEquals(peer.closed?.code, 4029);
});

Deno.test("a peer that was closed with 4029 can resume", async () => {
  await using hub = inMemory({ limits: SMALL });
  const { peer, start } = await hub.start();
  publish(peer, 100);
  assertEquals(peer.closed?.code, 4029);
  const { session } = start;
  assert((await hub.start({ session })).start.resumed);
});

Deno.test("accepts 60 messages a second for an hour with the default limits", async () => {
  await using hub = inMemory({ heartbeat: { timeoutMs: 1e9 } });
  const peer = hub.plain();
  for (let i = 0; i < 60 * 600; i++) {
    peer.send({ type: "move", x: i });
    if (i % 60 === 0) hub.clock.advance(1_000);
  }
  assertEquals(peer.closed, undefined);
});

Deno.test("does not count acks of new frames, and counts the others", async () => {
  await using hub = inMemory({ limits: SMALL });
  const peer = await hub.v1();
  for (let frames = 1; frames <= 5_000; frames++) {
    hub.hub.broadcast({ type: "tick" });
    hub.flush();
    peer.send(
      frames % 2 === 0 ? { type: "ack", frames } : {
        type: "pong",
        frames,
      },
    );
  }
  assertEquals(peer.closed, undefined);
  for (let i = 0; i < 40; i++) peer.send({ type: "ack", frames: 5_000 });
  assertEquals(peer.closed?.code, 4029);
});

Deno.test("counts the pings and pongs of WebSocket that the transport reports", async () => {
  await using hub = inMemory({ limits: { inflight: 8 } });
  const peer = hub.plain();
  const { inbound } = peer.far.near;
  for (let n = 0; n < 16; n++) inbound!.control!(0);
  assertEquals(peer.closed, undefined);
  inbound!.control!(0);
  assertEquals(peer.closed?.code, 4029);
  inbound!.control!(0);
});
