import { assert, assertEquals } from "@std/assert";
import { NO_LIMITS, type PeerClose } from "../../../hub.ts";
import { serveStrict } from "../../../server/strict/strict.ts";
import { RawPeer } from "../../raw_peer.ts";
import { test } from "../transports.ts";

const HEARTBEAT = { intervalMs: 50, timeoutMs: 100 };
const RECORD = new Uint8Array(64 * 1024);

test("a plain peer that stops reading is closed once, with 4002, and its descriptor is released where the transport can terminate it", async ({ serve, transport }) => {
  const closed = Promise.withResolvers<PeerClose>();
  let closes = 0;
  await using server = await serve({
    port: 0,
    heartbeat: HEARTBEAT,
    // No rate limit closes the peer.
    limits: NO_LIMITS,
    onClose(_, close) {
      closes++;
      closed.resolve(close);
    },
  });
  const { hub } = server;
  using peer = await RawPeer.connect(server.addr.port);
  // The peer sends all the time; it only does not read.
  while (closes === 0) {
    await hub.broadcast(RECORD);
    // The server may terminate the connection meanwhile.
    await peer.sendJson({ type: "typing" }).catch(() => {});
  }
  assertEquals((await closed.promise).code, 4002);
  assertEquals(hub.peers.size, 0);
  if (transport === "strict") {
    // Bytes in the buffers of the kernel may arrive, or a reset; then the connection ends, though the peer keeps it open.
    while (await peer.frame().catch(() => undefined) !== undefined);
    assertEquals(hub.stats().closing, 0);
  } else assertEquals(hub.stats().closing, 1);
  peer.drop();
  assertEquals(closes, 1);
});

Deno.test("over strict: a plain peer that answers no ping is closed with 4001 and terminated", async () => {
  const closed = Promise.withResolvers<PeerClose>();
  await using server = await serveStrict({
    port: 0,
    heartbeat: HEARTBEAT,
    onClose: (_, close) => closed.resolve(close),
  });
  using peer = await RawPeer.connect(server.addr.port);
  assertEquals((await closed.promise).code, 4001);
  const opcodes: number[] = [];
  for (;;) {
    const frame = await peer.frame().catch(() => undefined);
    if (frame === undefined) break;
    opcodes.push(frame.opcode);
  }
  // The `start`, then a ping. A reset may drop the close frame.
  assertEquals(opcodes.slice(0, 2), [1, 9]);
  assertEquals(server.hub.stats().closing, 0);
});

Deno.test("over strict: an idle plain peer that answers pings stays connected", async () => {
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
  const [description, bytes] of [
    ["an incomplete request head", "GET /ws HTTP/1.1\r\nHost: a\r\nUpg"],
    [
      "an incomplete body",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n1",
    ],
  ] as const
) {
  Deno.test(`over strict: a connection with ${description} is closed`, async () => {
    await using server = await serveStrict({ port: 0, handshakeMs: 40 });
    using conn = await Deno.connect({
      hostname: "127.0.0.1",
      port: server.addr.port,
    });
    await conn.write(new TextEncoder().encode(bytes));
    let answer = "";
    try {
      for await (const chunk of conn.readable) {
        answer += new TextDecoder().decode(chunk);
      }
    } catch {
      // A reset is an end, too: on a busy machine the server may close before it has read everything.
    }
    assert(/^$|^HTTP\/1.1 4/.test(answer), answer);
  });
}

Deno.test("over strict: a connection without a byte is closed", async () => {
  await using server = await serveStrict({ port: 0, handshakeMs: 40 });
  using conn = await Deno.connect({
    hostname: "127.0.0.1",
    port: server.addr.port,
  });
  await Array.fromAsync(conn.readable);
});
