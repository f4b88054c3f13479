import type { Link, Target } from "../proxy.ts";
import type { Random } from "../random.ts";
import { add, Scenario, type ScenarioResult } from "../scenario.ts";

/** Options of {@linkcode resumeBytes}: the byte counts after which a resume is interrupted. */
export interface ResumeBytesOptions {
  /** The first byte count. */
  readonly from: number;
  /** The last byte count. */
  readonly to: number;
  /** The difference between two byte counts. Default: 1. */
  readonly step?: number;
  /** The number of clients that share the byte counts. Default: 4. */
  readonly lanes?: number;
}

/** The messages of each side in a round. With their padding they are more than 4,096 bytes in either direction. */
const MESSAGES = 8;
const PAD_BYTES = 480;

/** Ends the connection on which a client resumes, in each direction after each byte count. The next connection is intact. */
export async function resumeBytes(
  target: Target,
  random: Random,
  { from, to, step = 1, lanes = 4 }: ResumeBytesOptions,
): Promise<ScenarioResult> {
  const counts: number[] = [];
  for (let bytes = from; bytes <= to; bytes += step) counts.push(bytes);
  const results = await Promise.all(
    Array.from({ length: lanes }, (_, lane) =>
      runLane(
        target,
        `bytes:${random.seed}:${crypto.randomUUID()}`,
        counts.filter((_, i) => i % lanes === lane),
      )),
  );
  return results.reduce(add);
}

async function runLane(
  target: Target,
  topic: string,
  counts: readonly number[],
): Promise<ScenarioResult> {
  await using scenario = new Scenario(target);
  const { proxy, ledger } = scenario;
  let current: Link | undefined;
  let faults = 0;
  proxy.onLink = (link) => void (current = link);
  const { stream, publisher } = scenario.addPublisher("resumer", topic, {
    backoff: { minMs: 1, maxMs: 2 },
    heartbeat: false,
  });
  // This client bypasses the proxy: it publishes while the other one is disconnected.
  const direct = scenario.addClient({}, `ws://127.0.0.1:${target.port}/ws`);
  const feeder = scenario.publishWith("feeder", direct, topic);
  await scenario.subscribed();
  for (const bytes of counts) {
    for (const direction of ["down", "up"] as const) {
      const link = current!;
      link.up.heal();
      link.down.heal();
      link.down.freeze();
      // With every other byte count the server does not receive the publishes, so that they are new when repeated.
      if (bytes % 2 === 1) link.up.freeze();
      const fed: Promise<unknown>[] = [];
      for (let n = 0; n < MESSAGES; n++) {
        fed.push(feeder.publish({ padBytes: PAD_BYTES }));
        void publisher.publish({ padBytes: PAD_BYTES });
      }
      await Promise.all(fed);
      proxy.onLink = (next) => {
        next[direction].disconnectAfter(bytes);
        void next.closed.then(() => faults++);
        proxy.onLink = (intact) => void (current = intact);
        current = next;
      };
      link.disconnect();
      faults++;
      await publisher.settled();
      const last = ledger.published.findLast(({ outcome }) =>
        outcome !== undefined && "offset" in outcome
      )!.outcome as { epoch: string; offset: number };
      await scenario.waitFor(
        `resume after ${bytes} bytes ${direction}`,
        stream.reached({ epoch: last.epoch, offset: last.offset + 1 }),
      );
    }
  }
  proxy.heal();
  await scenario.converge(topic);
  return scenario.result(faults);
}
