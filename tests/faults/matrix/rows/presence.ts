/** Members of presence whose connections are dropped. */
import { PROTOCOL } from "../../../../messages.ts";
import { RawPeer } from "../../../raw_peer.ts";
import type { Harness } from "../harness.ts";
import type { Row } from "../row.ts";
import { NO_RATES } from "../target.ts";

const MIB = 1024 * 1024;
const MAX_MIB = 64;
const TOPICS = 60;
const DATA_BYTES = 1_000;
/** The number of connections at a time. */
const AT_ONCE = 12;

/** Connects peers of one address that join many topics with presence, and drops each after its `start`. */
async function dropMembers(harness: Harness): Promise<void> {
  const count = harness.count(10_000, 1_500);
  const before = await harness.snapshot("collect");
  let next = 0;
  const one = async () => {
    while (next < count) {
      const data = `${next++} `.padEnd(DATA_BYTES, "x");
      const topics = Object.fromEntries(
        Array.from(
          { length: TOPICS },
          (_, n) => [`present:${n}`, { presence: true, data }],
        ),
      );
      using peer = await RawPeer.connect(harness.port, { protocol: PROTOCOL });
      await peer.sendJson({ type: "hello", topics });
      await peer.json();
      peer.drop();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
  const after = await harness.snapshot("collect");
  const grown = (after.heap - before.heap) / MIB;
  harness.check(
    "bounded",
    grown < MAX_MIB,
    `${next} connections in ${TOPICS} topics; heap +${Math.round(grown)} MiB`,
  );
}

export const droppedMembers: Row = {
  name: "dropped-members",
  expected:
    `10,000 connections of one address that join ${TOPICS} topics with ${DATA_BYTES} bytes of presence and are dropped: less than ${MAX_MIB} MiB, all of them freed afterwards`,
  target: {
    keepMs: 10_000,
    limits: { ...NO_RATES, messageBytes: 128 * 1024 },
  },
  run: dropMembers,
  control: {
    how: "no limit of the bytes of presence",
    fails: "bounded",
    target: {
      keepMs: 60_000,
      limits: {
        ...NO_RATES,
        messageBytes: 128 * 1024,
        presenceBytesPerAddress: 1e12,
        presenceBytesTotal: 1e12,
      },
    },
  },
};
