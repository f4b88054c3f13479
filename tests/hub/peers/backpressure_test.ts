import { assert, assertEquals } from "@std/assert";
import { ANY_RATE, inMemory, type TestPeer } from "../in_memory.ts";

const KIB = 1024;

const MIB = 1024 * KIB;

/** Answers the pings that arrived. @returns `true` if there was one. */
function pong(peer: TestPeer): boolean {
  const pinged = peer.readType("ping").length > 0;
  if (pinged) peer.send({ type: "pong" });
  return pinged;
}

Deno.test("pings a peer that does not read its replies, then closes it with 4002", async () => {
  await using hub = inMemory({ limits: ANY_RATE });
  const peer = await hub.v1();
  let bytes = 0;
  let pingedAt: number | undefined;
  while (peer.closed === undefined) {
    peer.send({ type: "dance" });
    for (const frame of peer.read()) {
      bytes += JSON.stringify(frame).length;
      if (frame.type === "ping") pingedAt ??= bytes;
    }
    assert(bytes < KIB * KIB);
  }
  assertEquals(peer.closed.code, 4002);
  assertEquals(peer.far.near.terminations, 1);
  assert(pingedAt !== undefined && pingedAt < 130 * KIB);
  assert(bytes > 250 * KIB && bytes < 260 * KIB);
});

Deno.test("keeps a peer that answers the pings", async () => {
  await using hub = inMemory({ limits: ANY_RATE });
  const peer = await hub.v1();
  let pings = 0;
  for (let i = 0; i < 20_000; i++) {
    peer.send({ type: "dance" });
    if (pong(peer)) pings++;
  }
  assertEquals(peer.closed, undefined);
  assert(pings > 5 && pings < 20);
});

Deno.test("an ack of new frames confirms that the peer is reading, an old one does not", async () => {
  await using hub = inMemory({ limits: ANY_RATE });
  const peer = await hub.v1();
  hub.hub.broadcast({ type: "chat" });
  hub.flush();
  peer.send({ type: "ack", frames: 1 });
  for (let i = 0; i < 20_000 && peer.closed === undefined; i++) {
    peer.send({ type: "dance" });
    peer.send({ type: "ack", frames: 1 });
  }
  assertEquals(peer.closed?.code, 4002);
});

for (const type of ["ack", "pong", "ping"]) {
  Deno.test(`closes with 4002 after a ${type} that acknowledges frames that are still buffered`, async () => {
    await using hub = inMemory();
    const peer = await hub.v1();
    hub.hub.broadcast({ type: "chat", text: "x".repeat(30 * KIB) });
    hub.hub.broadcast({ type: "chat", text: "x".repeat(60 * KIB) });
    hub.flush();
    // The first batch was read, and the second is still buffered.
    peer.far.near.bufferedAmount = 61 * KIB;
    peer.send({ type, frames: 1 });
    assertEquals(peer.closed, undefined);
    peer.far.near.bufferedAmount = 2 * MIB;
    peer.send({ type, frames: 2 });
    assertEquals(peer.closed?.code, 4002);
  });
}
