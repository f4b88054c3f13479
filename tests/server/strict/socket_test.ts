import { assert, assertEquals } from "@std/assert";
import {
  closeCode,
  concat,
  encodeFrame,
  type RawPeer,
} from "../../raw_peer.ts";
import {
  listenWithWs,
  MESSAGE_BYTES,
  overLoopback,
} from "../../adapters/loopback.ts";
import { socketConformance } from "../../adapters/socket_conformance.ts";

socketConformance(
  "the socket of ws",
  (attach) => overLoopback((to) => listenWithWs(to), attach),
);

/** Invalid input, and the close code. */
const INVALID: readonly (readonly [
  description: string,
  code: number,
  ...frames: readonly Uint8Array<ArrayBuffer>[],
])[] = [
  ["a message above the limit", 1009, head(0x82, MESSAGE_BYTES + 1)],
  ["a frame of 2^63 bytes", 1009, head(0x82, 2n ** 63n)],
  [
    "fragments above the limit in total",
    1009,
    encodeFrame(2, new Uint8Array(MESSAGE_BYTES), false),
    head(0x00, 1n),
  ],
  ["text that is not UTF-8", 1007, encodeFrame(1, Uint8Array.of(0xff, 0xfe))],
  ["an unmasked frame", 1002, Uint8Array.of(0x81, 1, 97)],
  ["a reserved bit", 1002, Uint8Array.of(0xc1, 0x80, 0, 0, 0, 0)],
  ["a reserved opcode", 1002, encodeFrame(3, new Uint8Array(0))],
  ["a close frame of one byte", 1002, encodeFrame(8, Uint8Array.of(3))],
  ["a long ping", 1002, encodeFrame(9, new Uint8Array(126))],
  [
    "a continuation without a first frame",
    1002,
    encodeFrame(0, new Uint8Array(3)),
  ],
  [
    "a message in very many fragments",
    1008,
    ...Array.from(
      { length: MESSAGE_BYTES / 256 + 1 },
      (_, i) => encodeFrame(i === 0 ? 1 : 0, Uint8Array.of(97), false),
    ),
  ],
];

/** Encodes the head of a masked frame without its payload. */
function head(
  first: number,
  length: number | bigint,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(14);
  bytes.set([first, 255]);
  new DataView(bytes.buffer).setBigUint64(2, BigInt(length));
  return bytes;
}

for (const [description, code, ...frames] of INVALID) {
  Deno.test(`the socket of ws closes with ${code} for ${description}, and reports that code`, async () => {
    const closed = Promise.withResolvers<number>();
    const received: unknown[] = [];
    await using rig = await overLoopback((to) => listenWithWs(to), () => ({
      receive: (data) => received.push(data),
      closed: closed.resolve,
    }));
    for (const frame of frames) await rig.peer.write(frame);
    assertEquals(await rig.peer.closeCode(), code);
    assertEquals(rig.socket.open, false);
    rig.peer.drop();
    assertEquals(await closed.promise, code);
    assertEquals(received, []);
  });
}

/** Reads until the next ping and returns its payload. */
async function ping(peer: RawPeer): Promise<Uint8Array<ArrayBuffer>> {
  for (;;) {
    const frame = await peer.frame();
    if (frame?.opcode === 9) return frame.payload;
  }
}

Deno.test("the socket of ws calls back once for a ping, at its pong", async () => {
  let answers = 0;
  const messages = Promise.withResolvers<void>();
  await using rig = await overLoopback((to) => listenWithWs(to), () => ({
    receive: () => messages.resolve(),
    closed() {},
  }));
  rig.socket.ping!(() => answers++);
  const payload = await ping(rig.peer);
  assertEquals(answers, 0);
  await rig.peer.write(encodeFrame(10, payload));
  await rig.peer.write(encodeFrame(10, payload));
  await rig.peer.send("after the pongs");
  await messages.promise;
  assertEquals(answers, 1);
  rig.socket.close(1000, "");
  rig.socket.ping!(() => answers++);
});

Deno.test("the socket of ws answers pings, and passes a message with a buffer of its own", async () => {
  const { promise, resolve } = Promise.withResolvers<Uint8Array>();
  await using rig = await overLoopback((to) => listenWithWs(to), () => ({
    receive: (data) => resolve(data as Uint8Array),
    closed() {},
  }));
  await rig.peer.write(encodeFrame(9, Uint8Array.of(1, 2)));
  const pong = await rig.peer.frame();
  assertEquals([pong?.opcode, ...pong!.payload], [10, 1, 2]);
  await rig.peer.send(Uint8Array.of(7));
  assertEquals((await promise).buffer.byteLength, 1);
});

Deno.test("the socket of ws terminates a peer that does not answer its close frame, and reports 1006", async () => {
  const closed = Promise.withResolvers<number>();
  await using rig = await overLoopback((to) => listenWithWs(to, 20), () => ({
    receive() {},
    closed: closed.resolve,
  }));
  rig.socket.close(4000, "");
  const frame = await rig.peer.frame();
  assertEquals(closeCode(frame!), 4000);
  assertEquals(await rig.peer.frame(), undefined);
  assertEquals(await closed.promise, 1006);
});

/** Frames that a peer sends without a pause after its connection was closed. */
const FLOODS: readonly (readonly [
  description: string,
  ...frames: readonly Uint8Array<ArrayBuffer>[],
])[] = [
  ["text", encodeFrame(1, Uint8Array.of(123, 125))],
  ["bytes", encodeFrame(2, new Uint8Array(60_000))],
  ["pings", encodeFrame(9, new Uint8Array(0))],
  [
    "fragments",
    ...Array.from(
      { length: 99 },
      () => encodeFrame(0, new Uint8Array(0), false),
    ),
    encodeFrame(0, new Uint8Array(0)),
    encodeFrame(1, new Uint8Array(0), false),
  ],
  ["an invalid frame and any bytes", new Uint8Array(60_000)],
];

for (const [description, ...frames] of FLOODS) {
  Deno.test(`the socket of ws ends the connection of a peer that continues to send after a close: ${description}`, async () => {
    const closed = Promise.withResolvers<number>();
    await using rig = await overLoopback((to) => listenWithWs(to), () => ({
      receive() {},
      closed: closed.resolve,
    }));
    await rig.peer.write(encodeFrame(1, new Uint8Array(0), false));
    rig.socket.close(4029, "Rate limit exceeded");
    assertEquals(closeCode((await rig.peer.frame())!), 4029);
    const flood = concat(
      Array.from({ length: Math.ceil(100 / frames.length) }, () => frames)
        .flat(),
    );
    // The transport waits 60 s for an answer to the close frame.
    const writing = (async () => {
      for (;;) await rig.peer.write(flood);
    })().catch(() => {});
    assert([1002, 1006].includes(await closed.promise));
    await writing;
  });
}
