import { CloseCode } from "../../../messages.ts";
import type { Place } from "../ledger.ts";
import type { Target } from "../proxy.ts";
import type { Random } from "../random.ts";
import { RawPeer } from "../recording_peer.ts";
import { type Outcome, Stage } from "../scenario.ts";

/** How much of {@linkcode parallel}. */
export interface ParallelOptions {
  readonly rounds: number;
  /** The session that the second of two connections asks for. Default: the same. */
  readonly second?: (session: string) => string | undefined;
}

/** Two connections resume one session at once, again and again, while records come in. */
export async function parallel(
  target: Target,
  random: Random,
  { rounds, second = (session) => session }: ParallelOptions,
): Promise<Outcome> {
  const topic = `parallel:${random.seed}:${crypto.randomUUID()}`;
  const url = `ws://127.0.0.1:${target.port}/ws`;
  await using stage = new Stage(target);
  const { publisher } = stage.publisher("p", topic);
  await stage.joined();
  // What the session as a whole heard: from each survivor, up to where the next one took over.
  const chain = stage.ledger.stream("the session", topic);
  let live = new RawPeer(url, stage.ledger.stream("round 0", topic));
  await live.started;
  chain.joined(live.stream.at!);
  let cuts = 0;
  for (let round = 1; round <= rounds; round++) {
    for (let n = random.below(4); n > 0; n--) void publisher.publish();
    const { session, stream: { at } } = live;
    copy(live, chain, at!);
    const two = [session, second(session)].map((asked, i) =>
      new RawPeer(
        url,
        stage.ledger.stream(`round ${round}.${i}`, topic),
        asked,
        at,
      )
    );
    for (let n = random.below(4); n > 0; n--) void publisher.publish();
    const all = [live, ...two];
    await stage.patiently(
      "starts",
      Promise.all(two.map((peer) => peer.started)),
    );
    await publisher.publish();
    // Every connection that is still there hears of it; the others were told to stay away before it was published.
    const { told } = stage.ledger.published.at(-1)!;
    if (told === undefined || !("offset" in told)) break;
    const there = { epoch: told.epoch!, offset: told.offset + 1 };
    await stage.patiently(
      "record",
      Promise.all(all.map(({ stream }) => stream.reached(there))),
    );
    const survivors = all.filter(({ code }) => code === undefined);
    if (survivors.length !== 1) {
      stage.violate(
        topic,
        `Round ${round}: ${survivors.length} live connections, not one`,
      );
    }
    for (const { code } of all) {
      if (code === undefined) continue;
      cuts++;
      if (code !== CloseCode.superseded) {
        stage.violate(topic, `Round ${round}: closed with ${code}, not 4505`);
      }
    }
    const survivor = survivors.at(-1);
    for (const peer of survivors) if (peer !== survivor) await peer.close();
    if (survivor === undefined) break;
    if (survivor.session !== session || !survivor.recovered) {
      stage.violate(topic, `Round ${round}: not resumed`);
    }
    live = survivor;
  }
  copy(live, chain, live.stream.at!);
  await live.close();
  chain.leave();
  await stage.quiet(topic);
  return stage.outcome(cuts);
}

/** Writes down in the chain what it has not heard yet, up to a place. */
function copy({ stream }: RawPeer, chain: typeof stream, to: Place): void {
  for (const heard of stream.heard) {
    const { at } = heard;
    if (heard.kind === "joined" || at.offset < chain.at!.offset) continue;
    if (at.offset >= to.offset) break;
    if (heard.kind === "gap") chain.gap(heard.from, heard.to, at);
    else chain.record(at.epoch, at.offset, heard.from, heard.body);
  }
}
