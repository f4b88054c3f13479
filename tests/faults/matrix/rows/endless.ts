/** Peers that continue to send after the hub has closed them. */
import { delay } from "@std/async";
import { concat, encodeFrame, type RawPeer } from "../../../raw_peer.ts";
import { PROTOCOL } from "../../../../messages.ts";
import { within } from "../../within.ts";
import { joinFrames } from "../client_frames.ts";
import type { Harness } from "../harness.ts";
import type { Row } from "../row.ts";
import { NO_RATES } from "../target.ts";

/** The number of frames in one write. */
const BURST = 500;
/** The longest time until the connection of such a peer ends, in ms. */
const END_MS = 1_000;
/** The longest time by which a timer of the server may be late, in ms. */
const LAG_MS = 250;

/** A peer that sends the same frames without a pause. */
interface Flood {
  readonly name: string;
  connect(harness: Harness): Promise<RawPeer>;
  readonly frames: Uint8Array<ArrayBuffer>;
}

const texts = (text: string) => joinFrames(Array(BURST).fill(text));
const open = async (harness: Harness) => (await harness.startPeer()).peer;
const publish = (id: number) =>
  `{"type":"publish","id":${id},"topic":"flood","message":{"type":"a"}}`;

const FLOODS: readonly Flood[] = [
  {
    name: "before the hello",
    connect: (harness) => harness.connect(PROTOCOL),
    frames: texts("{}"),
  },
  {
    name: "another version",
    connect: (harness) => harness.connect("drumbeat.v99"),
    frames: texts("{}"),
  },
  {
    name: "plain",
    connect: (harness) => harness.connect(),
    frames: texts("{}"),
  },
  { name: "pings", connect: open, frames: texts('{"type":"ping"}') },
  {
    name: "publishes",
    connect: open,
    frames: joinFrames(Array.from({ length: BURST }, (_, n) => publish(n))),
  },
  {
    name: "binary",
    connect: (harness) => harness.connect(),
    frames: concat(Array(16).fill(encodeFrame(2, new Uint8Array(60_000)))),
  },
];

/** Sends until the connection ends. @returns the time that it took, in ms; `undefined` if it did not end. */
async function untilEnd(
  harness: Harness,
  { connect, frames }: Flood,
  forMs: number,
): Promise<number | undefined> {
  const peer = await connect(harness);
  const since = performance.now();
  const end = since + forMs;
  try {
    while (performance.now() < end) await peer.write(frames);
    return undefined;
  } catch {
    return performance.now() - since;
  } finally {
    peer.drop();
  }
}

async function floods(harness: Harness, forMs: number): Promise<void> {
  // A test on a busy machine must not fail for its time.
  const spareMs = harness.size === "quick" ? 9_000 : 0;
  // A busy machine is late without an attack.
  await harness.snapshot("lag");
  await delay(harness.count(1_000, 10));
  const { lagMs: usualMs } = await harness.snapshot();
  await harness.snapshot("lag");
  const times: string[] = [];
  let hasEnded = true;
  for (const flood of FLOODS) {
    const ms = await untilEnd(harness, flood, forMs);
    hasEnded &&= ms !== undefined && ms <= END_MS + spareMs;
    times.push(
      `${flood.name}: ${ms === undefined ? "open" : `${ms.toFixed(0)} ms`}`,
    );
  }
  const { lagMs, closing } = await harness.until(
    ({ closing }) => closing === 0,
    END_MS + spareMs,
  );
  harness.check("disconnected", hasEnded && closing === 0, times.join(", "));
  harness.check(
    "lag",
    lagMs <= Math.max(LAG_MS, 3 * usualMs) + spareMs,
    `the event loop is late by ${usualMs.toFixed(0)} → ${lagMs.toFixed(0)} ms`,
  );
}

export const endlessSender: Row = {
  name: "sends-after-its-close",
  expected:
    `a peer that sends without a pause is disconnected within ${END_MS} ms, no timer of the server is late by more than ${LAG_MS} ms (or 3 times the usual), and p99 is at most 3 times that before, or 100 ms`,
  p99: { times: 3, ms: 100 },
  run: (harness) => floods(harness, 30_000),
  control: {
    how: "peers below every rate",
    fails: "disconnected",
    async run(harness) {
      const { peer } = await harness.startPeer();
      await peer.sendJson({ type: "ping" });
      const { closing, peers } = await harness.snapshot();
      harness.check(
        "disconnected",
        peers === 0 && closing === 0,
        `${peers} open`,
      );
    },
  },
};

/** Sends a number of frames. Checks whether the hub closes the connection. */
async function controlFrames(harness: Harness): Promise<void> {
  const empty = new Uint8Array(0);
  const floods: Readonly<Record<string, Uint8Array<ArrayBuffer>>> = {
    pings: encodeFrame(9, empty),
    pongs: encodeFrame(10, empty),
    fragments: encodeFrame(0, empty, false),
  };
  const results: string[] = [];
  let isClosed = true;
  for (const [name, frame] of Object.entries(floods)) {
    const { peer } = await harness.startPeer();
    const code = peer.closeCode();
    if (name === "fragments") await peer.write(encodeFrame(1, empty, false));
    const burst = concat(Array(BURST).fill(frame));
    for (let n = 0; n < harness.count(100, 4); n++) {
      await peer.write(burst).catch(() => {});
    }
    const result = await within(code, END_MS);
    isClosed &&= result !== undefined;
    results.push(`${name}: ${result ?? "open"}`);
    peer.drop();
    await code;
  }
  harness.check("closed", isClosed, results.join(", "));
}

export const controlFlood: Row = {
  name: "control-frame-flood",
  expected:
    "a flood of pings, pongs or fragments of WebSocket ends the connection",
  run: controlFrames,
  gaps: {
    deno: {
      closed:
        "the runtime answers pings and joins fragments itself, and a flood of them takes the event loop's time",
    },
  },
  control: {
    how: "no rates",
    fails: "closed",
    target: { limits: NO_RATES },
  },
};
