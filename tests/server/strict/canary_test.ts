/**
 * Canaries: what the runtime's own transport cannot bound, as docs/security.md says under "What the default transport
 * cannot bound", and the strict one can. A row that turns red because Deno has learned something is good news: take it
 * out of that table.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import {
  listenWithDeno,
  listenWithWs,
  overLoopback,
} from "../../adapters/loopback.ts";
import { encodeFrame, RawPeer } from "../../raw_peer.ts";
import { SpawnedServer, startOver } from "../spawned.ts";
import { test, type TransportName } from "../transports.ts";

const MIB = 1024 * 1024;
const LARGE_BYTES = 32 * MIB;
/** A timeout that is longer than this goes unnoticed. By hand, 75 s passed without one. */
const PATIENCE_MS = 1_500;

/** What is seen over each transport. */
type Expected<T> = Readonly<Record<TransportName, T>>;

/** The most memory that a process ever had, in bytes. */
async function peak(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)![1]) * 1024;
}

/**
 * Sends a server much, frame by frame, until it says something, and tells the opcode of that and whether the server took
 * most of it into memory.
 */
async function flood(
  transport: TransportName,
  frames: Iterable<Uint8Array<ArrayBuffer>>,
): Promise<{ taken: boolean; opcode: number | undefined }> {
  await using server = await SpawnedServer.start(startOver(transport));
  using peer = await RawPeer.connect(server.port);
  await peer.json();
  const before = await peak(server.pid);
  const written = (async () => {
    for (const frame of frames) await peer.write(frame);
  })().catch(() => {}); // The server may have had enough.
  const opcode = (await peer.frame())?.opcode;
  const taken = await peak(server.pid) - before > LARGE_BYTES / 2;
  peer.drop();
  await written;
  return { taken, opcode };
}

test("canary: a large frame is taken into memory before it is refused", async ({ transport }) => {
  const frame = encodeFrame(2, new Uint8Array(LARGE_BYTES));
  const expected: Expected<boolean> = { deno: true, strict: false };
  assertEquals(await flood(transport, [frame]), {
    taken: expected[transport],
    opcode: 8,
  });
});

/** A message that has no end yet, and a ping: its answer comes when all before it was read. */
function* fragments(): Iterable<Uint8Array<ArrayBuffer>> {
  const part = new Uint8Array(MIB);
  for (let sent = 0; sent < LARGE_BYTES; sent += MIB) {
    yield encodeFrame(sent === 0 ? 2 : 0, part, false);
  }
  yield encodeFrame(9, new Uint8Array(0));
}

test("canary: fragments are taken into memory without limit", async ({ transport }) => {
  const expected: Expected<{ taken: boolean; opcode: number }> = {
    deno: { taken: true, opcode: 10 },
    strict: { taken: false, opcode: 8 },
  };
  assertEquals(await flood(transport, fragments()), expected[transport]);
});

test("canary: half a request head has no timeout", async ({ transport, serve }) => {
  await using server = await serve({ port: 0, handshakeMs: 50 } as object);
  using conn = await Deno.connect({
    hostname: "127.0.0.1",
    port: server.addr.port,
  });
  const write = (text: string) => conn.write(new TextEncoder().encode(text));
  await write("GET /healthz HTTP/1.1\r\nHost: a\r\n");
  await new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
  await write("Connection: close\r\n\r\n").catch(() => {});
  const bytes = new Uint8Array(100);
  const read = await conn.read(bytes).catch(() => null);
  const [, status] = new TextDecoder().decode(bytes.subarray(0, read ?? 0))
    .split(" ");
  const expected: Expected<string> = { deno: "200", strict: "408" };
  assertEquals(status, expected[transport]);
  for (let more = read; more !== null;) {
    more = await conn.read(bytes).catch(() => null);
  }
});

test("canary: a frame that is not masked is taken", async ({ transport, serve }) => {
  await using server = await serve({ port: 0 });
  using peer = await RawPeer.connect(server.addr.port);
  await peer.json();
  const text = new TextEncoder().encode('{"type":"chat"}');
  await peer.write(Uint8Array.of(0x81, text.length, ...text));
  if (transport === "deno") assertEquals(await peer.json(), { type: "chat" });
  else assertEquals(await peer.closeCode(), 1002);
});

/** Frames that break the protocol, and how the connection ends: 1006 is without a close frame. */
const BREACHES: readonly (readonly [
  words: string,
  frame: Uint8Array<ArrayBuffer>,
  codes: Expected<number>,
])[] = [
  [
    "a reserved bit",
    Uint8Array.of(0xc1, 0x80, 0, 0, 0, 0),
    { deno: 1006, strict: 1002 },
  ],
  [
    "a reserved opcode",
    encodeFrame(3, new Uint8Array(0)),
    { deno: 1006, strict: 1002 },
  ],
  [
    "text that is no UTF-8",
    encodeFrame(1, Uint8Array.of(0xff)),
    { deno: 1006, strict: 1007 },
  ],
];

for (const [words, frame, codes] of BREACHES) {
  test(`canary: ${words} ends a connection without a close code`, async ({ transport, serve }) => {
    await using server = await serve({ port: 0 });
    using peer = await RawPeer.connect(server.addr.port);
    await peer.write(frame);
    assertEquals(await peer.closeCode(), codes[transport]);
  });
}

test("canary: a connection that dropped has code 0, and none can be dropped from here", async ({ transport }) => {
  const closed = Promise.withResolvers<number>();
  await using rig = await overLoopback(
    transport === "deno" ? listenWithDeno : (to) => listenWithWs(to),
    () => ({ receive() {}, closed: closed.resolve }),
  );
  const expected: Expected<[boolean, number]> = {
    deno: [false, 0],
    strict: [true, 1006],
  };
  const can = rig.socket.terminate();
  rig.peer.drop();
  assertEquals([can, await closed.promise], expected[transport]);
});

test("canary: who does not answer a close frame stays", async ({ transport }) => {
  const closed = Promise.withResolvers<string>();
  await using rig = await overLoopback(
    transport === "deno" ? listenWithDeno : (to) => listenWithWs(to, 20),
    () => ({ receive() {}, closed: () => closed.resolve("gone") }),
  );
  rig.socket.close(4001, "");
  assertEquals((await rig.far.closed()).code, 4001);
  const expected: Expected<string> = { deno: "stays", strict: "gone" };
  let timer;
  const patience = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve("stays"), PATIENCE_MS);
  });
  const seen = await Promise.race([closed.promise, patience]);
  clearTimeout(timer);
  assertEquals(seen, expected[transport]);
});

Deno.test("over deno: canary: an idle timeout is told twice, with two codes", async () => {
  const codes: number[] = [];
  const first = Promise.withResolvers<void>();
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    (request) => {
      const { socket, response } = Deno.upgradeWebSocket(request, {
        idleTimeout: 1,
      });
      socket.onclose = ({ code }) => {
        codes.push(code);
        first.resolve();
      };
      return response;
    },
  );
  using peer = await RawPeer.connect(server.addr.port);
  await first.promise;
  peer.drop();
  await server.shutdown();
  assert(codes.length > 0);
  assertEquals(codes, [1001, 1005]);
});
