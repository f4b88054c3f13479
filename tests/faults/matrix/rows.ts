import type { Row } from "./row.ts";
import { controlFlood, endlessSender } from "./rows/endless.ts";
import { pingFlood, subscribeChurn } from "./rows/floods.ts";
import {
  badUtf8,
  bigFrames,
  fragments,
  reserved,
  unmaskedFrames,
} from "./rows/frames.ts";
import {
  connectionFlood,
  halfHead,
  origins,
  subprotocols,
} from "./rows/handshakes.ts";
import { littleMemory } from "./rows/memory.ts";
import { hostilePage } from "./rows/page.ts";
import { droppedMembers } from "./rows/presence.ts";
import { fuzzRow, malformedRow } from "./rows/protocol.ts";
import { filledLogs, smallPayloadsRow } from "./rows/records.ts";
import {
  blackHoleRow,
  neverCloses,
  resumedReader,
  silentPeer,
  slowReader,
  stalledReader,
} from "./rows/unresponsive.ts";
import {
  descriptorsRow,
  failingRow,
  fullDisk,
  stopped,
  wallClock,
} from "./rows/process.ts";

/** The matrix of faults, in the order of its table. */
export const ROWS: readonly Row[] = [
  silentPeer,
  blackHoleRow,
  stalledReader,
  slowReader,
  resumedReader,
  neverCloses,
  halfHead,
  connectionFlood,
  origins,
  subprotocols,
  fragments,
  bigFrames,
  reserved,
  unmaskedFrames,
  badUtf8,
  malformedRow,
  fuzzRow,
  subscribeChurn,
  droppedMembers,
  pingFlood,
  endlessSender,
  controlFlood,
  smallPayloadsRow,
  filledLogs,
  hostilePage,
  failingRow,
  descriptorsRow,
  fullDisk,
  stopped,
  wallClock,
  littleMemory,
];
