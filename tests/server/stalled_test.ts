import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { PROTOCOL } from "../../messages.ts";
import { RawPeer } from "../raw_peer.ts";
import { SpawnedServer } from "./spawned.ts";
import { test, type TransportName } from "./transports.ts";
import { type AnyFrame, WirePeer } from "./wire_peer.ts";

const MIB = 1024 * 1024;
const TOTAL_BYTES = 64 * MIB;
const MESSAGE_BYTES = 32 * 1024;
const MESSAGES = TOTAL_BYTES / MESSAGE_BYTES;
/** The messages in flight: well below a log of 1 MiB, so that a peer that reads misses no record. */
const ROUND = 8;
const TEXT = "x".repeat(MESSAGE_BYTES - 64);

/** The largest growth of memory in MiB. Most of it is garbage of the traffic itself, with or without a stalled peer. */
const MAX_MIB: Readonly<Record<TransportName, number>> = {
  deno: 48,
  strict: 80,
};

/** Returns the memory of a process in bytes. */
async function memory(pid: number): Promise<{ rss: number; peak: number }> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  const kib = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)![1]);
  return { rss: kib("VmRSS") * 1024, peak: kib("VmHWM") * 1024 };
}

/** Counts the messages 0, 1, 2, … of the lobby. */
class Counter {
  count = 0;
  #target = 0;
  #wake: (() => void) | undefined;

  add(message: AnyFrame): void {
    assertEquals(message.n, this.count, "A healthy peer missed a message");
    if (++this.count >= this.#target) this.#wake?.();
  }

  async until(target: number): Promise<void> {
    this.#target = target;
    if (this.count < target) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }
}

/** Connects a drumbeat.v1 peer that reads. */
async function healthyV1(port: number): Promise<[WirePeer, Counter]> {
  const peer = await WirePeer.v1(port);
  await peer.next();
  const counter = new Counter();
  let frames = 0;
  peer.onFrame = (frame) => {
    if (frame.type === "ping") return peer.send({ type: "pong", frames });
    assertEquals(frame.type, "batch");
    peer.send({ type: "ack", frames: ++frames });
    for (const { message } of frame.messages) counter.add(message);
  };
  return [peer, counter];
}

/** Connects a plain peer that reads. */
async function healthyPlain(port: number): Promise<[WirePeer, Counter]> {
  const peer = await WirePeer.plain(port);
  const counter = new Counter();
  peer.onFrame = (frame) => counter.add(frame);
  return [peer, counter];
}

/** Publishes all messages in rounds: the next one starts when every reader has received the last one. */
async function publishAll(
  port: number,
  counters: readonly Counter[],
): Promise<void> {
  await using publisher = await WirePeer.v1(port, { topics: {} });
  await publisher.next();
  publisher.onFrame = (frame) => {
    if (frame.type === "ping") publisher.send({ type: "pong" });
    else assertEquals(frame.type, "ack");
  };
  for (let n = 0; n < MESSAGES;) {
    for (let i = 0; i < ROUND; i++, n++) {
      publisher.send({
        type: "publish",
        id: n + 1,
        topic: "lobby",
        message: { type: "load", n, text: TEXT },
      });
    }
    await Promise.all(counters.map((counter) => counter.until(n)));
  }
}

/** A peer that reads only on request. */
interface Stalled {
  readonly peer: RawPeer;
  /** Reads up to the last message. Counts the received ones, those that gaps name, and the gaps. */
  catchUp(): Promise<{ received: number; missed: number; gaps: number }>;
}

async function stalledV1(port: number): Promise<Stalled> {
  const peer = await RawPeer.connect(port, { protocol: PROTOCOL });
  await peer.sendJson({ type: "hello" });
  assertEquals((await peer.json()).type, "start");
  return {
    peer,
    async catchUp() {
      const tally = { received: 0, missed: 0, gaps: 0 };
      let next = 0;
      let frames = 0;
      while (next < MESSAGES) {
        const frame = await peer.json();
        if (frame.type === "gap") {
          assertEquals([frame.topic, frame.from], ["lobby", next]);
          tally.missed += frame.to - frame.from;
          tally.gaps++;
          next = frame.to;
          continue;
        }
        assertEquals([frame.type, frame.offset], ["batch", next]);
        for (const { message } of frame.messages) {
          assertEquals(message.n, next++);
        }
        tally.received += frame.messages.length;
        await peer.sendJson({ type: "ack", frames: ++frames });
      }
      return tally;
    },
  };
}

async function stalledPlain(port: number): Promise<Stalled> {
  const peer = await RawPeer.connect(port);
  assertEquals((await peer.json()).type, "start");
  return {
    peer,
    async catchUp() {
      const tally = { received: 0, missed: 0, gaps: 0 };
      let next = 0;
      while (next < MESSAGES) {
        const frame = await peer.json();
        if (frame.type === "gap") {
          assertEquals([frame.topic, frame.from], ["lobby", next]);
          tally.missed += frame.to - frame.from;
          tally.gaps++;
          next = frame.to;
          continue;
        }
        assertEquals([frame.type, frame.n], ["load", next++]);
        tally.received++;
      }
      return tally;
    },
  };
}

for (
  const [dialect, stall] of [[PROTOCOL, stalledV1], [
    "plain",
    stalledPlain,
  ]] as const
) {
  test(`a ${dialect} peer that stops reading takes bounded memory and does not affect others; it then receives its records or a gap`, async ({ transport }) => {
    await using server = await SpawnedServer.start([
      "run",
      "--v8-flags=--max-semi-space-size=4,--heap-growing-percent=50",
      "--allow-net",
      "tests/server/patient_server.ts",
      transport,
    ]);
    const { port, pid } = server;
    const [v1, countV1] = await healthyV1(port);
    const [plain, countPlain] = await healthyPlain(port);
    const stalled = await stall(port);
    using peer = stalled.peer;
    const before = await memory(pid);
    await publishAll(port, [countV1, countPlain]);
    const after = await memory(pid);
    assertEquals([countV1.count, countPlain.count], [MESSAGES, MESSAGES]);
    assertLess((after.peak - before.rss) / MIB, MAX_MIB[transport]);

    const { received, missed, gaps } = await stalled.catchUp();
    assertEquals(received + missed, MESSAGES);
    assertGreater(received, 0);
    assert(gaps >= 1, "64 MiB do not fit into the buffers on the way");
    for (const healthy of [v1, plain]) await healthy[Symbol.asyncDispose]();
    peer.drop();
    server.signal("SIGTERM");
    const { code, stderr } = await server.ended;
    assertEquals([code, stderr], [0, ""]);
  });
}
