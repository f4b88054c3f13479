import { assert, assertEquals, assertMatch } from "@std/assert";
import fc from "fast-check";
import { PROTOCOL } from "../../../messages.ts";
import { encodeFrame, rawHttp, RawPeer } from "../../raw_peer.ts";
import { underAttack } from "./under_attack.ts";

const MIB = 1024 * 1024;

/** The close codes of a refusal: docs/protocol.md, "Close codes", and those of the runtime. */
const CLOSE_CODES = [1002, 1005, 1006, 1007, 1009, 4002, 4500];

underAttack("bytes that are not WebSocket frames", async (port) => {
  const noise = fc.sample(
    fc.uint8Array({ minLength: 21, maxLength: 300, size: "max" }),
    { numRuns: 40, seed: 3 },
  ).map((bytes) => new Uint8Array(bytes));
  const invalid = [
    Uint8Array.of(0xff, 0xff, 0xff),
    // A reserved bit, a reserved opcode, a close frame of one byte, a ping of 126 bytes, a frame of 2^63 bytes.
    Uint8Array.of(0xc1, 0x80, 0, 0, 0, 0),
    encodeFrame(3, new Uint8Array(0)),
    encodeFrame(8, Uint8Array.of(3)),
    encodeFrame(9, new Uint8Array(126)),
    Uint8Array.of(
      0x82,
      0xff,
      0x7f,
      0xff,
      0xff,
      0xff,
      0xff,
      0xff,
      0xff,
      0xff,
      1,
      2,
      3,
      4,
    ),
    // Text that is not UTF-8, and a continuation without a first frame.
    encodeFrame(1, Uint8Array.of(0xff, 0xfe)),
    encodeFrame(0, new Uint8Array(3)),
  ];
  for (const [i, bytes] of [...invalid, ...noise].entries()) {
    using peer = await RawPeer.connect(
      port,
      i % 2 === 0 ? {} : { protocol: PROTOCOL },
    );
    await peer.write(bytes);
    // Random bytes may be the start of a valid frame, which has no end.
    if (i >= invalid.length) peer.drop();
    else assert(CLOSE_CODES.includes(await peer.closeCode()), `frame ${i}`);
  }
});

underAttack("requests that are not HTTP", async (port) => {
  for (
    const request of [
      "\r\n\r\n",
      "GET\r\n\r\n",
      `GET /${"x".repeat(100_000)} HTTP/1.1\r\n\r\n`,
      "\0\0\0\0\r\n\r\n",
      "GET / HTTP/9.9\r\n\r\n",
    ]
  ) {
    await rawHttp(port, request).catch(() => "");
  }
  assertMatch(
    await rawHttp(
      port,
      "GET / HTTP/1.1\r\nHost: %%%\r\nConnection: close\r\n\r\n",
    ),
    /^HTTP\/1.1 400/,
  );
});

for (const protocol of [undefined, PROTOCOL]) {
  const options = protocol === undefined ? {} : { protocol };
  const dialect = protocol ?? "plain";

  underAttack(`a frame of 1 MiB, ${dialect}`, async (port) => {
    for (const opcode of [1, 2]) {
      using peer = await RawPeer.connect(port, options);
      await peer.write(encodeFrame(opcode, new Uint8Array(MIB).fill(97)));
      assertEquals(await peer.closeCode(), 1009);
    }
  });

  underAttack(`1 MiB in fragments, ${dialect}`, async (port) => {
    using peer = await RawPeer.connect(port, options);
    const part = new Uint8Array(64 * 1024).fill(97);
    for (let i = 0; i < 16; i++) {
      await peer.write(encodeFrame(i === 0 ? 1 : 0, part, i === 15));
    }
    assertEquals(await peer.closeCode(), 1009);
  });
}

underAttack("peers that drop their connections at any point", async (port) => {
  for (let i = 0; i < 60; i++) {
    const peer = await RawPeer.connect(
      port,
      i % 2 === 0 ? {} : { protocol: PROTOCOL },
    );
    if (i % 3 === 0) await peer.sendJson({ type: "hello" });
    if (i % 4 === 0) {
      await peer.write(encodeFrame(1, new Uint8Array(1_000)).subarray(0, 100));
    }
    if (i % 5 === 0) await peer.close(1000);
    peer.drop();
  }
});
