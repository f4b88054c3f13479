/** Peers that say nothing, read nothing, or will not go. */
import { FaultProxy } from "../../proxy.ts";
import { RawPeer } from "../../../raw_peer.ts";
import { PROTOCOL } from "../../../../messages.ts";
import { type Arena, pause } from "../harness.ts";
import type { Row } from "../row.ts";

/** A heartbeat that finds nobody dead while a row lasts. */
const NO_HEARTBEAT = {
  heartbeat: { intervalMs: 1_000, timeoutMs: 3_600_000 },
};
const TOPIC = "flood";
const KIB = 1024;
/** What a peer that does not read may cost: its window, a batch, acks and pongs, and the noise of a heap. */
const STALLED_MIB = 48;

export const silentPeer: Row = {
  name: "silent-peer",
  expected:
    "4001 within the timeout and 1 s; 4408 where not even a hello came; left once",
  target: { limits: { helloMs: 1_000 } },
  async run(arena) {
    const attackers = [];
    for (let n = 0; n < arena.many(20, 3); n++) {
      attackers.push(await arena.join({ topics: {} }));
    }
    const silentAt = Date.now();
    const mute = await arena.connect(PROTOCOL);
    await arena.leaveInTime(attackers, silentAt);
    // The control has no timeout for a silent peer, and one for a hello.
    const code = await mute.closeCode();
    arena.check("no hello", code === 4408, `no hello: ${code}`);
  },
  control: {
    how: "a heartbeat of an hour",
    fails: "out in time",
    target: { ...NO_HEARTBEAT, limits: { helloMs: 1_000 } },
  },
};

async function blackHole(arena: Arena): Promise<void> {
  const proxy = new FaultProxy({ port: arena.port });
  arena.defer(() => proxy[Symbol.asyncDispose]());
  const attackers = [];
  for (let n = 0; n < arena.many(10, 2); n++) {
    const peer = await RawPeer.connect(proxy.port, { protocol: PROTOCOL });
    arena.defer(() => peer.drop());
    await peer.sendJson({ type: "hello", topics: { [TOPIC]: {} } });
    attackers.push({ peer, id: (await peer.json()).peer });
  }
  for (const link of proxy.links) link.freeze();
  const silentAt = Date.now();
  await arena.leaveInTime(attackers, silentAt);
  await arena.thrownOut(2_000);
}

export const blackHoleRow: Row = {
  name: "black-hole",
  expected: "4001 within the timeout and 1 s, left once, the descriptor freed",
  run: blackHole,
  gaps: { deno: { "thrown out": "a peer that stopped reading" } },
  control: {
    how: "a heartbeat of an hour",
    fails: "out in time",
    target: NO_HEARTBEAT,
  },
};

/** 32 MiB, or 6, are published to a topic. */
async function flood(arena: Arena): Promise<void> {
  await arena.look(`flood ${TOPIC} ${arena.many(1_000, 200)} ${32 * KIB}`);
}

export const stalledReader: Row = {
  name: "stalled-reader",
  expected:
    `less than ${STALLED_MIB} MiB for a flood that nobody reads; 4001 in time; the descriptor freed`,
  target: { keepMs: 2_000 },
  async run(arena) {
    const attacker = await arena.join({ topics: { [TOPIC]: {} } });
    const silentAt = Date.now();
    const before = await arena.look();
    await flood(arena);
    await arena.peakBelow(before, STALLED_MIB);
    await arena.leaveInTime([attacker], silentAt);
    await arena.thrownOut(2_000);
  },
  gaps: { deno: { "thrown out": "a peer that stopped reading" } },
  control: {
    how: "a heartbeat of an hour",
    fails: "out in time",
    target: NO_HEARTBEAT,
  },
};

export const slowReader: Row = {
  name: "one-byte-a-second",
  expected:
    `less than ${STALLED_MIB} MiB; skipped for as long as it pings, its place kept by the log`,
  target: { keepMs: 2_000 },
  async run(arena) {
    const proxy = new FaultProxy({ port: arena.port });
    arena.defer(() => proxy[Symbol.asyncDispose]());
    const peer = await RawPeer.connect(proxy.port, { protocol: PROTOCOL });
    arena.defer(() => peer.drop());
    await peer.sendJson({ type: "hello", topics: { [TOPIC]: {} } });
    const { peer: id } = await peer.json();
    for (const { down } of proxy.links) down.bytesPerSecond = 1;
    const before = await arena.look();
    await flood(arena);
    const ms = arena.many(6_000, 2_500);
    for (let waited = 0; waited < ms; waited += 500) {
      await peer.sendJson({ type: "ping" });
      await pause(500);
    }
    await arena.peakBelow(before, STALLED_MIB);
    const { departed } = await arena.look();
    const left = departed.find((one) => one.id === id);
    arena.check(
      "still in",
      left === undefined,
      left === undefined ? "still in" : `out with ${left.code}`,
    );
  },
  control: {
    how: "a window of 1 GiB",
    fails: "memory",
    target: { limits: { windowBytes: 1024 ** 3 }, keepMs: 2_000 },
    async run(arena) {
      const peer = await arena.join({ topics: { [TOPIC]: {} } });
      const before = await arena.look();
      await arena.look(`flood ${TOPIC} 4000 ${32 * KIB}`);
      await peer.peer.sendJson({ type: "ping" });
      await arena.peakBelow(before, STALLED_MIB);
    },
  },
};

/** Reads what is there until `head`, and adds up what came and what a gap named. */
async function catchUp(
  peer: RawPeer,
  from: number,
  head: number,
): Promise<{ received: number; lost: number; holes: number }> {
  const tally = { received: 0, lost: 0, holes: 0 };
  let next = from;
  let frames = 0;
  while (next < head) {
    const frame = await peer.json();
    if (frame.type === "ping") await peer.sendJson({ type: "pong", frames });
    if (frame.type === "gap") {
      if (frame.from !== next) tally.holes++;
      tally.lost += frame.to - frame.from;
      next = frame.to;
    } else if (frame.type === "batch") {
      if (frame.offset !== next) tally.holes++;
      tally.received += frame.messages.length;
      next = frame.offset + frame.messages.length;
      await peer.sendJson({ type: "ack", frames: ++frames });
    }
  }
  return tally;
}

async function resumes(arena: Arena, skipped = 0): Promise<void> {
  const peer = await arena.connect(PROTOCOL);
  await peer.sendJson({ type: "hello", topics: { [TOPIC]: {} } });
  const { topics: { [TOPIC]: { offset } } } = await peer.json();
  const count = arena.many(1_000, 200);
  await flood(arena);
  for (let n = 0; n < 6; n++) {
    await peer.sendJson({ type: "ping" });
    await pause(500);
  }
  const { received, lost, holes } = await catchUp(
    peer,
    offset + skipped,
    offset + count,
  );
  arena.check(
    "no silent hole",
    received + lost === count && holes === 0,
    `${received} received, ${lost} told as lost, ${holes} holes`,
  );
}

export const resumedReader: Row = {
  name: "resumes-after-3-s",
  expected: "every record of the flood comes, or a gap names it",
  target: { keepMs: 2_000 },
  run: (arena) => resumes(arena),
  control: {
    how: "the count begins 5 records later",
    fails: "no silent hole",
    target: { keepMs: 2_000 },
    run: (arena) => resumes(arena, 5),
  },
};

export const neverCloses: Row = {
  name: "never-answers-close",
  expected:
    "out with 4500 at once, left once; the descriptor freed without its help",
  async run(arena) {
    const attackers = [];
    for (let n = 0; n < arena.many(50, 5); n++) {
      const attacker = await arena.join({ topics: {} });
      await attacker.peer.send("not JSON");
      attackers.push(attacker);
    }
    await gone(arena, attackers.map(({ id }) => id));
    // A transport that drops such a peer gives it some seconds.
    await arena.thrownOut(
      arena.transport === "strict" ? 8_000 : arena.many(8_000, 1_500),
    );
  },
  gaps: { deno: { "thrown out": "a peer that answers no close" } },
  control: {
    how: "what they send is JSON",
    fails: "out at once",
    async run(arena) {
      const { peer, id } = await arena.join({ topics: {} });
      await peer.sendJson({ type: "ping" });
      await gone(arena, [id]);
    },
  },
};

/** Checks that these have left at once, because of what they sent. */
async function gone(arena: Arena, ids: readonly string[]): Promise<void> {
  const codes = new Set<number | undefined>();
  for (const id of ids) codes.add((await arena.departure(id, 1_000))?.code);
  arena.check(
    "out at once",
    [...codes].join() === "4500",
    `out with ${[...codes].join(", ")}`,
  );
}
