import type { Store, StoreSink } from "../../hub/log/store.ts";
import type { Violation } from "./checker.ts";
import type { Ledger, Place } from "./ledger.ts";
import { bodyOf } from "./recorder.ts";

/** One topic's log: what is at each offset. */
interface Log {
  readonly epoch: string;
  readonly bodies: Map<number, string>;
  head: number;
}

/** The tiny model: what the store says that it committed, in order. Nothing else may be heard by anybody. */
export class Model {
  readonly #logs = new Map<string, Log>();
  readonly #violations: Violation[] = [];

  /** Writes down what a store tells its hub. @returns the same store. */
  watch(store: Store): Store {
    const connect = store.connect.bind(store);
    store.connect = (sink: StoreSink) =>
      connect({
        opened: (topic, bounds) => {
          if (this.#logs.get(topic)?.epoch !== bounds.epoch) {
            this.#logs.set(topic, { ...bounds, bodies: new Map() });
          }
          sink.opened(topic, bounds);
        },
        committed: (topic, offset, records) => {
          const log = this.#logs.get(topic)!;
          if (offset !== log.head) {
            this.#violate(topic, `Committed at ${offset}, not ${log.head}`);
          }
          records.forEach(({ body }, i) => {
            const message = typeof body === "string" ? JSON.parse(body) : body;
            log.bodies.set(offset + i, bodyOf(message));
          });
          log.head = offset + records.length;
          sink.committed(topic, offset, records);
        },
        trimmed: (topic, tail) => sink.trimmed(topic, tail),
        settled: (entry, outcome) => sink.settled(entry, outcome),
        claimed: (session) => sink.claimed(session),
        failed: (error) => sink.failed(error),
      });
    return store;
  }

  /** Where a topic's log ends. */
  end(topic: string): Place | undefined {
    const log = this.#logs.get(topic);
    return log && { epoch: log.epoch, offset: log.head };
  }

  /** What was heard and is not what the store has. */
  verdict({ streams }: Ledger): readonly Violation[] {
    for (const { topic, heard, subscriber } of streams) {
      const log = this.#logs.get(topic);
      for (const one of heard) {
        if (one.kind !== "record" || one.at.epoch !== log?.epoch) continue;
        const body = log.bodies.get(one.at.offset);
        if (body === one.body) continue;
        this.#violate(
          topic,
          `${subscriber} got '${one.body}' at ${one.at.offset}, where the store has '${body}'`,
        );
      }
    }
    return this.#violations;
  }

  #violate(topic: string, detail: string): void {
    this.#violations.push({ kind: "rule", topic, who: "the model", detail });
  }
}
