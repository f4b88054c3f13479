import { assert, assertEquals } from "@std/assert";
import { PROTOCOL } from "../../../messages.ts";
import { DeepStore } from "../deep_store.ts";
import { inMemory } from "../in_memory.ts";

Deno.test("a hub without connections has no timer", async () => {
  await using hub = inMemory();
  assertEquals([hub.clock.timers, hub.clock.waiting], [0, 0]);
});

Deno.test("one timer serves all heartbeats", async () => {
  await using hub = inMemory();
  for (let i = 0; i < 50; i++) await hub.v1();
  hub.connect(PROTOCOL);
  assertEquals(hub.clock.timers, 1);
});

Deno.test("pings an idle peer once after the interval", async () => {
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

Deno.test("closes a peer that is idle for the timeout with 4001 and terminates its socket", async () => {
  await using hub = inMemory();
  const peer = await hub.v1();
  // The hello arrived at some time within its tick, and the peer has the full timeout after it.
  hub.clock.advance(25_000);
  assertEquals(peer.closed, undefined);
  hub.clock.advance(1_000);
  assertEquals(peer.closed, { code: 4001, reason: "Heartbeat timeout" });
  assertEquals(peer.far.near.terminations, 1);
  assertEquals(hub.closed.map(({ code }) => code), [4001]);
});

Deno.test("keeps a peer that answers or sends any frame", async () => {
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

Deno.test("pings a peer again after each idle interval", async () => {
  await using hub = inMemory();
  const peer = await hub.v1();
  for (let round = 0; round < 3; round++) {
    hub.clock.advance(11_000);
    assertEquals(peer.readType("ping").length, 1);
    peer.send({ type: "pong" });
  }
});

Deno.test("closes no peer after the process was suspended for an hour", async () => {
  await using hub = inMemory();
  const peer = await hub.v1();
  const starting = hub.connect(PROTOCOL);
  hub.clock.stop(3_600_000);
  assertEquals([peer.closed, starting.closed], [undefined, undefined]);
  hub.clock.advance(9_000);
  assertEquals(peer.closed, undefined);
  starting.send({ type: "hello" });
  await starting.until("start");
});

Deno.test("neither pings nor closes an idle plain peer whose transport cannot ping", async () => {
  await using hub = inMemory();
  const peer = hub.plain();
  hub.clock.advance(3_600_000);
  assertEquals(peer.read(), []);
  assertEquals(peer.closed, undefined);
});

Deno.test("pings a plain peer whose transport can ping, and closes it without a pong", async () => {
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
  assertEquals(hub.closed.map(({ code }) => code), [4001]);
});

for (const dialect of ["plain", "drumbeat.v1"] as const) {
  Deno.test(`closes a ${dialect} peer whose buffered bytes do not change for the timeout with 4002, although it sends frames`, async () => {
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
    assertEquals(hub.closed.map(({ code }) => code), [4002]);
  });

  Deno.test(`keeps a ${dialect} peer whose buffered bytes change, although it sends no frames`, async () => {
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

Deno.test("closes each connection without a hello in time with 4408", async () => {
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
  assertEquals([hub.opened, hub.closed], [[], []]);
});

Deno.test("the time for an answer begins at the hello", async () => {
  await using hub = inMemory(
    {},
    (clock) => new DeepStore(clock, { slowToOpen: true }),
  );
  const peer = hub.connect(PROTOCOL);
  hub.clock.advance(9_000);
  peer.send({ type: "hello" });
  for (let i = 0; i < 5; i++) await Promise.resolve();
  hub.clock.advance(10_000);
  assertEquals(peer.closed, undefined);
  hub.clock.advance(1_000);
  assertEquals(peer.closed, { code: 1013, reason: "Store unavailable" });
});

Deno.test("accepts a hello in the last tick", async () => {
  await using hub = inMemory();
  const peer = hub.connect(PROTOCOL);
  hub.clock.advance(9_999);
  peer.send({ type: "hello" });
  await peer.until("start");
  hub.clock.advance(5_000);
  assertEquals(peer.closed, undefined);
});

Deno.test("the interval and the timeout are options, and start contains them", async () => {
  await using hub = inMemory({
    heartbeat: { intervalMs: 100, timeoutMs: 300 },
    limits: { helloMs: 50 },
  });
  const { peer, start } = await hub.start();
  assertEquals(start.heartbeat, { intervalMs: 100, timeoutMs: 300 });
  const late = hub.connect(PROTOCOL);
  hub.clock.advance(60);
  assertEquals(late.closed?.code, 4408);
  hub.clock.advance(60);
  assertEquals(peer.readType("ping").length, 1);
  hub.clock.advance(190);
  assertEquals(peer.closed?.code, 4001);
});

Deno.test("no timer remains after a hook closed the hub during a heartbeat", async () => {
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
