import { assert, assertEquals } from "@std/assert";
import { NO_LIMITS, type PeerClose } from "../../../mod.ts";
import { serveStrict } from "../../../server/strict/strict.ts";
import { RawPeer } from "../../raw_peer.ts";
import { test } from "../transports.ts";

const HEARTBEAT = { intervalMs: 50, timeoutMs: 100 };
const RECORD = new Uint8Array(64 * 1024);

test("a plain peer that stops reading for good leaves once, with 4002, and its descriptor is back where the transport can drop it", async ({ serve, transport }) => {
  const left = Promise.withResolvers<PeerClose>();
  let leaves = 0;
  await using server = await serve({
    port: 0,
    heartbeat: HEARTBEAT,
    // It may talk as fast as it likes.
    limits: NO_LIMITS,
    onClose(_, departure) {
      leaves++;
      left.resolve(departure);
    },
  });
  const { hub } = server;
  using peer = await RawPeer.connect(server.addr.port);
  // It says what it likes all the while; only what it is sent does not go on.
  while (leaves === 0) {
    await hub.broadcast(RECORD);
    // It may be dropped while it speaks.
    await peer.sendJson({ type: "typing" }).catch(() => {});
  }
  assertEquals((await left.promise).code, 4002);
  assertEquals(hub.peers.size, 0);
  if (transport === "strict") {
    // What the kernel had taken may come still, or a reset; then it is over, though the peer has not hung up.
    while (await peer.frame().catch(() => undefined) !== undefined);
    assertEquals(hub.stats().closing, 0);
  } else assertEquals(hub.stats().closing, 1);
  peer.drop();
  assertEquals(leaves, 1);
});

Deno.test("over strict: a plain peer that answers no ping leaves with 4001 and is dropped", async () => {
  const left = Promise.withResolvers<PeerClose>();
  await using server = await serveStrict({
    port: 0,
    heartbeat: HEARTBEAT,
    onClose: (_, departure) => left.resolve(departure),
  });
  using peer = await RawPeer.connect(server.addr.port);
  assertEquals((await left.promise).code, 4001);
  const opcodes: number[] = [];
  for (;;) {
    const frame = await peer.frame().catch(() => undefined);
    if (frame === undefined) break;
    opcodes.push(frame.opcode);
  }
  // Text: start. The close frame may be lost to the reset.
  assertEquals(opcodes.slice(0, 2), [1, 9]);
  assertEquals(server.hub.stats().closing, 0);
});

Deno.test("over strict: a plain peer that answers pings, as every WebSocket does, stays though it says nothing", async () => {
  await using server = await serveStrict({
    port: 0,
    heartbeat: { ...HEARTBEAT, timeoutMs: 10_000 },
  });
  using peer = await RawPeer.connect(server.addr.port);
  await peer.json();
  for (let answered = 0; answered < 4; answered++) {
    const frame = await peer.frame();
    assert(frame?.opcode === 9);
    await peer.pong(frame.payload);
  }
  assertEquals(server.hub.peers.size, 1);
});

for (
  const [words, bytes] of [
    ["half a request head", "GET /ws HTTP/1.1\r\nHost: a\r\nUpg"],
    ["half a body", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n1"],
  ] as const
) {
  Deno.test(`over strict: whoever sends ${words} and no more is hung up on`, async () => {
    await using server = await serveStrict({ port: 0, handshakeMs: 40 });
    using conn = await Deno.connect({
      hostname: "127.0.0.1",
      port: server.addr.port,
    });
    await conn.write(new TextEncoder().encode(bytes));
    let answer = "";
    for await (const chunk of conn.readable) {
      answer += new TextDecoder().decode(chunk);
    }
    assert(/^$|^HTTP\/1.1 4/.test(answer), answer);
  });
}

Deno.test("over strict: whoever connects and sends nothing at all is hung up on", async () => {
  await using server = await serveStrict({ port: 0, handshakeMs: 40 });
  using conn = await Deno.connect({
    hostname: "127.0.0.1",
    port: server.addr.port,
  });
  await Array.fromAsync(conn.readable);
});
