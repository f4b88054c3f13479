import { assert, assertEquals } from "@std/assert";
import { PROTOCOL } from "../../../messages.ts";
import { inMemory } from "../in_memory.ts";

Deno.test("a hub that nobody uses plans nothing", async () => {
  await using hub = inMemory();
  assertEquals([hub.clock.timers, hub.clock.waiting], [0, 0]);
});

Deno.test("one timer serves all heartbeats", async () => {
  await using hub = inMemory();
  for (let i = 0; i < 50; i++) await hub.v1();
  hub.connect(PROTOCOL);
  assertEquals(hub.clock.timers, 1);
});

Deno.test("a peer that is silent for the interval is pinged, once", async () => {
  await using hub = inMemory();
  const peer = await hub.v1();
  hub.clock.advance(10_000);
  assertEquals(peer.read(), []);
  hub.clock.advance(1_000);
  const time = hub.clock.time();
  assertEquals(peer.read(), [{ type: "ping", time }]);
  hub.clock.advance(10_000);
  assertEquals(peer.read(), []);
});

Deno.test("a peer that stays silent for the timeout is closed with 4001 and dropped", async () => {
  await using hub = inMemory();
  const peer = await hub.v1();
  // It was heard at some time within its tick: it has the whole timeout after it.
  hub.clock.advance(25_000);
  assertEquals(peer.closed, undefined);
  hub.clock.advance(1_000);
  assertEquals(peer.closed, { code: 4001, reason: "Heartbeat timeout" });
  assertEquals(peer.far.near.terminations, 1);
  assertEquals(hub.leaves.map(({ code }) => code), [4001]);
});

Deno.test("a peer that answers, or says anything at all, stays", async () => {
  await using hub = inMemory();
  const answering = await hub.v1();
  const talking = await hub.v1();
  for (let round = 0; round < 20; round++) {
    for (let i = 0; i < 2; i++) {
      talking.send({ type: "no such frame" });
      hub.clock.advance(6_000);
    }
    for (const { time } of answering.readType("ping")) {
      answering.send({ type: "pong", time });
    }
  }
  assertEquals([answering.closed, talking.closed], [undefined, undefined]);
  assertEquals(talking.readType("ping"), []);
});

Deno.test("a peer is pinged again after each silence", async () => {
  await using hub = inMemory();
  const peer = await hub.v1();
  for (let round = 0; round < 3; round++) {
    hub.clock.advance(11_000);
    assertEquals(peer.readType("ping").length, 1);
    peer.send({ type: "pong" });
  }
});

Deno.test("a process that stood still for an hour evicts nobody when it wakes", async () => {
  await using hub = inMemory();
  const peer = await hub.v1();
  const greeting = hub.connect(PROTOCOL);
  hub.clock.stop(3_600_000);
  assertEquals([peer.closed, greeting.closed], [undefined, undefined]);
  hub.clock.advance(9_000);
  assertEquals(peer.closed, undefined);
  greeting.send({ type: "hello" });
  await greeting.until("start");
});

Deno.test("a plain peer is neither pinged nor dropped by the hub where the transport cannot ping: that is the runtime's part", async () => {
  await using hub = inMemory();
  const peer = hub.plain();
  hub.clock.advance(3_600_000);
  assertEquals(peer.read(), []);
  assertEquals(peer.closed, undefined);
});

Deno.test("a plain peer is pinged where the transport can, and dropped when no answer comes", async () => {
  await using hub = inMemory();
  const peer = hub.plain();
  const pings: (() => void)[] = [];
  peer.far.near.ping = (answered) => pings.push(answered);
  for (let round = 1; round <= 3; round++) {
    hub.clock.advance(24_000);
    assertEquals([pings.length, peer.closed], [round, undefined]);
    pings.at(-1)!();
  }
  hub.clock.advance(26_000);
  assertEquals(peer.closed, { code: 4001, reason: "Heartbeat timeout" });
  assertEquals(peer.far.near.terminations, 1);
  assertEquals(peer.read(), []);
  assertEquals(hub.leaves.map(({ code }) => code), [4001]);
});

for (const dialect of ["plain", "drumbeat.v1"] as const) {
  Deno.test(`a ${dialect} peer for which the same bytes are held back for the timeout is dropped with 4002, though it talks`, async () => {
    await using hub = inMemory();
    const peer = dialect === "plain" ? hub.plain() : await hub.v1();
    hub.clock.advance(3_500);
    peer.far.near.bufferedAmount = 1;
    const talk = (ms: number) => {
      for (let passed = 0; passed < ms; passed += 500) {
        peer.send({ type: "ping", time: 1 });
        hub.clock.advance(500);
      }
    };
    talk(25_000);
    assertEquals(peer.closed, undefined);
    talk(1_000);
    assertEquals(peer.closed?.code, 4002);
    assertEquals(peer.far.near.terminations, 1);
    assertEquals(hub.leaves.map(({ code }) => code), [4002]);
  });

  Deno.test(`a ${dialect} peer for which bytes are held back stays as long as they move, and need not talk`, async () => {
    await using hub = inMemory();
    const peer = dialect === "plain" ? hub.plain() : await hub.v1();
    peer.far.near.ping = () => {};
    for (let round = 1; round < 10; round++) {
      peer.far.near.bufferedAmount = 1_000 - round;
      hub.clock.advance(20_000);
      assertEquals(peer.closed, undefined);
    }
    peer.far.near.bufferedAmount = 0;
    hub.clock.advance(26_000);
    assertEquals(peer.closed?.code, 4001);
  });
}

Deno.test("a connection that does not say hello in time is closed with 4408, each by its own time", async () => {
  await using hub = inMemory();
  const first = hub.connect(PROTOCOL);
  hub.clock.advance(5_000);
  const second = hub.connect(PROTOCOL);
  hub.clock.advance(5_000);
  assertEquals(first.closed, undefined);
  hub.clock.advance(1_000);
  assertEquals(first.closed, { code: 4408, reason: "Hello timeout" });
  assertEquals(second.closed, undefined);
  hub.clock.advance(5_000);
  assertEquals(second.closed?.code, 4408);
  assertEquals([hub.joins, hub.leaves], [[], []]);
});

Deno.test("hello in the last moment is in time", async () => {
  await using hub = inMemory();
  const peer = hub.connect(PROTOCOL);
  hub.clock.advance(9_999);
  peer.send({ type: "hello" });
  await peer.until("start");
  hub.clock.advance(5_000);
  assertEquals(peer.closed, undefined);
});

Deno.test("interval and timeout are options, and start tells them", async () => {
  await using hub = inMemory({
    heartbeat: { intervalMs: 100, timeoutMs: 300 },
    limits: { helloMs: 50 },
  });
  const { peer, start } = await hub.greeted();
  assertEquals(start.heartbeat, { intervalMs: 100, timeoutMs: 300 });
  const late = hub.connect(PROTOCOL);
  hub.clock.advance(60);
  assertEquals(late.closed?.code, 4408);
  hub.clock.advance(60);
  assertEquals(peer.readType("ping").length, 1);
  hub.clock.advance(190);
  assertEquals(peer.closed?.code, 4001);
});

Deno.test("a hook that closes the hub in the middle of a heartbeat leaves no timer behind", async () => {
  const hub = inMemory({ onClose: () => void hub.hub.close() });
  const peers = [await hub.v1(), await hub.v1()];
  hub.clock.advance(26_000);
  for (const peer of peers) assert(peer.closed !== undefined);
  await hub[Symbol.asyncDispose]();
  assertEquals(hub.clock.timers, 0);
});

Deno.test("forgets a plain peer that the program closes in onOpen", async () => {
  await using hub = inMemory({ onOpen: (peer) => peer.close() });
  const peer = hub.connect("");
  let pings = 0;
  peer.far.near.ping = () => pings++;
  hub.clock.advance(60_000);
  assertEquals([peer.closed?.code, pings], [1000, 0]);
});
