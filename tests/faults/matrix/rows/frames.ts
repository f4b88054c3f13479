/** Frames that RFC 6455 forbids, and frames above the limit of a message. */
import { concat, encodeFrame, type RawPeer } from "../../../raw_peer.ts";
import { within } from "../../within.ts";
import type { Harness } from "../harness.ts";
import type { Control, Row } from "../row.ts";
import { NO_RATES } from "../target.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
/** The memory that a message above the limit may take on a transport that checks its length. */
const BOUNDED_MIB = 24;
const SIZE_GAP = { deno: { memory: "The size of an inbound message." } };

/** Returns the close code, or `open` when the connection is still open after the time. */
function codeWithin(peer: RawPeer, ms: number): Promise<number | "open"> {
  return within(peer.closeCode(), ms).then((code) => code ?? "open");
}

const UNLIMITED: Control = {
  how: "no limit of a message",
  fails: "1009",
  target: { limits: { ...NO_RATES, messageBytes: 1024 * MIB } },
};

export const fragments: Row = {
  name: "endless-fragments",
  expected:
    `1009 once the limit is passed, and less than ${BOUNDED_MIB} MiB until then`,
  async run(harness) {
    const before = await harness.snapshot();
    const peer = await harness.connect();
    const code = peer.closeCode();
    const part = new Uint8Array(64 * KIB).fill(97);
    const first = encodeFrame(1, part, false);
    const more = encodeFrame(0, part, false);
    const count = harness.count(2_048, 640);
    // A write fails when the server has closed the connection. The close code is checked below.
    try {
      for (let n = 0; n < count; n++) await peer.write(n === 0 ? first : more);
      await peer.write(encodeFrame(0, part));
    } catch {
      // The server has closed the connection.
    }
    const closed = await within(code, 5_000) ?? "open";
    harness.check("1009", closed === 1009, `${closed}`);
    await harness.expectPeak(before, BOUNDED_MIB);
  },
  gaps: SIZE_GAP,
  control: UNLIMITED,
};

/** Returns the head of a masked frame of this length, with a mask of zeros. */
function headOf(length: number): Uint8Array<ArrayBuffer> {
  const head = new Uint8Array(14);
  head[0] = 0x82;
  head[1] = 0xff;
  new DataView(head.buffer).setBigUint64(2, BigInt(length));
  return head;
}

export const bigFrames: Row = {
  name: "64-mib-frames",
  // For a frame of 64 MiB the runtime ends the connection without a close code.
  expected:
    `20 frames of 64 MiB less a byte: 1009 each, and less than ${BOUNDED_MIB} MiB until then`,
  async run(harness) {
    const before = await harness.snapshot();
    const codes = new Map<unknown, number>();
    const length = harness.size === "full" ? 64 * MIB - 1 : 40 * MIB;
    const chunk = new Uint8Array(MIB);
    for (let n = 0; n < harness.count(20, 2); n++) {
      const peer = await harness.connect();
      const code = peer.closeCode();
      try {
        await peer.write(headOf(length));
        for (let at = 0; at < length; at += MIB) {
          await peer.write(chunk.subarray(0, length - at));
        }
      } catch {
        // The server has closed the connection.
      }
      const closed = await within(code, 5_000) ?? "open";
      codes.set(closed, (codes.get(closed) ?? 0) + 1);
      peer.drop();
    }
    harness.check(
      "1009",
      [...codes.keys()].join() === "1009",
      [...codes].map(([code, n]) => `${code}: ${n}`).join(", "),
    );
    await harness.expectPeak(before, BOUNDED_MIB);
  },
  gaps: SIZE_GAP,
  control: UNLIMITED,
};

const text = (words: string) => new TextEncoder().encode(words);

/** Sets bits of a frame's first byte. */
function withBits(frame: Uint8Array<ArrayBuffer>, bits: number) {
  frame[0]! |= bits;
  return frame;
}

const validFrame = () => encodeFrame(1, text('{"type":"ping"}'));

const FORBIDDEN: readonly Uint8Array<ArrayBuffer>[] = [
  withBits(validFrame(), 0x40),
  withBits(validFrame(), 0x20),
  withBits(validFrame(), 0x10),
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode) =>
    encodeFrame(opcode, text("x"))
  ),
  // A control frame of more than 125 bytes, and in fragments.
  encodeFrame(9, new Uint8Array(126)),
  encodeFrame(9, text("x"), false),
  encodeFrame(8, Uint8Array.of(3)),
  // A continuation without a first frame, and a message within another one.
  encodeFrame(0, text("x")),
  concat([encodeFrame(1, text("a"), false), validFrame()]),
  // A length of 2^63, which RFC 6455 forbids.
  concat([
    Uint8Array.of(0x82, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0),
    Uint8Array.of(1, 2, 3, 4),
  ]),
];

/** Sends each frame on a connection of its own. @returns the close codes. */
function closeCodes(
  harness: Harness,
  frames: readonly Uint8Array<ArrayBuffer>[],
): Promise<(number | "open")[]> {
  return Promise.all(frames.map(async (frame) => {
    const peer = await harness.connect();
    await peer.write(frame);
    return await codeWithin(peer, 2_000);
  }));
}

async function forbidden(
  harness: Harness,
  frames: readonly Uint8Array<ArrayBuffer>[],
  expected: number,
): Promise<void> {
  const codes = await closeCodes(harness, frames);
  const open = codes.filter((code) => code === "open").length;
  harness.check("closed", open === 0, `${codes.length - open} closed`);
  // For a length of 2^63, 1009 is right as well.
  const right =
    codes.filter((code) => code === expected || code === 1009).length;
  harness.check(
    "close code",
    right === codes.length,
    `${right} of ${codes.length} with ${expected}`,
  );
}

const CODE_GAP = {
  deno: { "close code": "other frames that break the rules" },
};
const WELL_FORMED: Control = {
  how: "valid frames",
  fails: "closed",
  run: (harness) =>
    forbidden(harness, [validFrame(), validFrame(), validFrame()], 1002),
};

export const reserved: Row = {
  name: "reserved-bits-and-opcodes",
  expected:
    `${FORBIDDEN.length} kinds of forbidden frames: each closes its connection with 1002`,
  run: (harness) => forbidden(harness, FORBIDDEN, 1002),
  gaps: CODE_GAP,
  control: WELL_FORMED,
};

const NOT_UTF8 = [
  [0xff, 0xfe],
  [0xc0, 0x80],
  [0xed, 0xa0, 0x80],
  [0xf4, 0x90, 0x80, 0x80],
  [0xe2, 0x82],
  [0x80],
  [0x61, 0xc3],
  [0xf8, 0x88, 0x80, 0x80, 0x80],
].map((bytes) => encodeFrame(1, Uint8Array.from(bytes)));

export const badUtf8: Row = {
  name: "bad-utf8",
  expected:
    `${NOT_UTF8.length} texts of invalid UTF-8: each closes its connection with 1007`,
  run: (harness) => forbidden(harness, NOT_UTF8, 1007),
  gaps: CODE_GAP,
  control: WELL_FORMED,
};

/** Returns a frame without a mask, as a server sends it. */
function unmasked(words: string): Uint8Array<ArrayBuffer> {
  return concat([Uint8Array.of(0x81, words.length), text(words)]);
}

async function withoutMask(
  harness: Harness,
  frame: Uint8Array<ArrayBuffer>,
): Promise<void> {
  const [code] = await closeCodes(harness, [frame]);
  harness.check("refused", code === 1002, `${code}`);
}

export const unmaskedFrames: Row = {
  name: "unmasked",
  expected: "1002",
  run: (harness) => withoutMask(harness, unmasked('{"type":"ping"}')),
  gaps: { deno: { refused: "frames that are not masked" } },
  control: {
    how: "a masked frame",
    fails: "refused",
    run: (harness) => withoutMask(harness, validFrame()),
  },
};
