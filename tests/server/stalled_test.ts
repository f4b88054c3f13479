import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { PROTOCOL } from "../../messages.ts";
import { RawPeer } from "../raw_peer.ts";
import { SpawnedServer, UNLIMITED } from "./spawned.ts";
import { test, type TransportName } from "./transports.ts";
import { type AnyFrame, WirePeer } from "./wire_peer.ts";

const MIB = 1024 * 1024;
const TOTAL_BYTES = 64 * MIB;
const MESSAGE_BYTES = 32 * 1024;
const MESSAGES = TOTAL_BYTES / MESSAGE_BYTES;
/** Messages that are on their way at once: well below a log of 1 MiB, so that whoever keeps up misses nothing. */
const ROUND = 8;
const TEXT = "x".repeat(MESSAGE_BYTES - 64);

/** Most of it is what the traffic itself leaves to the garbage collector, with or without a stalled peer. */
const MOST_MIB: Readonly<Record<TransportName, number>> = {
  deno: 48,
  strict: 80,
};

/** The memory of a process, in bytes. */
async function memory(pid: number): Promise<{ rss: number; peak: number }> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  const kib = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)![1]);
  return { rss: kib("VmRSS") * 1024, peak: kib("VmHWM") * 1024 };
}

/** Counts messages 0, 1, 2, … of the lobby as they come, and says when the last one of a round has come. */
class Listener {
  heard = 0;
  #wanted = 0;
  #wake: (() => void) | undefined;

  hear(message: AnyFrame): void {
    assertEquals(message.n, this.heard, "a healthy peer missed something");
    if (++this.heard >= this.#wanted) this.#wake?.();
  }

  async until(wanted: number): Promise<void> {
    this.#wanted = wanted;
    if (this.heard < wanted) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }
}

/** A drumbeat.v1 peer that keeps up. */
async function healthyV1(port: number): Promise<[WirePeer, Listener]> {
  const peer = await WirePeer.v1(port);
  await peer.next();
  const listener = new Listener();
  let frames = 0;
  peer.onFrame = (frame) => {
    if (frame.type === "ping") return peer.send({ type: "pong", frames });
    assertEquals(frame.type, "batch");
    peer.send({ type: "ack", frames: ++frames });
    for (const { message } of frame.messages) listener.hear(message);
  };
  return [peer, listener];
}

/** A plain peer that keeps up. */
async function healthyPlain(port: number): Promise<[WirePeer, Listener]> {
  const peer = await WirePeer.plain(port);
  const listener = new Listener();
  peer.onFrame = (frame) => listener.hear(frame);
  return [peer, listener];
}

/** Publishes the whole, a round at a time: the next one when all listeners have heard the last. */
async function publishAll(
  port: number,
  listeners: readonly Listener[],
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
    await Promise.all(listeners.map((listener) => listener.until(n)));
  }
}

/** A peer that does not read, as long as nobody asks it to. */
interface Stalled {
  readonly peer: RawPeer;
  /** Reads what is there and answers with the offsets: every one that came, and every one that a gap named. */
  catchUp(): Promise<{ received: number; lost: number; gaps: number }>;
}

async function stalledV1(port: number): Promise<Stalled> {
  const peer = await RawPeer.connect(port, { protocol: PROTOCOL });
  await peer.sendJson({ type: "hello" });
  assertEquals((await peer.json()).type, "start");
  return {
    peer,
    async catchUp() {
      const tally = { received: 0, lost: 0, gaps: 0 };
      let next = 0;
      let frames = 0;
      while (next < MESSAGES) {
        const frame = await peer.json();
        if (frame.type === "gap") {
          assertEquals([frame.topic, frame.from], ["lobby", next]);
          tally.lost += frame.to - frame.from;
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
      const tally = { received: 0, lost: 0, gaps: 0 };
      let next = 0;
      while (next < MESSAGES) {
        const frame = await peer.json();
        if (frame.type === "gap") {
          assertEquals([frame.topic, frame.from], ["lobby", next]);
          tally.lost += frame.to - frame.from;
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
  test(`a ${dialect} peer that stops reading costs the server a bounded amount of memory and nobody else anything, and then gets its records or a gap`, async ({ transport }) => {
    await using server = await SpawnedServer.start([
      ...UNLIMITED,
      "--transport",
      transport,
    ]);
    const { port, pid } = server;
    const [v1, heardV1] = await healthyV1(port);
    const [plain, heardPlain] = await healthyPlain(port);
    const stalled = await stall(port);
    using peer = stalled.peer;
    const before = await memory(pid);
    await publishAll(port, [heardV1, heardPlain]);
    const after = await memory(pid);
    assertEquals([heardV1.heard, heardPlain.heard], [MESSAGES, MESSAGES]);
    assertLess((after.peak - before.rss) / MIB, MOST_MIB[transport]);

    const { received, lost, gaps } = await stalled.catchUp();
    assertEquals(received + lost, MESSAGES);
    assertGreater(received, 0);
    assert(gaps >= 1, "64 MiB do not fit into any buffer on the way");
    for (const each of [v1, plain]) await each[Symbol.asyncDispose]();
    peer.drop();
    server.signal("SIGTERM");
    const { code, stderr } = await server.ended;
    assertEquals([code, stderr], [0, ""]);
  });
}
