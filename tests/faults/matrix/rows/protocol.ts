/** Frames that are well-formed WebSocket and are not, or are too much of, the protocol. */
import { closeCode, encodeFrame, type RawPeer } from "../../../raw_peer.ts";
import { PROTOCOL } from "../../../../messages.ts";
import { Random } from "../../random.ts";
import { type Arena, within } from "../harness.ts";
import { joined } from "../bytes.ts";
import { Fuzzer } from "../fuzzer.ts";
import { type Answer, type Case, MALFORMED } from "../malformed.ts";
import type { Row } from "../row.ts";
import { NO_RATES } from "../target.ts";

const encoder = new TextEncoder();

/** So many more pings are answered before an answer counts as missing. */
const MOST_WAITS = 50;

/** Sends something, and answers with what came until the ping that followed it was answered, or the connection ended. */
async function answerTo(
  peer: RawPeer,
  { data, expected }: Case,
): Promise<Answer> {
  // In one write: a second small one would wait for the acknowledgement of the first.
  await peer.write(together([data, '{"type":"ping"}'])).catch(() => {});
  let error: Answer = { error: "none" };
  // An answer that the program is asked for may come after that of a ping.
  let waits = "error" in expected ? MOST_WAITS : 0;
  for (;;) {
    const frame = await peer.frame().catch(() => undefined);
    if (frame === undefined) return { close: 1006 };
    if (frame.opcode === 8) return { close: closeCode(frame) };
    const { type, code, id } = JSON.parse(frame.text);
    if (type === "pong") {
      const isThere = "error" in error && error.error !== "none";
      if (isThere || waits-- === 0) return error;
      await peer.sendJson({ type: "ping" });
    }
    if (type === "ping") await peer.sendJson({ type: "pong" });
    if (type === "error") {
      error = id === undefined ? { error: code } : { error: code, id };
    }
  }
}

function peerFor(arena: Arena, dialect: Case["dialect"]): Promise<RawPeer> {
  if (dialect === "plain") return arena.connect();
  if (dialect === "silent") return arena.connect(PROTOCOL);
  return arena.join({ topics: { here: {} } }).then(({ peer }) => peer);
}

async function malformed(
  arena: Arena,
  cases: readonly Case[],
): Promise<void> {
  const wrong: string[] = [];
  const play = async (one: Case, peer: RawPeer) => {
    const answer = JSON.stringify(await answerTo(peer, one));
    if (answer !== JSON.stringify(one.expected)) {
      wrong.push(`${one.name}: ${answer}`);
    }
  };
  const played = arena.size === "warm" ? cases.slice(0, 20) : cases;
  // Who is to be closed has a connection of its own; the others share one, and see that it lives on.
  const closing = played.filter(({ expected }) => "close" in expected);
  await Promise.all(
    closing.map(async (one) => play(one, await peerFor(arena, one.dialect))),
  );
  for (const dialect of ["plain", "greeted"] as const) {
    const peer = await peerFor(arena, dialect);
    for (const one of played) {
      if (one.dialect === dialect && !closing.includes(one)) {
        await play(one, peer);
      }
    }
  }
  arena.check(
    "as documented",
    wrong.length === 0,
    `${played.length - wrong.length} of ${played.length} cases as documented${
      wrong.slice(0, 3).map((one) => `; ${one}`).join("")
    }`,
  );
}

export const malformedRow: Row = {
  name: "malformed-protocol",
  expected: `${MALFORMED.length} cases, each answered as docs/protocol.md says`,
  target: { limits: NO_RATES },
  run: (arena) => malformed(arena, MALFORMED),
  control: {
    how: "pings instead",
    fails: "as documented",
    run: (arena) =>
      malformed(
        arena,
        MALFORMED.slice(0, 20).map((one) => ({
          ...one,
          dialect: "greeted",
          data: '{"type":"ping"}',
        })),
      ),
  },
};

/** What docs/protocol.md lets a hub close with for what a peer sends, and what is reported of a network that ended. */
const CLOSES = [1002, 1006, 1007, 1009, 4002, 4029, 4500];
const ERRORS = [
  "malformed",
  "invalid",
  "unsupported",
  "already",
  "absent",
  "forbidden",
  "limit",
  "large",
  "failed",
];
/** Connections that fuzz at once. */
const FUZZERS = 8;
/** Frames that are sent before their answers are looked at. */
const PER_LOOK = 20;

/** For how long the end of a connection is waited for that was sent raw bytes, in ms. */
const RAW_MS = 200;

/** What came of fuzzing. */
interface Fuzzed {
  readonly counts: Map<number | string, number>;
  readonly undocumented: Set<number | string>;
  sent: number;
}

/** Reads what came until its own frame comes back. @returns the code with which the connection was closed meanwhile. */
async function lookAt(
  peer: RawPeer,
  sync: string,
  { counts, undocumented }: Fuzzed,
): Promise<number | undefined> {
  for (;;) {
    const frame = await peer.frame().catch(() => undefined);
    if (frame === undefined) return 1006;
    if (frame.opcode === 8) return closeCode(frame);
    if (frame.opcode !== 1) continue;
    const { type, code, time, n } = JSON.parse(frame.text);
    if (`${time}` === sync || `${n}` === sync) return undefined;
    if (type === "ping") await peer.sendJson({ type: "pong" }).catch(() => {});
    if (type !== "error") continue;
    counts.set(code, (counts.get(code) ?? 0) + 1);
    if (!ERRORS.includes(code)) undocumented.add(code);
  }
}

async function fuzz(
  arena: Arena,
  closes: readonly number[] = CLOSES,
): Promise<void> {
  const count = arena.many(100_000, 4_000);
  const fuzzer = new Fuzzer(new Random(20_251_124));
  const fuzzed: Fuzzed = {
    counts: new Map(),
    undocumented: new Set(),
    sent: 0,
  };
  const { counts, undocumented } = fuzzed;
  const one = async (nth: number) => {
    const isPlain = nth % 4 === 0;
    while (fuzzed.sent < count) {
      const peer = await arena.connect(isPlain ? undefined : PROTOCOL);
      // Some begin before there was a hello.
      if (nth % 4 > 1) {
        await peer.sendJson({ type: "hello", topics: { here: {} } });
      }
      let code: number | undefined;
      while (code === undefined && fuzzed.sent < count) {
        const { bytes, isRaw } = fuzzer.some(PER_LOOK);
        fuzzed.sent += PER_LOOK;
        const sync = String(1e9 + fuzzed.sent);
        const look = isPlain
          ? `{"type":"sync","n":${sync}}`
          : `{"type":"ping","time":${sync}}`;
        await peer.write(joined([bytes, textFrame(look)])).catch(() => {});
        const looking = lookAt(peer, sync, fuzzed);
        code = await (isRaw ? within(looking, RAW_MS) : looking);
        // It may be in the middle of a frame, for which the server waits.
        if (isRaw && code === undefined) break;
      }
      peer.drop();
      if (code === undefined) continue;
      counts.set(code, (counts.get(code) ?? 0) + 1);
      if (!closes.includes(code)) undocumented.add(code);
    }
  };
  await Promise.all(Array.from({ length: FUZZERS }, (_, n) => one(n)));
  arena.check(
    "as documented",
    undocumented.size === 0,
    `${fuzzed.sent} frames; ${
      [...counts].map(([code, n]) => `${code}: ${n}`).sort().join(", ")
    }${undocumented.size > 0 ? `; undocumented: ${[...undocumented]}` : ""}`,
  );
}

export const fuzzRow: Row = {
  name: "fuzz",
  expected: "100,000 frames (seeded): only documented errors and close codes",
  target: { limits: NO_RATES },
  run: (arena) => fuzz(arena),
  control: {
    how: "4500 counts as undocumented",
    fails: "as documented",
    run: (arena) => fuzz(arena, CLOSES.filter((code) => code !== 4500)),
  },
};

const MAX_TOPICS = 10_000;
/** Names at a time: their answers are less than a peer may leave unread. */
const PER_ROUND = 500;

async function churn(arena: Arena): Promise<void> {
  const count = arena.many(1_000_000, 20_000);
  const answers = new Map<string, number>();
  let most = 0;
  let next = 0;
  const one = async () => {
    const { peer } = await arena.join({ topics: {} });
    while (next < count) {
      const frames: string[] = [];
      for (let n = 0; n < PER_ROUND; n++, next++) {
        frames.push(
          `{"type":"subscribe","id":${2 * n + 1},"topic":"name:${next}"}`,
          `{"type":"unsubscribe","id":${2 * n + 2},"topic":"name:${next}"}`,
        );
      }
      await peer.write(together(frames));
      for (let left = frames.length; left > 0;) {
        const { type, code } = await peer.json();
        if (type === "ping") await peer.sendJson({ type: "pong" });
        else {
          left--;
          answers.set(code ?? type, (answers.get(code ?? type) ?? 0) + 1);
        }
      }
      if (next % 5_000 === 0) {
        most = Math.max(most, (await arena.look()).topics);
      }
    }
  };
  await Promise.all([one(), one(), one(), one()]);
  arena.check(
    "bounded",
    most <= MAX_TOPICS,
    `${next} names, ${most} topics at most; ${
      [...answers].map(([what, n]) => `${what}: ${n}`).join(", ")
    }`,
  );
}

function textFrame(text: string): Uint8Array<ArrayBuffer> {
  return encodeFrame(1, encoder.encode(text));
}

/** Text and binary frames in one write. */
function together(
  all: readonly (string | Uint8Array<ArrayBuffer>)[],
): Uint8Array<ArrayBuffer> {
  return joined(
    all.map((data) =>
      typeof data === "string" ? textFrame(data) : encodeFrame(2, data)
    ),
  );
}

/** Only the limit of all topics is in the way. */
const CHURNED = { ...NO_RATES, topicsPerAddress: 1e9 };

export const subscribeChurn: Row = {
  name: "subscribe-churn",
  expected:
    `a million names: never more than ${MAX_TOPICS} topics, all of them forgotten afterwards`,
  target: { limits: CHURNED, keepMs: 3_000 },
  run: churn,
  control: {
    how: "no limit of topics",
    fails: "bounded",
    target: { limits: { ...CHURNED, topics: 1e9 }, keepMs: 60_000 },
  },
};

/** Frames in one write of a flood. */
const BURST = 500;

async function pings(arena: Arena, reads: boolean): Promise<void> {
  const before = await arena.look();
  // Pings of the WebSocket, and nobody reads the pongs.
  const raw = await arena.connect(PROTOCOL);
  const ping = encodeFrame(9, encoder.encode("?".repeat(100)));
  const burst = joined(Array(BURST).fill(ping));
  for (let n = 0; n < arena.many(200_000, 20_000); n += BURST) {
    // A server that does not read on holds us back: that is an answer, too.
    const written = within(
      raw.write(burst).then(() => true, () => true),
      1_000,
    );
    if (await written === undefined) break;
  }
  await arena.peakBelow(before, 32);
  // Pings of the protocol.
  const { peer, id } = await arena.join({ topics: {} });
  const frames = together(Array(BURST).fill('{"type":"ping","time":1}'));
  let isOut = false;
  const reading = (async () => {
    while (reads && await peer.frame().catch(() => undefined) !== undefined);
  })();
  for (let n = 0; n < arena.many(200_000, 20_000) && !isOut; n += BURST) {
    const written = within(
      peer.write(frames).then(() => true, () => true),
      1_000,
    );
    isOut = await written === undefined;
  }
  const left = await arena.departure(id, 2_000);
  arena.check(
    "out",
    left?.code === 4002 || left?.code === 4029,
    left === undefined ? "still in" : `out with ${left.code}`,
  );
  peer.drop();
  await reading;
}

export const pingFlood: Row = {
  name: "ping-flood",
  expected:
    "less than 32 MiB; who pings and does not read the answers is out with 4002 or 4029",
  run: (arena) => pings(arena, false),
  control: {
    how: "a handful of pings, and the answers are read",
    fails: "out",
    async run(arena) {
      const { peer, id } = await arena.join({ topics: {} });
      for (let n = 0; n < 5; n++) {
        await peer.sendJson({ type: "ping", time: n });
        await peer.json();
      }
      const left = await arena.departure(id, 500);
      arena.check("out", left !== undefined, "still in");
    },
  },
};
