import type { Store, StoreSink } from "../../hub/log/store.ts";
import type { Ledger } from "./ledger.ts";
import { bodyOf } from "./recorder.ts";
import type { Position } from "./stream.ts";
import type { Violation } from "./violation.ts";

/** One topic's log. */
interface Log {
  readonly epoch: string;
  readonly bodies: Map<number, string>;
  head: number;
}

/** A model of the logs: the records that the store committed, in order. Subscribers may receive no other record. */
export class Model {
  readonly #logs = new Map<string, Log>();
  readonly #violations: Violation[] = [];

  /** Records what a store reports to its hub. @returns the same store. */
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

  /** Returns the end of a topic's log. */
  end(topic: string): Position | undefined {
    const log = this.#logs.get(topic);
    return log && { epoch: log.epoch, offset: log.head };
  }

  /** Returns a violation for each received record that differs from the store's. */
  check({ streams }: Ledger): readonly Violation[] {
    for (const { topic, observations, subscriber } of streams) {
      const log = this.#logs.get(topic);
      for (const one of observations) {
        if (one.kind !== "record" || one.at.epoch !== log?.epoch) continue;
        const body = log.bodies.get(one.at.offset);
        if (body === one.body) continue;
        this.#violate(
          topic,
          `${subscriber} received '${one.body}' at ${one.at.offset}, where the store has '${body}'`,
        );
      }
    }
    return this.#violations;
  }

  #violate(topic: string, detail: string): void {
    this.#violations.push({ kind: "rule", topic, client: "model", detail });
  }
}
