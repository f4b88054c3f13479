/** Valid WebSocket frames that break the protocol. */
import { closeCode, concat, type RawPeer } from "../../../raw_peer.ts";
import { PROTOCOL } from "../../../../messages.ts";
import { Random } from "../../random.ts";
import { within } from "../../within.ts";
import { joinFrames, textFrame } from "../client_frames.ts";
import type { Harness } from "../harness.ts";
import { Fuzzer } from "../fuzzer.ts";
import { type Answer, type Case, MALFORMED } from "../malformed.ts";
import type { Row } from "../row.ts";
import { NO_RATES } from "../target.ts";

/** The number of pings that are answered before an answer counts as missing. */
const MAX_PINGS = 50;

/** Sends a frame and a ping. @returns the answer to the frame, received before that to the ping. */
async function answerTo(
  peer: RawPeer,
  { data, expected }: Case,
): Promise<Answer> {
  // One write: a second small one would wait for TCP's acknowledgement of the first.
  await peer.write(joinFrames([data, '{"type":"ping"}'])).catch(() => {});
  let error: Answer = { error: "none" };
  // The answer of a request handler may arrive after that to a ping.
  let pings = "error" in expected ? MAX_PINGS : 0;
  for (;;) {
    const frame = await peer.frame().catch(() => undefined);
    if (frame === undefined) return { close: 1006 };
    if (frame.opcode === 8) return { close: closeCode(frame) };
    const { type, code, id } = JSON.parse(frame.text);
    if (type === "pong") {
      const isAnswered = "error" in error && error.error !== "none";
      if (isAnswered || pings-- === 0) return error;
      await peer.sendJson({ type: "ping" });
    }
    if (type === "ping") await peer.sendJson({ type: "pong" });
    if (type === "error") {
      error = id === undefined ? { error: code } : { error: code, id };
    }
  }
}

function peerFor(harness: Harness, sender: Case["sender"]): Promise<RawPeer> {
  if (sender === "plain") return harness.connect();
  if (sender === "before hello") return harness.connect(PROTOCOL);
  return harness.startPeer({ topics: { here: {} } }).then(({ peer }) => peer);
}

async function malformed(
  harness: Harness,
  cases: readonly Case[],
): Promise<void> {
  const wrong: string[] = [];
  const run = async (one: Case, peer: RawPeer) => {
    const answer = JSON.stringify(await answerTo(peer, one));
    if (answer !== JSON.stringify(one.expected)) {
      wrong.push(`${one.name}: ${answer}`);
    }
  };
  const chosen = harness.size === "warm" ? cases.slice(0, 20) : cases;
  // A case that closes its connection has one of its own. The others share one: it must stay open.
  const closing = chosen.filter(({ expected }) => "close" in expected);
  await Promise.all(
    closing.map(async (one) => run(one, await peerFor(harness, one.sender))),
  );
  for (const sender of ["plain", "started"] as const) {
    const peer = await peerFor(harness, sender);
    for (const one of chosen) {
      if (one.sender === sender && !closing.includes(one)) {
        await run(one, peer);
      }
    }
  }
  harness.check(
    "as documented",
    wrong.length === 0,
    `${chosen.length - wrong.length} of ${chosen.length} cases as documented${
      wrong.slice(0, 3).map((one) => `; ${one}`).join("")
    }`,
  );
}

export const malformedRow: Row = {
  name: "malformed-protocol",
  expected:
    "frames that break the protocol: each is answered as in docs/protocol.md",
  target: { limits: NO_RATES },
  run: (harness) => malformed(harness, MALFORMED),
  control: {
    how: "pings instead of the frames",
    fails: "as documented",
    run: (harness) =>
      malformed(
        harness,
        MALFORMED.slice(0, 20).map((one) => ({
          ...one,
          sender: "started",
          data: '{"type":"ping"}',
        })),
      ),
  },
};

/** The close codes of docs/protocol.md for a peer's frames, and the code of a connection that ended without a close frame. */
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
/** The number of connections that fuzz at once. */
const FUZZERS = 8;
/** The number of frames that are sent before their answers are read. */
const PER_READ = 20;

/** The wait for the end of a connection after invalid bytes, in ms. */
const RAW_MS = 200;

/** The answers to the fuzzer's frames. */
interface FuzzResult {
  readonly counts: Map<number | string, number>;
  readonly undocumented: Set<number | string>;
  sent: number;
}

/** Reads until the answer to a marker frame. @returns the close code when the connection ends before. */
async function readUntil(
  peer: RawPeer,
  marker: string,
  { counts, undocumented }: FuzzResult,
): Promise<number | undefined> {
  for (;;) {
    const frame = await peer.frame().catch(() => undefined);
    if (frame === undefined) return 1006;
    if (frame.opcode === 8) return closeCode(frame);
    if (frame.opcode !== 1) continue;
    const { type, code, time, n } = JSON.parse(frame.text);
    if (`${time}` === marker || `${n}` === marker) return undefined;
    if (type === "ping") await peer.sendJson({ type: "pong" }).catch(() => {});
    if (type !== "error") continue;
    counts.set(code, (counts.get(code) ?? 0) + 1);
    if (!ERRORS.includes(code)) undocumented.add(code);
  }
}

async function fuzz(
  harness: Harness,
  closes: readonly number[] = CLOSES,
): Promise<void> {
  const count = harness.count(100_000, 4_000);
  const fuzzer = new Fuzzer(new Random(20_251_124));
  const result: FuzzResult = {
    counts: new Map(),
    undocumented: new Set(),
    sent: 0,
  };
  const { counts, undocumented } = result;
  const one = async (nth: number) => {
    const isPlain = nth % 4 === 0;
    while (result.sent < count) {
      const peer = await harness.connect(isPlain ? undefined : PROTOCOL);
      // Half of the connections fuzz before a hello.
      if (nth % 4 > 1) {
        await peer.sendJson({ type: "hello", topics: { here: {} } });
      }
      let code: number | undefined;
      while (code === undefined && result.sent < count) {
        const { bytes, isRaw } = fuzzer.frames(PER_READ);
        result.sent += PER_READ;
        const marker = String(1e9 + result.sent);
        const markerFrame = isPlain
          ? `{"type":"sync","n":${marker}}`
          : `{"type":"ping","time":${marker}}`;
        await peer.write(concat([bytes, textFrame(markerFrame)])).catch(
          () => {},
        );
        const reading = readUntil(peer, marker, result);
        code = await (isRaw ? within(reading, RAW_MS) : reading);
        // The server may wait for the rest of a frame.
        if (isRaw && code === undefined) break;
      }
      peer.drop();
      if (code === undefined) continue;
      counts.set(code, (counts.get(code) ?? 0) + 1);
      if (!closes.includes(code)) undocumented.add(code);
    }
  };
  await Promise.all(Array.from({ length: FUZZERS }, (_, n) => one(n)));
  harness.check(
    "as documented",
    undocumented.size === 0,
    `${result.sent} frames; ${
      [...counts].map(([code, n]) => `${code}: ${n}`).sort().join(", ")
    }${undocumented.size > 0 ? `; undocumented: ${[...undocumented]}` : ""}`,
  );
}

export const fuzzRow: Row = {
  name: "fuzz",
  expected: "100,000 frames (seeded): only documented errors and close codes",
  target: { limits: NO_RATES },
  run: (harness) => fuzz(harness),
  control: {
    how: "4500 as an undocumented code",
    fails: "as documented",
    run: (harness) => fuzz(harness, CLOSES.filter((code) => code !== 4500)),
  },
};
