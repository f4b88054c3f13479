/**
 * Canaries: the bounds that the runtime's transport does not have and the strict one has, as in docs/security.md, "Limits
 * of the default transport". A test that fails because Deno now has the bound is good news: remove the row of that table.
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
/** The time in which a timeout has to occur. A manual test saw none in 75 s. */
const TIMEOUT_MS = 1_500;

/** The expected result over each transport. */
type Expected<T> = Readonly<Record<TransportName, T>>;

/** Returns the peak memory of a process, in bytes. */
async function peak(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)![1]) * 1024;
}

/**
 * Sends frames to a server until it sends one. Returns the opcode of that frame, and whether the server held most of the
 * bytes in memory.
 */
async function flood(
  transport: TransportName,
  frames: Iterable<Uint8Array<ArrayBuffer>>,
): Promise<{ isBuffered: boolean; opcode: number | undefined }> {
  await using server = await SpawnedServer.start(startOver(transport));
  using peer = await RawPeer.connect(server.port);
  await peer.json();
  const before = await peak(server.pid);
  const written = (async () => {
    for (const frame of frames) await peer.write(frame);
  })().catch(() => {}); // The server may have closed the connection.
  const opcode = (await peer.frame())?.opcode;
  const isBuffered = await peak(server.pid) - before > LARGE_BYTES / 2;
  peer.drop();
  await written;
  return { isBuffered, opcode };
}

test("canary: a large frame is buffered before it is refused", async ({ transport }) => {
  const frame = encodeFrame(2, new Uint8Array(LARGE_BYTES));
  const expected: Expected<boolean> = { deno: true, strict: false };
  assertEquals(await flood(transport, [frame]), {
    isBuffered: expected[transport],
    opcode: 8,
  });
});

/** Yields the fragments of an incomplete message, then a ping: its pong shows that the fragments were read. */
function* fragments(): Iterable<Uint8Array<ArrayBuffer>> {
  const part = new Uint8Array(MIB);
  for (let sent = 0; sent < LARGE_BYTES; sent += MIB) {
    yield encodeFrame(sent === 0 ? 2 : 0, part, false);
  }
  yield encodeFrame(9, new Uint8Array(0));
}

test("canary: fragments are buffered without a limit", async ({ transport }) => {
  const expected: Expected<{ isBuffered: boolean; opcode: number }> = {
    deno: { isBuffered: true, opcode: 10 },
    strict: { isBuffered: false, opcode: 8 },
  };
  assertEquals(await flood(transport, fragments()), expected[transport]);
});

test("canary: an incomplete request head has no timeout", async ({ transport, serve }) => {
  await using server = await serve({ port: 0, handshakeMs: 50 });
  using conn = await Deno.connect({
    hostname: "127.0.0.1",
    port: server.addr.port,
  });
  const write = (text: string) => conn.write(new TextEncoder().encode(text));
  await write("GET /healthz HTTP/1.1\r\nHost: a\r\n");
  const bytes = new Uint8Array(100);
  const reading = conn.read(bytes).catch(() => null);
  // Not after the timeout: a write to a closed connection may discard the answer.
  if (transport === "deno") {
    await new Promise((resolve) => setTimeout(resolve, TIMEOUT_MS));
    await write("Connection: close\r\n\r\n").catch(() => {});
  }
  const read = await reading;
  const [, status] = new TextDecoder().decode(bytes.subarray(0, read ?? 0))
    .split(" ");
  const expected: Expected<string> = { deno: "200", strict: "408" };
  assertEquals(status, expected[transport]);
  for (let more = read; more !== null;) {
    more = await conn.read(bytes).catch(() => null);
  }
});

test("canary: an idle HTTP connection has no timeout, also after a refusal", async ({ transport, serve }) => {
  await using server = await serve({ port: 0, handshakeMs: 50 });
  const expected: Expected<string> = { deno: "open", strict: "closed" };
  for (const path of ["/healthz", "/ws"]) {
    using conn = await Deno.connect({
      hostname: "127.0.0.1",
      port: server.addr.port,
    });
    await conn.write(
      new TextEncoder().encode(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`),
    );
    let timer;
    const timeout = new Promise<string>((resolve) => {
      timer = setTimeout(() => resolve("open"), TIMEOUT_MS);
    });
    const ended = (async () => {
      const bytes = new Uint8Array(1_000);
      while (await conn.read(bytes).catch(() => null) !== null);
      return "closed";
    })();
    const state = await Promise.race([ended, timeout]);
    clearTimeout(timer);
    assertEquals(state, expected[transport], path);
    if (state === "open") conn.close();
    await ended;
    if (state === "open") return;
  }
});

test("canary: an unmasked frame is accepted", async ({ transport, serve }) => {
  await using server = await serve({ port: 0 });
  using peer = await RawPeer.connect(server.addr.port);
  await peer.json();
  const text = new TextEncoder().encode('{"type":"chat"}');
  await peer.write(Uint8Array.of(0x81, text.length, ...text));
  if (transport === "deno") assertEquals(await peer.json(), { type: "chat" });
  else assertEquals(await peer.closeCode(), 1002);
});

/** Frames that violate RFC 6455, and the close codes; 1006 stands for no close frame. */
const INVALID_FRAMES: readonly (readonly [
  description: string,
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
    "text that is not UTF-8",
    encodeFrame(1, Uint8Array.of(0xff)),
    { deno: 1006, strict: 1007 },
  ],
];

for (const [description, frame, codes] of INVALID_FRAMES) {
  test(`canary: ${description} closes the connection without a close code`, async ({ transport, serve }) => {
    await using server = await serve({ port: 0 });
    using peer = await RawPeer.connect(server.addr.port);
    await peer.write(frame);
    assertEquals(await peer.closeCode(), codes[transport]);
  });
}

test("canary: a dropped connection has code 0, and the server cannot terminate one", async ({ transport }) => {
  const closed = Promise.withResolvers<number>();
  await using rig = await overLoopback(
    transport === "deno" ? listenWithDeno : (to) => listenWithWs(to),
    () => ({ receive() {}, closed: closed.resolve }),
  );
  const expected: Expected<[boolean, number]> = {
    deno: [false, 0],
    strict: [true, 1006],
  };
  const isTerminated = rig.socket.terminate();
  rig.peer.drop();
  assertEquals([isTerminated, await closed.promise], expected[transport]);
});

test("canary: a peer that does not answer a close frame stays connected", async ({ transport }) => {
  const closed = Promise.withResolvers<string>();
  await using rig = await overLoopback(
    transport === "deno" ? listenWithDeno : (to) => listenWithWs(to, 20),
    () => ({ receive() {}, closed: () => closed.resolve("closed") }),
  );
  rig.socket.close(4001, "");
  assertEquals((await rig.far.closed()).code, 4001);
  const expected: Expected<string> = { deno: "open", strict: "closed" };
  let timer;
  const timeout = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve("open"), TIMEOUT_MS);
  });
  const state = await Promise.race([closed.promise, timeout]);
  clearTimeout(timer);
  assertEquals(state, expected[transport]);
});

test("canary: pings and pongs of WebSocket do not count in the rates", async ({ transport, serve }) => {
  // During a test, this rate allows no message above the burst of 16.
  const limits = { messagesPerSecond: 0.001, inflight: 8 };
  await using server = await serve({ port: 0, limits });
  using peer = await RawPeer.connect(server.addr.port);
  await peer.json();
  for (let n = 0; n < 20; n++) {
    await peer.write(encodeFrame(10, new Uint8Array(0)));
  }
  await peer.sendJson({ type: "ping" });
  if (transport === "deno") assertEquals((await peer.json()).type, "pong");
  else assertEquals(await peer.closeCode(), 4029);
});

Deno.test("over deno: canary: an idle timeout fires two close events with different codes", async () => {
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
