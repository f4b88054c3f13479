import { assertEquals } from "@std/assert";
import {
  decodeClientFrame,
  type Frame,
  RESERVED_TYPES,
} from "../../../messages.ts";
import { inMemory } from "../in_memory.ts";

/** Every frame type of drumbeat.v1, of both directions. A missing or a wrong one does not compile. */
const FRAME_TYPES = Object.keys(
  {
    ack: true,
    batch: true,
    error: true,
    gap: true,
    goaway: true,
    hello: true,
    history: true,
    ping: true,
    pong: true,
    presence: true,
    publish: true,
    renew: true,
    reply: true,
    request: true,
    start: true,
    subscribe: true,
    subscribed: true,
    unsubscribe: true,
    unsubscribed: true,
  } satisfies Record<Frame["type"], true>,
);

/** The frames that the hub sends to plain peers, in the order of the test below. */
const TO_PLAIN_PEERS = ["start", "pong", "error", "gap"];

Deno.test("reserves every type that the hub sends to plain peers on its own", async () => {
  await using hub = inMemory({
    limits: { windowBytes: 1 },
    topics: { lobby: { maxRecords: 2 } },
  });
  const peer = hub.connect("");
  peer.send({ type: "ping" });
  peer.send("not JSON");
  // A peer without credit misses the records that the log drops.
  peer.far.near.bufferedAmount = 1;
  for (const type of ["a", "b", "c", "d"]) {
    hub.hub.broadcast({ type });
    hub.flush();
  }
  peer.far.near.bufferedAmount = 0;
  hub.flush();
  hub.clock.advance(60_000);
  const types = peer.read().map(({ type }) => type);
  const sent = types.filter((type) => !["a", "b", "c", "d"].includes(type));
  assertEquals(sent, TO_PLAIN_PEERS);
  for (const type of sent) assertEquals(RESERVED_TYPES.has(type), true, type);
});

Deno.test("reserves ping: a plain peer's ping is answered, and not published", async () => {
  await using hub = inMemory();
  const [peer, other] = [hub.plain(), hub.plain()];
  peer.send({ type: "ping" });
  hub.flush();
  assertEquals(peer.read().map(({ type }) => type), ["pong"]);
  assertEquals(other.read(), []);
  assertEquals(RESERVED_TYPES.has("ping"), true);
});

Deno.test("reserves frames with secrets or with data for another receiver: without the subprotocol, they do not reach other peers", async () => {
  await using hub = inMemory();
  const [peer, other] = [hub.plain(), hub.plain()];
  const frames = [
    { type: "hello", session: "s", token: "t" },
    { type: "renew", id: 1, token: "t" },
    { type: "request", id: 1, method: "login", data: "secret" },
    { type: "publish", id: 1, topic: "private", message: { type: "a" } },
  ];
  for (const frame of frames) {
    assertEquals(decodeClientFrame(JSON.stringify(frame)).ok, true);
    peer.send(frame);
    hub.flush();
    assertEquals(peer.read().map(({ code }) => code), ["invalid"], frame.type);
    assertEquals(RESERVED_TYPES.has(frame.type), true);
  }
  assertEquals(other.read(), []);
  assertEquals(hub.hub.topic("lobby").bounds?.head ?? 0, 0);
});

Deno.test("reserves no type without one of these reasons", () => {
  assertEquals(
    [...RESERVED_TYPES].toSorted(),
    [...TO_PLAIN_PEERS, "ping", "hello", "renew", "request", "publish"]
      .toSorted(),
  );
});

Deno.test("every other frame type can be published, and reaches plain and drumbeat.v1 peers unchanged", async () => {
  await using hub = inMemory();
  const [plain, v1] = [hub.plain(), await hub.v1()];
  const types = [
    "update",
    ...FRAME_TYPES.filter((t) => !RESERVED_TYPES.has(t)),
  ];
  for (const [id, type] of types.entries()) {
    const message = { type, id: 1, topic: "lobby", data: type };
    if (id % 2 === 0) plain.send(message);
    else v1.send({ type: "publish", id, topic: "lobby", message });
    hub.flush();
    assertEquals(plain.read(), [message]);
    const frames = v1.read().filter((frame) => frame.type !== "ack");
    assertEquals(frames.map(({ type }) => type), ["batch"]);
    assertEquals(frames[0].messages[0].message, message);
  }
});
