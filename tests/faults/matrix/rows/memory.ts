/** Many clients in little memory. */
import { PROTOCOL } from "../../../../messages.ts";
import { WirePeer } from "../../../server/wire_peer.ts";
import { type Arena, pause } from "../harness.ts";
import type { Row } from "../row.ts";

const MIB = 1024 * 1024;
const TOPIC = "crowd";

/** Clients in a topic, 20 messages of 1 KiB a second for each, and those who go and come. @param mostMib of memory. */
async function crowd(arena: Arena, mostMib: number): Promise<void> {
  const peers: WirePeer[] = [];
  let heard = 0;
  const join = async () => {
    const peer = await WirePeer.open(
      `ws://127.0.0.1:${arena.port}/ws`,
      PROTOCOL,
    );
    let frames = 0;
    peer.onFrame = ({ type, messages }) => {
      if (type === "ping") peer.send({ type: "pong", frames });
      if (type !== "batch") return;
      heard += messages.length;
      if (++frames % 16 === 0) peer.send({ type: "ack", frames });
    };
    peer.send({ type: "hello", topics: { [TOPIC]: {} } });
    peers.push(peer);
  };
  const count = arena.many(2_000, 100);
  for (let n = 0; n < count; n += 50) {
    await Promise.all(Array.from({ length: 50 }, join));
  }
  const joined = await arena.until(({ peers }) => peers >= count, 20_000);
  const rounds = arena.many(100, 10);
  for (let n = 0; n < rounds; n++) {
    await arena.look(`flood ${TOPIC} 1 1000`);
    // Some go and others come.
    if (n % 5 === 0) {
      for (const gone of peers.splice(0, count / 100)) gone.socket.close();
      for (let i = 0; i < count / 100; i++) await join();
    }
    await pause(20);
  }
  const { peak, peers: at } = await arena.look();
  for (const peer of peers) peer.socket.close(1000);
  await Promise.all(peers.map(({ closed }) => closed));
  arena.check(
    "memory",
    peak < mostMib * MIB && joined.peers >= count,
    `${at} peers, ${heard} deliveries, at most ${
      (peak / MIB).toFixed(0)
    } MiB in all`,
  );
}

export const littleMemory: Row = {
  name: "2,000-clients-in-512-mib",
  expected:
    "a heap of 384 MiB, 2,000 clients under load: never more than 512 MiB in all, and it recovers",
  target: {
    heapMib: 384,
    limits: { peersPerAddress: 3_000 },
    // Their own process is slower than the server.
    heartbeat: { intervalMs: 5_000, timeoutMs: 20_000 },
  },
  run: (arena) => crowd(arena, 512),
  control: {
    how: "held against 16 MiB",
    fails: "memory",
    run: (arena) => crowd(arena, 16),
  },
};
