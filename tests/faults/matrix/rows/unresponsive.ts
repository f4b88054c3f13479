/** Peers that send nothing, read nothing, or do not answer a close. */
import { delay } from "@std/async";
import { PROTOCOL } from "../../../../messages.ts";
import { RawPeer } from "../../../raw_peer.ts";
import { FaultProxy } from "../../proxy.ts";
import type { Harness } from "../harness.ts";
import type { Row } from "../row.ts";

/** A heartbeat whose timeout is longer than a row. */
const NO_HEARTBEAT = {
  heartbeat: { intervalMs: 1_000, timeoutMs: 3_600_000 },
};
const TOPIC = "flood";
const KIB = 1024;
/** The memory that a peer that does not read may take: its window, a batch, acks and pongs, and the noise of a heap. */
const STALLED_MIB = 48;

export const silentPeer: Row = {
  name: "silent-peer",
  expected:
    "4001 within the timeout and 1 s; 4408 without a hello; `onClose` once",
  target: { limits: { helloMs: 1_000 } },
  async run(harness) {
    const attackers = [];
    for (let n = 0; n < harness.count(20, 3); n++) {
      attackers.push(await harness.startPeer({ topics: {} }));
    }
    const silentAt = Date.now();
    const withoutHello = await harness.connect(PROTOCOL);
    await harness.expectTimeout(attackers, silentAt);
    // The hello's timeout does not depend on the heartbeat, so that this holds in the control too.
    const code = await withoutHello.closeCode();
    harness.check("hello timeout", code === 4408, `without a hello: ${code}`);
  },
  control: {
    how: "a heartbeat of an hour",
    fails: "closed in time",
    target: { ...NO_HEARTBEAT, limits: { helloMs: 1_000 } },
  },
};

async function blackHole(harness: Harness): Promise<void> {
  const proxy = new FaultProxy({ port: harness.port });
  harness.defer(() => proxy[Symbol.asyncDispose]());
  const attackers = [];
  for (let n = 0; n < harness.count(10, 2); n++) {
    const peer = await RawPeer.connect(proxy.port, { protocol: PROTOCOL });
    harness.defer(() => peer.drop());
    await peer.sendJson({ type: "hello", topics: { [TOPIC]: {} } });
    attackers.push({ peer, id: (await peer.json()).peer });
  }
  for (const link of proxy.links) link.freeze();
  const silentAt = Date.now();
  await harness.expectTimeout(attackers, silentAt);
  await harness.expectFreed(2_000);
}

export const blackHoleRow: Row = {
  name: "black-hole",
  expected:
    "4001 within the timeout and 1 s; `onClose` once; the descriptor is freed",
  run: blackHole,
  gaps: { deno: { "descriptor freed": "a peer that stopped reading" } },
  control: {
    how: "a heartbeat of an hour",
    fails: "closed in time",
    target: NO_HEARTBEAT,
  },
};

/** Publishes 32 MiB to a topic, or 6 in a test. */
async function flood(harness: Harness): Promise<void> {
  await harness.snapshot(
    `flood ${TOPIC} ${harness.count(1_000, 200)} ${32 * KIB}`,
  );
}

export const stalledReader: Row = {
  name: "stalled-reader",
  expected:
    `less than ${STALLED_MIB} MiB for a flood that the peer does not read; 4001 in time; the descriptor is freed`,
  target: { keepMs: 2_000 },
  async run(harness) {
    const attacker = await harness.startPeer({ topics: { [TOPIC]: {} } });
    const silentAt = Date.now();
    const before = await harness.snapshot();
    await flood(harness);
    await harness.expectPeak(before, STALLED_MIB);
    await harness.expectTimeout([attacker], silentAt);
    await harness.expectFreed(2_000);
  },
  gaps: { deno: { "descriptor freed": "a peer that stopped reading" } },
  control: {
    how: "a heartbeat of an hour",
    fails: "closed in time",
    target: NO_HEARTBEAT,
  },
};

export const slowReader: Row = {
  name: "one-byte-a-second",
  expected:
    `less than ${STALLED_MIB} MiB; a peer that pings stays connected and receives no more than it reads`,
  target: { keepMs: 2_000 },
  async run(harness) {
    const proxy = new FaultProxy({ port: harness.port });
    harness.defer(() => proxy[Symbol.asyncDispose]());
    const peer = await RawPeer.connect(proxy.port, { protocol: PROTOCOL });
    harness.defer(() => peer.drop());
    await peer.sendJson({ type: "hello", topics: { [TOPIC]: {} } });
    const { peer: id } = await peer.json();
    for (const { down } of proxy.links) down.bytesPerSecond = 1;
    const before = await harness.snapshot();
    await flood(harness);
    const ms = harness.count(6_000, 2_500);
    for (let waited = 0; waited < ms; waited += 500) {
      await peer.sendJson({ type: "ping" });
      await delay(500);
    }
    await harness.expectPeak(before, STALLED_MIB);
    const { closedPeers } = await harness.snapshot();
    const closed = closedPeers.find((one) => one.id === id);
    harness.check(
      "connected",
      closed === undefined,
      closed === undefined ? "connected" : `closed with ${closed.code}`,
    );
  },
  control: {
    how: "a window of 1 GiB",
    fails: "memory",
    target: { limits: { windowBytes: 1024 ** 3 }, keepMs: 2_000 },
    async run(harness) {
      const peer = await harness.startPeer({ topics: { [TOPIC]: {} } });
      const before = await harness.snapshot();
      await harness.snapshot(`flood ${TOPIC} 4000 ${32 * KIB}`);
      await peer.peer.sendJson({ type: "ping" });
      await harness.expectPeak(before, STALLED_MIB);
    },
  },
};

/** Reads up to `head` and counts the records, the offsets in gaps, and the offsets that are in neither. */
async function catchUp(
  peer: RawPeer,
  from: number,
  head: number,
): Promise<{ received: number; lost: number; jumps: number }> {
  const counts = { received: 0, lost: 0, jumps: 0 };
  let next = from;
  let frames = 0;
  while (next < head) {
    const frame = await peer.json();
    if (frame.type === "ping") await peer.sendJson({ type: "pong", frames });
    if (frame.type === "gap") {
      if (frame.from !== next) counts.jumps++;
      counts.lost += frame.to - frame.from;
      next = frame.to;
    } else if (frame.type === "batch") {
      if (frame.offset !== next) counts.jumps++;
      counts.received += frame.messages.length;
      next = frame.offset + frame.messages.length;
      await peer.sendJson({ type: "ack", frames: ++frames });
    }
  }
  return counts;
}

async function resumes(harness: Harness, skipped = 0): Promise<void> {
  const peer = await harness.connect(PROTOCOL);
  await peer.sendJson({ type: "hello", topics: { [TOPIC]: {} } });
  const { topics: { [TOPIC]: { offset } } } = await peer.json();
  const count = harness.count(1_000, 200);
  await flood(harness);
  for (let n = 0; n < 6; n++) {
    await peer.sendJson({ type: "ping" });
    await delay(500);
  }
  const { received, lost, jumps } = await catchUp(
    peer,
    offset + skipped,
    offset + count,
  );
  harness.check(
    "no unannounced gap",
    received + lost === count && jumps === 0,
    `${received} received, ${lost} in gaps, ${jumps} unannounced`,
  );
}

export const resumedReader: Row = {
  name: "resumes-after-3-s",
  expected: "every record of the flood arrives, or a gap names it",
  target: { keepMs: 2_000 },
  run: (harness) => resumes(harness),
  control: {
    how: "a count that begins 5 records later",
    fails: "no unannounced gap",
    target: { keepMs: 2_000 },
    run: (harness) => resumes(harness, 5),
  },
};

export const neverCloses: Row = {
  name: "never-answers-close",
  expected:
    "4500 at once; `onClose` once; the descriptor is freed without the peer's answer",
  async run(harness) {
    const attackers = [];
    for (let n = 0; n < harness.count(50, 5); n++) {
      const attacker = await harness.startPeer({ topics: {} });
      await attacker.peer.send("not JSON");
      attackers.push(attacker);
    }
    await expectClosed(harness, attackers.map(({ id }) => id));
    // The strict transport drops such a peer after some seconds.
    await harness.expectFreed(
      harness.transport === "strict" ? 8_000 : harness.count(8_000, 1_500),
    );
  },
  gaps: { deno: { "descriptor freed": "a peer that answers no close" } },
  control: {
    how: "peers that send JSON",
    fails: "closed at once",
    async run(harness) {
      const { peer, id } = await harness.startPeer({ topics: {} });
      await peer.sendJson({ type: "ping" });
      await expectClosed(harness, [id]);
    },
  },
};

/** Checks that the hub closed these peers at once for what they sent. */
async function expectClosed(
  harness: Harness,
  ids: readonly string[],
): Promise<void> {
  const codes = new Set<number | string>();
  for (const id of ids) {
    const closed = await harness.closed(id, 1_000);
    codes.add(
      closed === undefined ? "not closed" : `closed with ${closed.code}`,
    );
  }
  harness.check(
    "closed at once",
    [...codes].join() === "closed with 4500",
    [...codes].join(", "),
  );
}
