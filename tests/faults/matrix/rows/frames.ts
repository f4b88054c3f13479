/** Frames that RFC 6455 forbids, and such as no memory is for. */
import { encodeFrame, type RawPeer } from "../../../raw_peer.ts";
import { type Arena, within } from "../harness.ts";
import { joined } from "../bytes.ts";
import type { Control, Row } from "../row.ts";
import { NO_RATES } from "../target.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
/** A message above the limit may take so much memory before it is refused, if the transport looks at its length. */
const BOUNDED_MIB = 24;
const SIZE_GAP = { deno: { memory: "The size of an inbound message." } };

/** The close code within a time; `open` where the connection is open still. */
function codeWithin(peer: RawPeer, ms: number): Promise<number | "open"> {
  return within(peer.closeCode(), ms).then((code) => code ?? "open");
}

const UNLIMITED: Control = {
  how: "no limit for a message",
  fails: "1009",
  target: { limits: { ...NO_RATES, messageBytes: 1024 * MIB } },
};

export const fragments: Row = {
  name: "endless-fragments",
  expected:
    `1009 once the limit is passed, less than ${BOUNDED_MIB} MiB meanwhile`,
  async run(arena) {
    const before = await arena.look();
    const peer = await arena.connect();
    const code = peer.closeCode();
    const part = new Uint8Array(64 * KIB).fill(97);
    const first = encodeFrame(1, part, false);
    const more = encodeFrame(0, part, false);
    const count = arena.many(2_048, 640);
    // A server that closes does not read on: writing fails, and that is an end, too.
    try {
      for (let n = 0; n < count; n++) await peer.write(n === 0 ? first : more);
      await peer.write(encodeFrame(0, part));
    } catch {
      // It is closed.
    }
    const closed = await within(code, 5_000) ?? "open";
    arena.check("1009", closed === 1009, `${closed}`);
    await arena.peakBelow(before, BOUNDED_MIB);
  },
  gaps: SIZE_GAP,
  control: UNLIMITED,
};

/** The head of a masked frame of this length, with a mask that changes nothing. */
function headOf(length: number): Uint8Array<ArrayBuffer> {
  const head = new Uint8Array(14);
  head[0] = 0x82;
  head[1] = 0xff;
  new DataView(head.buffer).setBigUint64(2, BigInt(length));
  return head;
}

export const bigFrames: Row = {
  name: "64-mib-frames",
  // The runtime ends the connection for one byte more.
  expected:
    `20 of them, less a byte: 1009 each, less than ${BOUNDED_MIB} MiB meanwhile`,
  async run(arena) {
    const before = await arena.look();
    const codes = new Map<unknown, number>();
    const length = arena.size === "full" ? 64 * MIB - 1 : 40 * MIB;
    const chunk = new Uint8Array(MIB);
    for (let n = 0; n < arena.many(20, 2); n++) {
      const peer = await arena.connect();
      const code = peer.closeCode();
      try {
        await peer.write(headOf(length));
        for (let at = 0; at < length; at += MIB) {
          await peer.write(chunk.subarray(0, length - at));
        }
      } catch {
        // It is closed.
      }
      const closed = await within(code, 5_000) ?? "open";
      codes.set(closed, (codes.get(closed) ?? 0) + 1);
      peer.drop();
    }
    arena.check(
      "1009",
      [...codes.keys()].join() === "1009",
      [...codes].map(([code, n]) => `${code}: ${n}`).join(", "),
    );
    await arena.peakBelow(before, BOUNDED_MIB);
  },
  gaps: SIZE_GAP,
  control: UNLIMITED,
};

const text = (words: string) => new TextEncoder().encode(words);

/** Sets bits of a frame's first byte. */
function marked(frame: Uint8Array<ArrayBuffer>, bits: number) {
  frame[0]! |= bits;
  return frame;
}

const good = () => encodeFrame(1, text('{"type":"ping"}'));

const FORBIDDEN: readonly Uint8Array<ArrayBuffer>[] = [
  marked(good(), 0x40),
  marked(good(), 0x20),
  marked(good(), 0x10),
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode) =>
    encodeFrame(opcode, text("x"))
  ),
  // A control frame of more than 125 bytes, and in fragments.
  encodeFrame(9, new Uint8Array(126)),
  encodeFrame(9, text("x"), false),
  encodeFrame(8, Uint8Array.of(3)),
  // A continuation of nothing, and a message within another.
  encodeFrame(0, text("x")),
  joined([encodeFrame(1, text("a"), false), good()]),
  // A length of 2^63, which has no meaning.
  joined([
    Uint8Array.of(0x82, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0),
    Uint8Array.of(1, 2, 3, 4),
  ]),
];

/** Sends each on a connection of its own. @returns how they ended. */
function ends(
  arena: Arena,
  frames: readonly Uint8Array<ArrayBuffer>[],
): Promise<(number | "open")[]> {
  return Promise.all(frames.map(async (frame) => {
    const peer = await arena.connect();
    await peer.write(frame);
    return await codeWithin(peer, 2_000);
  }));
}

async function forbidden(
  arena: Arena,
  frames: readonly Uint8Array<ArrayBuffer>[],
  expected: number,
): Promise<void> {
  const codes = await ends(arena, frames);
  const open = codes.filter((code) => code === "open").length;
  arena.check("ended", open === 0, `${codes.length - open} ended`);
  // A length of 2^63 may as well be called too big.
  const told =
    codes.filter((code) => code === expected || code === 1009).length;
  arena.check(
    "close code",
    told === codes.length,
    `${told} of ${codes.length} with ${expected}`,
  );
}

const CODE_GAP = {
  deno: { "close code": "other frames that break the rules" },
};
const WELL_FORMED: Control = {
  how: "the frames are well-formed",
  fails: "ended",
  run: (arena) => forbidden(arena, [good(), good(), good()], 1002),
};

export const reserved: Row = {
  name: "reserved-bits-and-opcodes",
  expected:
    `${FORBIDDEN.length} kinds of frames that may not be: each ends its connection with 1002`,
  run: (arena) => forbidden(arena, FORBIDDEN, 1002),
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
    `${NOT_UTF8.length} texts that are no UTF-8: each ends its connection with 1007`,
  run: (arena) => forbidden(arena, NOT_UTF8, 1007),
  gaps: CODE_GAP,
  control: WELL_FORMED,
};

/** A frame as a server sends it: without a mask. */
function unmasked(words: string): Uint8Array<ArrayBuffer> {
  return joined([Uint8Array.of(0x81, words.length), text(words)]);
}

async function withoutMask(
  arena: Arena,
  frame: Uint8Array<ArrayBuffer>,
): Promise<void> {
  const [code] = await ends(arena, [frame]);
  arena.check("refused", code === 1002, `${code}`);
}

export const unmaskedFrames: Row = {
  name: "unmasked",
  expected: "1002",
  run: (arena) => withoutMask(arena, unmasked('{"type":"ping"}')),
  gaps: { deno: { refused: "frames that are not masked" } },
  control: {
    how: "the frame is masked",
    fails: "refused",
    run: (arena) => withoutMask(arena, good()),
  },
};
