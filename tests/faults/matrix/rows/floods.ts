/** Floods of valid frames. */
import { concat, encodeFrame } from "../../../raw_peer.ts";
import { PROTOCOL } from "../../../../messages.ts";
import { within } from "../../within.ts";
import { joinFrames } from "../client_frames.ts";
import type { Harness } from "../harness.ts";
import type { Row } from "../row.ts";
import { NO_RATES } from "../target.ts";

const MAX_TOPICS = 10_000;
/** The number of names at a time. Their answers are smaller than the peer's window. */
const PER_ROUND = 500;

async function churn(harness: Harness): Promise<void> {
  const count = harness.count(1_000_000, 20_000);
  const answers = new Map<string, number>();
  let most = 0;
  let next = 0;
  const one = async () => {
    const { peer } = await harness.startPeer({ topics: {} });
    while (next < count) {
      const frames: string[] = [];
      for (let n = 0; n < PER_ROUND; n++, next++) {
        frames.push(
          `{"type":"subscribe","id":${2 * n + 1},"topic":"name:${next}"}`,
          `{"type":"unsubscribe","id":${2 * n + 2},"topic":"name:${next}"}`,
        );
      }
      await peer.write(joinFrames(frames));
      for (let pending = frames.length; pending > 0;) {
        const { type, code } = await peer.json();
        if (type === "ping") await peer.sendJson({ type: "pong" });
        else {
          pending--;
          answers.set(code ?? type, (answers.get(code ?? type) ?? 0) + 1);
        }
      }
      if (next % 5_000 === 0) {
        most = Math.max(most, (await harness.snapshot()).topics);
      }
    }
  };
  await Promise.all([one(), one(), one(), one()]);
  harness.check(
    "bounded",
    most <= MAX_TOPICS,
    `${next} names, ${most} topics at most; ${
      [...answers].map(([what, n]) => `${what}: ${n}`).join(", ")
    }`,
  );
}

/** Limits of which the attack reaches only that of all topics. */
const TOPICS_ONLY = { ...NO_RATES, topicsPerAddress: 1e9 };

export const subscribeChurn: Row = {
  name: "subscribe-churn",
  expected:
    `a million names: at most ${MAX_TOPICS} topics at a time, all of them forgotten afterwards`,
  target: { limits: TOPICS_ONLY, keepMs: 3_000 },
  run: churn,
  control: {
    how: "no limit of topics",
    fails: "bounded",
    target: { limits: { ...TOPICS_ONLY, topics: 1e9 }, keepMs: 60_000 },
  },
};

/** The number of frames in one write. */
const BURST = 500;

async function pings(harness: Harness, reads: boolean): Promise<void> {
  const before = await harness.snapshot();
  // Pings of the WebSocket, without a read of the pongs.
  const raw = await harness.connect(PROTOCOL);
  const ping = encodeFrame(9, new TextEncoder().encode("?".repeat(100)));
  const burst = concat(Array(BURST).fill(ping));
  for (let n = 0; n < harness.count(200_000, 20_000); n += BURST) {
    // A server that stops reading blocks the write. This is a defence too.
    const written = within(
      raw.write(burst).then(() => true, () => true),
      1_000,
    );
    if (await written === undefined) break;
  }
  await harness.expectPeak(before, 32);
  // Pings of the protocol.
  const { peer, id } = await harness.startPeer({ topics: {} });
  const frames = joinFrames(Array(BURST).fill('{"type":"ping","time":1}'));
  let isBlocked = false;
  const reading = (async () => {
    while (reads && await peer.frame().catch(() => undefined) !== undefined);
  })();
  for (
    let n = 0;
    n < harness.count(200_000, 20_000) && !isBlocked;
    n += BURST
  ) {
    const written = within(
      peer.write(frames).then(() => true, () => true),
      1_000,
    );
    isBlocked = await written === undefined;
  }
  const closed = await harness.closed(id, 2_000);
  harness.check(
    "closed",
    closed?.code === 4002 || closed?.code === 4029,
    closed === undefined ? "not closed" : `closed with ${closed.code}`,
  );
  peer.drop();
  await reading;
}

export const pingFlood: Row = {
  name: "ping-flood",
  expected:
    "less than 32 MiB; a peer that pings and does not read the answers is closed with 4002 or 4029; p99 is at most 3 times that before, or 100 ms",
  p99: { times: 3, ms: 100 },
  run: (harness) => pings(harness, false),
  control: {
    how: "a few pings whose answers are read",
    fails: "closed",
    async run(harness) {
      const { peer, id } = await harness.startPeer({ topics: {} });
      for (let n = 0; n < 5; n++) {
        await peer.sendJson({ type: "ping", time: n });
        await peer.json();
      }
      const closed = await harness.closed(id, 500);
      harness.check("closed", closed !== undefined, "not closed");
    },
  },
};
