import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { PROTOCOL } from "../../../messages.ts";
import { inMemory, type TestPeer } from "../in_memory.ts";
import { NearSocket } from "../socket_pair.ts";

Deno.test("a peer is in hub.peers from its handshake until it disconnects", async () => {
  await using hub = inMemory();
  const v1 = await hub.v1();
  const plain = hub.plain();
  hub.connect(PROTOCOL);
  assertEquals([...hub.hub.peers], hub.opened);
  assertEquals(hub.opened.map(({ dialect }) => dialect), [
    "drumbeat.v1",
    "plain",
  ]);
  v1.far.close(1000);
  plain.far.close(1001);
  assertEquals(hub.hub.peers.size, 0);
});

Deno.test("a peer has its dialect, id, connection, topics and state", async () => {
  await using hub = inMemory();
  const { start } = await hub.start({ topics: { a: {}, b: {} } });
  const [peer] = hub.opened;
  assertEquals(peer!.id, start.peer);
  assertEquals(peer!.resumed, false);
  assertEquals(peer!.info, {
    protocol: PROTOCOL,
    url: "http://hub.test/ws",
    address: "192.0.2.1",
  });
  assertEquals([...peer!.topics], ["a", "b"]);
  assertEquals(peer!.state, undefined);
  peer!.state = { name: "Ada" };
  assertEquals([...hub.hub.peers][0]!.state, { name: "Ada" });
});

Deno.test("reports code 0, which Deno uses for a dropped connection, as 1006", async () => {
  await using hub = inMemory();
  (await hub.v1()).far.drop();
  hub.plain().far.drop();
  assertEquals(hub.closed.map(({ code }) => code), [1006, 1006]);
});

/** Every end of a connection. */
const ENDINGS: Readonly<
  Record<string, (peer: TestPeer, hub: ReturnType<typeof inMemory>) => void>
> = {
  "the program closes it": (_, hub) => hub.opened[0]!.close(4000, "bye"),
  "a close event with 1000": (peer) => peer.far.close(1000),
  "a close event with 1001": (peer) => peer.far.close(1001),
  "a close event with 1005": (peer) => peer.far.close(1005),
  "a close event with 0": (peer) => peer.far.drop(),
  "malformed JSON": (peer) => peer.far.send("{"),
  "a message too large": (peer) => peer.far.send("x".repeat(70_000)),
  "no frames": (_, hub) => hub.clock.advance(30_000),
};

for (const ending of Object.keys(ENDINGS)) {
  Deno.test(`detaches a peer once, whatever follows ${ending}`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...Object.keys(ENDINGS)), { maxLength: 5 }),
        async (following) => {
          await using hub = inMemory();
          const peer = await hub.v1();
          ENDINGS[ending]!(peer, hub);
          const first = hub.closed.map(({ code }) => code);
          for (const each of following) ENDINGS[each]!(peer, hub);
          assertEquals(hub.closed.map(({ code }) => code), first);
          assertEquals(hub.closed.length, 1);
          assertEquals(hub.closed[0]!.peer, hub.opened[0]!);
          const { peersOpened, peersClosed, peers, connections } = hub.hub
            .stats();
          assertEquals([peersOpened, peersClosed, peers, connections], [
            1,
            1,
            0,
            0,
          ]);
          assert(peer.far.near.closes.length <= 1);
        },
      ),
      { numRuns: 15 },
    );
  });
}

Deno.test("detaches a peer without waiting for a close event", async () => {
  await using hub = inMemory();
  const peer = await hub.v1();
  const [joined] = hub.opened;
  joined!.close(4000, "bye");
  assertEquals(hub.closed, [{ peer: joined!, code: 4000, reason: "bye" }]);
  assertEquals(peer.closed, { code: 4000, reason: "bye" });
  assertEquals(hub.hub.stats().closing, 1);
  peer.far.close(4000);
  assertEquals(hub.hub.stats().closing, 0);
});

Deno.test("a detached connection sends and receives no frame", async () => {
  await using hub = inMemory();
  const peer = await hub.v1();
  const other = hub.plain();
  hub.opened[0]!.close();
  peer.read();
  peer.send({
    type: "publish",
    id: 1,
    topic: "lobby",
    message: { type: "chat" },
  });
  peer.send({ type: "ping" });
  hub.hub.broadcast({ type: "news" });
  hub.flush();
  assertEquals(peer.read(), []);
  assertEquals(other.read(), [{ type: "news" }]);
});

Deno.test("rejects a close code or reason that RFC 6455 does not permit, and keeps the connection", async () => {
  await using hub = inMemory();
  await hub.v1();
  const [peer] = hub.opened;
  for (
    const code of [0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 1000.5, NaN]
  ) {
    assertThrows(() => peer!.close(code), RangeError, `${code}`);
  }
  assertThrows(
    () => peer!.close(1000, "ü".repeat(62)),
    RangeError,
    "the reason has 124 bytes (at most 123)",
  );
  assertEquals(hub.closed, []);
  peer!.close(1000, "ü".repeat(61));
  assertEquals(hub.closed.length, 1);
});

Deno.test("calls neither onOpen nor onClose for a connection without a handshake", async () => {
  await using hub = inMemory();
  hub.connect(PROTOCOL).far.close(1000);
  assertEquals([hub.opened, hub.closed], [[], []]);
  assertEquals(hub.hub.stats().connections, 0);
});

Deno.test("reports hooks that throw with their stage, and continues", async () => {
  await using hub = inMemory({
    onOpen() {
      throw "join";
    },
    onClose() {
      throw "leave";
    },
    onError() {
      throw "onError itself";
    },
  });
  hub.hub.on("chat", () => {
    throw "handler";
  });
  const peer = await hub.v1();
  peer.send({
    type: "publish",
    id: 1,
    topic: "lobby",
    message: { type: "chat" },
  });
  hub.flush();
  assertEquals(peer.read().map(({ type }) => type), ["ack", "batch"]);
  peer.far.close(1000);
  assertEquals(hub.errors.map(({ error, stage }) => [error, stage]), [
    ["join", "open"],
    ["handler", "handler"],
    ["leave", "close"],
  ]);
  assertEquals(hub.hub.peers.size, 0);
});

Deno.test("reports async hooks that reject with their stage, and continues", async () => {
  const reject = (what: string) => (): void =>
    Promise.reject(what) as unknown as void;
  await using hub = inMemory({
    onOpen: reject("join"),
    onClose: reject("leave"),
    onPresence: reject("presence"),
    onError: reject("onError itself"),
  });
  hub.hub.on("chat", async () => await Promise.reject("handler"));
  const peer = await hub.v1({ topics: { lobby: { presence: true } } });
  const message = { type: "chat" };
  peer.send({ type: "publish", id: 1, topic: "lobby", message });
  hub.flush();
  assertEquals(peer.closed, undefined);
  peer.far.close(1000);
  hub.flush();
  // An unhandled rejection would fail this test, and end a server.
  for (let i = 0; i < 5; i++) await Promise.resolve();
  assertEquals(
    hub.errors.map(({ error, stage }) => [error, stage]).sort(),
    [
      ["handler", "handler"],
      ["join", "open"],
      ["leave", "close"],
      ["presence", "presence"],
      ["presence", "presence"],
    ],
  );
});

Deno.test("a peer that is closed in onOpen or in a handler is detached once", async () => {
  await using hub = inMemory({ onOpen: (peer) => peer.close(4503, "no") });
  const v1 = await hub.v1();
  const plain = hub.connect("");
  assertEquals([v1.closed?.code, plain.closed?.code], [4503, 4503]);
  assertEquals(hub.closed.length, 2);
  hub.clock.advance(60_000);
  assertEquals(hub.closed.length, 2);
});

Deno.test("a peer that is closed during a flush receives no more records, and the others receive all", async () => {
  const many = Array.from({ length: 5 }, (_, i) => `${i}`);
  await using hub = inMemory({
    onClose: () => void hub.hub.broadcast({ type: "left" }),
  });
  const first = hub.plain();
  const second = hub.plain();
  first.far.near.onSent = () => {
    if (first.far.received.length === 3) hub.opened[0]!.close();
  };
  for (const text of many) hub.hub.broadcast({ type: "chat", text });
  hub.flush();
  assertEquals(first.read().length, 2);
  assertEquals(second.read().map(({ text, type }) => text ?? type), [
    ...many,
    "left",
  ]);
});

Deno.test("a rejected connection counts in the limits until its transport reports the end", async () => {
  await using hub = inMemory({ limits: { peers: 3, peersPerAddress: 2 } });
  const { transport } = hub.hub;
  const address = "192.0.2.1";
  const [near] = Array.from({ length: 2 }, () => {
    const socket = new NearSocket();
    const close = { code: 4506, reason: "Unsupported version" };
    socket.inbound = transport.reject(socket, { address, ...close });
    assertEquals(socket.closes, [close]);
    return socket;
  });
  assertEquals(hub.hub.stats().closing, 2);
  assertEquals(transport.hasCapacityFor(address), false);
  hub.plain();
  assertEquals(transport.hasCapacity, false);
  near!.over(4506, "");
  near!.over(1006, "");
  assertEquals(hub.hub.stats().closing, 1);
  assertEquals(transport.hasCapacity, true);
});
