/** Many clients and little memory. */
import { delay } from "@std/async";
import { PROTOCOL } from "../../../../messages.ts";
import { WirePeer } from "../../../server/wire_peer.ts";
import type { Harness } from "../harness.ts";
import type { Row } from "../row.ts";

const MIB = 1024 * 1024;
const TOPIC = "crowd";

/** Connects clients that receive 20 messages of 1 KiB a second each, and replaces some. @param mostMib the limit. */
async function crowd(harness: Harness, mostMib: number): Promise<void> {
  const peers: WirePeer[] = [];
  let delivered = 0;
  const join = async () => {
    const peer = await WirePeer.open(
      `ws://127.0.0.1:${harness.port}/ws`,
      PROTOCOL,
    );
    let frames = 0;
    peer.onFrame = ({ type, messages }) => {
      if (type === "ping") peer.send({ type: "pong", frames });
      if (type !== "batch") return;
      delivered += messages.length;
      if (++frames % 16 === 0) peer.send({ type: "ack", frames });
    };
    peer.send({ type: "hello", topics: { [TOPIC]: {} } });
    peers.push(peer);
  };
  const count = harness.count(2_000, 100);
  for (let n = 0; n < count; n += 50) {
    await Promise.all(Array.from({ length: 50 }, join));
  }
  const joined = await harness.until(({ peers }) => peers >= count, 20_000);
  const rounds = harness.count(100, 10);
  for (let n = 0; n < rounds; n++) {
    await harness.snapshot(`flood ${TOPIC} 1 1000`);
    // Some clients disconnect, and new ones connect.
    if (n % 5 === 0) {
      for (const { socket } of peers.splice(0, count / 100)) socket.close();
      for (let i = 0; i < count / 100; i++) await join();
    }
    await delay(20);
  }
  const { peak, peers: at } = await harness.snapshot();
  for (const peer of peers) peer.socket.close(1000);
  await Promise.all(peers.map(({ closed }) => closed));
  harness.check(
    "memory",
    peak < mostMib * MIB && joined.peers >= count,
    `${at} peers, ${delivered} deliveries, peak ${(peak / MIB).toFixed(0)} MiB`,
  );
}

export const littleMemory: Row = {
  name: "2,000-clients-in-512-mib",
  expected:
    "a heap of 384 MiB and 2,000 clients under load: at most 512 MiB in all, and the heap is freed afterwards",
  target: {
    heapMib: 384,
    limits: { peersPerAddress: 3_000 },
    // The process of the clients is slower than the server.
    heartbeat: { intervalMs: 5_000, timeoutMs: 20_000 },
  },
  run: (harness) => crowd(harness, 512),
  control: {
    how: "a limit of 16 MiB",
    fails: "memory",
    run: (harness) => crowd(harness, 16),
  },
};
