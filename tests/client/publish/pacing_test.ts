import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { Pacer } from "../../../client/publish/pacing.ts";
import {
  DEFAULT_LIMITS,
  type Limits,
  wireLimits,
} from "../../../hub/limits.ts";
import { rateBounds, RateLimit } from "../../../hub/peers/rate_limit.ts";
import { FakeClock } from "../fake_clock.ts";
import { type AnyFrame, handshake, harness, settle } from "../harness.ts";
import type { FakeSocket } from "../fake_socket.ts";

/** A pacer for a server with these limits, and the server's count of the sent messages. */
function paced(limits: Partial<Limits>) {
  const clock = new FakeClock();
  const all = { ...DEFAULT_LIMITS, ...limits };
  const hub = new RateLimit(rateBounds(all)!, { ...hubClock(clock) });
  const sent: string[] = [];
  let isWithin = hub.take(0);
  const pace = new Pacer(clock, wireLimits(all), {
    send(data) {
      sent.push(data as string);
      isWithin &&= hub.take(data.length);
      return true;
    },
    ready: () => onFree(),
  });
  let onFree = (): void => {};
  return {
    clock,
    pace,
    sent,
    get isWithin() {
      return isWithin;
    },
    /** Sends these frames, now and whenever the pacer is ready. */
    post(frames: string[]) {
      const left = [...frames];
      onFree = () => {
        while (
          left.length > 0 && pace.trySend(left[0]!, left[0]!.length) === "sent"
        ) left.shift();
      };
      onFree();
    },
  };
}

function hubClock(clock: FakeClock) {
  return {
    now: () => clock.now(),
    time: () => clock.time(),
    after: () => () => {},
    turn() {},
    close() {},
  };
}

function frames(count: number, bytes = 3): string[] {
  return Array.from({ length: count }, (_, i) => `${i}`.padEnd(bytes));
}

Deno.test("sends 1,000 frames at a low rate, in order and within the server's count", () => {
  const p = paced({ messagesPerSecond: 20, inflight: 16 });
  p.post(frames(1_000));
  // Half of the server's burst, without the hello.
  assertEquals(p.sent.length, 15);
  p.clock.tick(10_000);
  // Nine tenths of the rate, in whole milliseconds.
  assertGreater(p.sent.length, 15 + 10 * 17);
  assertLess(p.sent.length, 15 + 10 * 18 + 1);
  p.clock.tick(60_000);
  assertEquals(p.sent, frames(1_000));
  assert(p.isWithin);
  assertEquals(p.clock.pending, 0);
});

Deno.test("paces bytes like messages, and sends the largest message", () => {
  const p = paced({ bytesPerSecond: 1_000, messageBytes: 5_000 });
  p.post(frames(50, 5_000));
  assertEquals(p.sent.length, 1);
  p.clock.tick(60_000);
  assertEquals(p.sent.length, 11);
  p.clock.tick(300_000);
  assertEquals(p.sent.length, 50);
  assert(p.isWithin);
});

Deno.test("stays within the rates for an hour over a network that delays frames by a second", () => {
  const limits = { ...DEFAULT_LIMITS, messagesPerSecond: 200 };
  const clock = new FakeClock();
  const hub = new RateLimit(rateBounds(limits)!, hubClock(clock));
  let held = 1;
  const pace = new Pacer(clock, wireLimits(limits), {
    send: () => ++held > 0,
    ready() {},
  });
  for (let second = 0; second < 3_600; second++) {
    for (let ms = 0; ms < 1_000; ms += 5) {
      clock.tick(5);
      pace.trySend("x", 1);
    }
    for (; held > 0; held--) assert(hub.take(1), `second ${second}`);
  }
  pace.stop();
});

Deno.test("sends queued frames in order and before other frames, within the rates", () => {
  const p = paced({ messagesPerSecond: 100, inflight: 8 });
  p.post(frames(50));
  for (let i = 0; i < 20; i++) p.pace.send(`ask ${i}`, 6);
  p.clock.tick(5_000);
  assertEquals(p.sent.slice(7, 27), frames(20).map((i) => `ask ${i.trim()}`));
  assertEquals(p.sent.length, 70);
  assert(p.isWithin);
});

Deno.test("a stopped pacer sends nothing and has no timer", () => {
  const p = paced({ messagesPerSecond: 10, inflight: 8 });
  p.post(frames(20));
  p.pace.send("ask", 3);
  p.pace.stop();
  assertEquals(p.clock.pending, 0);
  p.clock.tick(60_000);
  assertEquals(p.sent.length, 7);
});

Deno.test("does not limit a rate that the server does not state", () => {
  const clock = new FakeClock();
  for (
    const rates of [{ messagesPerSecond: Infinity }, {
      messagesPerSecond: Number.MAX_SAFE_INTEGER,
    }]
  ) {
    const limits = {
      ...wireLimits(DEFAULT_LIMITS),
      ...rates,
      bytesPerSecond: Infinity,
    };
    const pace = new Pacer(clock, limits, { send: () => true, ready() {} });
    for (let i = 0; i < 5_000; i++) {
      assertEquals(pace.trySend("x", 1e6), "sent");
    }
  }
  const limits = { ...wireLimits(DEFAULT_LIMITS), bytesPerSecond: Infinity };
  const pace = new Pacer(clock, limits, { send: () => true, ready() {} });
  for (let i = 0; i < 255; i++) assertEquals(pace.trySend("x", 1e9), "sent");
  assertEquals(pace.trySend("x", 1), "later");
  pace.stop();
});

const LIMITS = {
  ...DEFAULT_LIMITS,
  messagesPerSecond: 100,
  inflight: 32,
} satisfies Limits;

/** A server with the hub's rates behind a fake socket: answers frames, and counts them. */
function serve(socket: FakeSocket, clock: FakeClock) {
  const rate = new RateLimit(rateBounds(LIMITS)!, hubClock(clock));
  rate.take(0);
  const seen: AnyFrame[] = [];
  return {
    seen,
    /** Reads and answers the sent frames. */
    answer(): void {
      for (const frame of socket.take() as AnyFrame[]) {
        assert(rate.take(JSON.stringify(frame).length), "above the rate");
        seen.push(frame);
        const { type, id } = frame;
        if (type === "publish") socket.emit({ type: "ack", id, offset: id });
        if (type === "request" || type === "history") {
          socket.emit({ type: "reply", id, data: 1 });
        }
        if (type === "subscribe") {
          const place = { epoch: "e", offset: 0, head: 0, recovered: true };
          const { topic } = frame;
          socket.emit({ type: "subscribed", id, topic, ...place });
        }
        if (type === "unsubscribe") socket.emit({ type: "ack", id });
        if (type === "ping") socket.emit({ type: "pong" });
      }
    },
  };
}

Deno.test("a client with a full outbox, requests and topics stays within the rates, and everything arrives once", async () => {
  using h = harness({ heartbeat: { intervalMs: 1_000, timeoutMs: 1e9 } });
  const lobby = h.client.topic("lobby");
  const offsets = Array.from(
    { length: 900 },
    (_, n) => lobby.publish({ type: "n", n }),
  );
  for (let n = 900; n < 1_000; n++) {
    h.client.send(JSON.stringify({ type: "n", n }));
  }
  const socket = h.net.last;
  handshake(socket, { limits: wireLimits(LIMITS) });
  // A second connection, whose frames handshake() does not read.
  h.client.reconnect();
  const again = h.net.last;
  const server = serve(again, h.clock);
  again.accept();
  const [hello] = again.take() as AnyFrame[];
  again.emit({
    type: "start",
    time: 1,
    peer: "me",
    session: "me.secret",
    resumed: true,
    heartbeat: { intervalMs: 1_000, timeoutMs: 1e9 },
    limits: wireLimits(LIMITS),
    topics: { lobby: { epoch: "e1", offset: 0, recovered: true, head: 0 } },
  });
  assertEquals(hello.session, "me.secret");
  const replies = Array.from(
    { length: 100 },
    () => h.client.request("a", 1, { timeoutMs: 60_000 }),
  );
  for (let i = 0; i < 60; i++) h.client.topic(`room:${i}`);
  for (let ms = 0; ms < 30_000; ms += 10) {
    h.clock.tick(10);
    server.answer();
    await settle();
  }
  const published = server.seen.filter(({ type }) => type === "publish");
  const ns = published.map(({ message }) => message.n);
  assertEquals(ns, Array.from({ length: 1_000 }, (_, n) => n));
  const ids = published.map(({ id }) => id);
  assertEquals(ids, ids.toSorted((a, b) => a - b));
  assertEquals(new Set(ids).size, 1_000);
  assertEquals((await Promise.all(offsets)).length, 900);
  assertEquals((await Promise.all(replies)).length, 100);
  const rooms = server.seen.filter(({ type }) => type === "subscribe");
  assertEquals(rooms.length, 60);
  assertGreater(h.clock.now(), 10_000);
});

Deno.test("sends unsettled messages again within the rates after a reconnect, except aborted ones", async () => {
  using h = harness();
  const limits = { ...wireLimits(LIMITS), messagesPerSecond: 10, inflight: 20 };
  const lobby = h.client.topic("lobby");
  handshake(h.net.last, { limits: { ...limits, messagesPerSecond: 1e6 } });
  const abort = new AbortController();
  const old = Array.from({ length: 20 }, (_, n) =>
    lobby.publish(
      { type: "n", n },
      n === 19 ? { signal: abort.signal } : {},
    ));
  old.at(-1)!.catch(() => {});
  assertEquals(h.net.last.take().length, 18);
  h.clock.tick(10);
  assertEquals(h.net.last.take().length, 2);
  h.net.last.drop();
  const fresh = lobby.publish({ type: "n", n: 20 });
  h.clock.tick(500);
  const first = handshake(h.net.last, {
    limits: { ...limits, inflight: 8 },
    resumed: true,
  }).frames;
  assertEquals(first.length, 7);
  abort.abort();
  const seen = [...first];
  for (let i = 0; i < 100; i++) {
    h.clock.tick(100);
    for (const frame of h.net.last.take() as AnyFrame[]) {
      if (frame.type === "publish") seen.push(frame);
    }
    if (seen.length === 19) {
      for (const { id } of seen) {
        h.net.last.emit({ type: "ack", id, offset: id });
      }
    }
  }
  assertEquals(
    seen.map(({ message }) => message.n),
    Array.from({ length: 21 }, (_, n) => n).filter((n) => n !== 19),
  );
  h.net.last.emit({ type: "ack", id: seen.at(-1)!.id, offset: 99 });
  assertEquals(await fresh, 99);
  await Promise.all(old.slice(0, 19));
});

Deno.test("a listener of raw frames that publishes sends each message once", () => {
  using h = harness();
  handshake(h.net.last);
  const lobby = h.client.topic("lobby");
  let left = 3;
  h.client.addEventListener("frame", ({ direction, data }) => {
    if (direction !== "out" || !`${data}`.includes("publish")) return;
    if (left-- > 0) lobby.publish({ type: "n", n: left }).catch(() => {});
  });
  lobby.publish({ type: "n", n: 3 }).catch(() => {});
  const frames = h.net.last.take() as AnyFrame[];
  assertEquals(frames.map(({ id, message }) => [id, message.n]), [
    [1, 3],
    [2, 2],
    [3, 1],
    [4, 0],
  ]);
});
