import { CloseCode } from "../../../messages.ts";
import type { Target } from "../proxy.ts";
import type { Random } from "../random.ts";
import { RecordingPeer } from "../recording_peer.ts";
import { Scenario, type ScenarioResult } from "../scenario.ts";
import type { Position, Stream } from "../stream.ts";

/** Options of {@linkcode concurrentResumes}. */
export interface ConcurrentResumesOptions {
  readonly rounds: number;
  /** The session of the second of two connections. Default: the same. */
  readonly second?: (session: string) => string | undefined;
}

/** Resumes one session with two connections at once, several times, while records arrive. */
export async function concurrentResumes(
  target: Target,
  random: Random,
  { rounds, second = (session) => session }: ConcurrentResumesOptions,
): Promise<ScenarioResult> {
  const topic = `resumes:${random.seed}:${crypto.randomUUID()}`;
  const url = `ws://127.0.0.1:${target.port}/ws`;
  await using scenario = new Scenario(target);
  const { publisher } = scenario.addPublisher("p", topic);
  await scenario.subscribed();
  const { ledger } = scenario;
  // What the session as a whole received: from each surviving connection, up to the resume of the next one.
  const whole = ledger.stream("the session", topic);
  let live = new RecordingPeer(url, ledger.stream("round 0", topic));
  await live.started;
  whole.subscribed(live.stream.at!);
  let closed = 0;
  for (let round = 1; round <= rounds; round++) {
    for (let n = random.below(4); n > 0; n--) void publisher.publish();
    const { session, stream: { at } } = live;
    copy(live, whole, at!);
    const two = [session, second(session)].map((resumed, i) =>
      new RecordingPeer(
        url,
        ledger.stream(`round ${round}.${i}`, topic),
        resumed,
        at,
      )
    );
    for (let n = random.below(4); n > 0; n--) void publisher.publish();
    const all = [live, ...two];
    await scenario.waitFor(
      "starts",
      Promise.all(two.map((peer) => peer.started)),
    );
    const outcome = await publisher.publish();
    // Every open connection receives this message. The others were closed before it was published.
    if (!("offset" in outcome)) break;
    const next = { epoch: outcome.epoch!, offset: outcome.offset + 1 };
    await scenario.waitFor(
      "record",
      Promise.all(all.map(({ stream }) => stream.reached(next))),
    );
    const survivors = all.filter(({ code }) => code === undefined);
    if (survivors.length !== 1) {
      scenario.addViolation(
        topic,
        `Round ${round}: ${survivors.length} open connections, not one`,
      );
    }
    for (const { code, error, session } of all) {
      if (code === undefined) continue;
      closed++;
      if (code !== CloseCode.superseded) {
        const when = session === "" ? "before" : "after";
        scenario.addViolation(
          topic,
          `Round ${round}: closed with ${code} ${when} start, not 4505: ${error}`,
        );
      }
    }
    const survivor = survivors.at(-1);
    for (const peer of survivors) if (peer !== survivor) await peer.close();
    if (survivor === undefined) break;
    if (survivor.session !== session || !survivor.recovered) {
      scenario.addViolation(topic, `Round ${round}: not resumed`);
    }
    live = survivor;
  }
  copy(live, whole, live.stream.at!);
  await live.close();
  whole.unsubscribe();
  await scenario.converge(topic);
  return scenario.result(closed);
}

/** Copies the observations of a connection that the session does not have yet, up to a position. */
function copy({ stream }: RecordingPeer, whole: Stream, to: Position): void {
  for (const observation of stream.observations) {
    const { at } = observation;
    if (observation.kind === "subscribed" || at.offset < whole.at!.offset) {
      continue;
    }
    if (at.offset >= to.offset) break;
    if (observation.kind === "gap") {
      whole.gap(observation.from, observation.to, at);
    } else {
      whole.record(at.epoch, at.offset, observation.from, observation.body);
    }
  }
}
