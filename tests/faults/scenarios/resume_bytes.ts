import type { Link, Target } from "../proxy.ts";
import type { Random } from "../random.ts";
import { add, type Outcome, Stage } from "../scenario.ts";

/** Which exchanges to cut. */
export interface ResumeBytesOptions {
  /** The byte counts: from this one on, */
  readonly from: number;
  /** up to this one, */
  readonly to: number;
  /** every so manieth. Default: 1. */
  readonly step?: number;
  /** How many clients share them. Default: 4. */
  readonly lanes?: number;
}

/** Messages of each side in a round: with their padding more than 4,096 bytes in either direction. */
const MESSAGES = 8;
const PAD_BYTES = 480;

/** Cuts the exchange in which a client resumes, in each direction after each byte count, and lets the next one through. */
export async function resumeBytes(
  target: Target,
  random: Random,
  { from, to, step = 1, lanes = 4 }: ResumeBytesOptions,
): Promise<Outcome> {
  const counts: number[] = [];
  for (let bytes = from; bytes <= to; bytes += step) counts.push(bytes);
  const outcomes = await Promise.all(
    Array.from({ length: lanes }, (_, lane) =>
      runLane(
        target,
        `bytes:${random.seed}:${crypto.randomUUID()}`,
        counts.filter((_, i) => i % lanes === lane),
      )),
  );
  return outcomes.reduce(add);
}

async function runLane(
  target: Target,
  topic: string,
  counts: readonly number[],
): Promise<Outcome> {
  await using stage = new Stage(target);
  const { proxy } = stage;
  let current: Link | undefined;
  let cuts = 0;
  proxy.onLink = (link) => void (current = link);
  const { stream, publisher } = stage.publisher("resumer", topic, {
    backoff: { minMs: 1, maxMs: 2 },
    heartbeat: false,
  });
  // Not through the proxy: it publishes while the other one is away.
  const direct = stage.client({}, `ws://127.0.0.1:${target.port}/ws`);
  const feeder = stage.publishes("feeder", direct, topic);
  await stage.joined();
  for (const bytes of counts) {
    for (const direction of ["down", "up"] as const) {
      const link = current!;
      link.up.heal();
      link.down.heal();
      link.down.freeze();
      // Every other time the server does not get what the client sends, so that it is new to it when it is sent again.
      if (bytes % 2 === 1) link.up.freeze();
      const fed: Promise<unknown>[] = [];
      for (let n = 0; n < MESSAGES; n++) {
        fed.push(feeder.publish({ padBytes: PAD_BYTES }));
        void publisher.publish({ padBytes: PAD_BYTES });
      }
      await Promise.all(fed);
      proxy.onLink = (next) => {
        next[direction].cutAfter(bytes);
        void next.over.then(() => cuts++);
        proxy.onLink = (clean) => void (current = clean);
        current = next;
      };
      link.cut();
      cuts++;
      await publisher.settled();
      const last = stage.ledger.published.findLast(({ told }) =>
        told !== undefined && "offset" in told
      )!.told as { epoch: string; offset: number };
      await stage.patiently(
        `resume cut ${direction} after ${bytes} bytes`,
        stream.reached({ epoch: last.epoch, offset: last.offset + 1 }),
      );
    }
  }
  proxy.heal();
  await stage.quiet(topic);
  return stage.outcome(cuts);
}
