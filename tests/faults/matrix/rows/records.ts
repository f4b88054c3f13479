/** Publishers that try to fill the memory with records. */
import { encodeBinary } from "../../../../messages.ts";
import { encodeFrame, type RawPeer } from "../../../raw_peer.ts";
import type { Harness } from "../harness.ts";
import type { Row } from "../row.ts";
import { NO_RATES } from "../target.ts";

const MIB = 1024 * 1024;
/** The bytes of a frame. */
const FRAME_BYTES = 60_000;
/** The records that a topic of the target keeps at most. */
const RECORDS_PER_TOPIC = 64;
/** The frames that are sent before their answers are read: a divisor of all frames. */
const PER_ROUND = 32;
/** The time for which the target keeps records, in ms: longer than the attack. */
const KEEP_MS = 8_000;

/** Publishes frames of the same size to a number of topics. @returns the memory and the records' bytes that were added. */
async function fill(
  harness: Harness,
  topics: number,
  payloadBytes: number,
): Promise<{ memoryMib: number; recordMib: number }> {
  const before = await harness.snapshot("collect");
  const { peer } = await harness.startPeer({ topics: {} });
  const padding = " ".repeat(FRAME_BYTES - payloadBytes);
  const payload = new Uint8Array(payloadBytes);
  const count = topics * RECORDS_PER_TOPIC;
  for (let id = 1; id <= count; id++) {
    const topic = `fill:${id % topics}`;
    const header = JSON.stringify({ type: "publish", id, topic, padding });
    await peer.write(encodeFrame(2, encodeBinary(header, payload)));
    if (id % PER_ROUND === 0) await readAnswers(peer, PER_ROUND);
  }
  const after = await harness.snapshot("collect");
  peer.drop();
  return {
    memoryMib: (after.heap - before.heap) / MIB,
    recordMib: after.recordBytes / MIB,
  };
}

/** Reads the answers of publishes. @throws {Error} (as a rejection) for a refusal. */
async function readAnswers(peer: RawPeer, count: number): Promise<void> {
  for (let pending = count; pending > 0;) {
    const { type, code } = await peer.json();
    if (code !== undefined) throw new Error(`Refused: ${code}`);
    if (type === "ping") await peer.sendJson({ type: "pong" });
    else pending--;
  }
}

async function smallPayloads(
  harness: Harness,
  payloadBytes: number,
): Promise<void> {
  const topics = harness.count(30, 12);
  const { memoryMib, recordMib } = await fill(harness, topics, payloadBytes);
  const frames = topics * RECORDS_PER_TOPIC * FRAME_BYTES / MIB;
  harness.check(
    "memory",
    memoryMib < 8,
    `${frames.toFixed(0)} MiB of frames: memory +${
      memoryMib.toFixed(1)
    } MiB, records ${recordMib.toFixed(1)} MiB`,
  );
}

export const smallPayloadsRow: Row = {
  name: "small-payloads",
  expected:
    "records of one byte from frames of 60 kB take less than 8 MiB of memory",
  target: { limits: NO_RATES, keepMs: KEEP_MS },
  run: (harness) => smallPayloads(harness, 1),
  control: {
    how: "payloads as large as their frames",
    fails: "memory",
    run: (harness) => smallPayloads(harness, FRAME_BYTES - 100),
  },
};

const ADDRESS_MIB = 16;

async function fillLogs(harness: Harness): Promise<void> {
  const topics = harness.count(60, 30);
  const { memoryMib, recordMib } = await fill(
    harness,
    topics,
    FRAME_BYTES - 100,
  );
  harness.check(
    "records",
    recordMib <= ADDRESS_MIB && memoryMib < 2 * ADDRESS_MIB,
    `${topics} topics: records ${recordMib.toFixed(1)} MiB, memory +${
      memoryMib.toFixed(1)
    } MiB`,
  );
}

export const filledLogs: Row = {
  name: "filled-logs",
  expected:
    `one address that fills many topics with large records has ${ADDRESS_MIB} MiB of them (recordBytesPerAddress), and takes less than twice that`,
  target: {
    limits: { ...NO_RATES, recordBytesPerAddress: ADDRESS_MIB * MIB },
    keepMs: KEEP_MS,
  },
  run: fillLogs,
  control: {
    how: "the default of 32 MiB",
    fails: "records",
    target: { limits: NO_RATES, keepMs: KEEP_MS },
  },
};
