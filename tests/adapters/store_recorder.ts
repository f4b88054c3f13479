import { assert } from "@std/assert";
import type { LogRecord } from "../../hub/log/record.ts";
import type {
  Entry,
  LogBounds,
  Outcome,
  StoreSink,
} from "../../hub/log/store.ts";

/** What a store told, in order. */
export class StoreRecorder implements StoreSink {
  readonly calls: string[] = [];
  readonly bounds: Map<string, LogBounds> = new Map();
  readonly logs: Map<string, Map<number, LogRecord>> = new Map();
  readonly outcomes: Map<Entry, Outcome> = new Map();
  readonly failures: unknown[] = [];
  /** Where each topic begins, as far as it was told that it was trimmed. */
  readonly tails: Map<string, number> = new Map();
  /** Sessions that were claimed elsewhere. */
  readonly claims: string[] = [];
  /** Peers' own logs that have a new record. */
  readonly rings: string[] = [];
  readonly #epochs = new Map<string, string>();
  #wake: (() => void) | undefined;

  opened(topic: string, bounds: LogBounds): void {
    // Another epoch is another log, whose offsets start anew.
    if (this.#epochs.get(topic) !== bounds.epoch) this.logs.delete(topic);
    this.#epochs.set(topic, bounds.epoch);
    this.bounds.set(topic, {
      epoch: bounds.epoch,
      tail: bounds.tail,
      head: bounds.head,
    });
    this.#told("opened");
  }

  committed(
    topic: string,
    offset: number,
    records: readonly LogRecord[],
  ): void {
    const log = this.logs.get(topic) ?? new Map<number, LogRecord>();
    this.logs.set(topic, log);
    records.forEach((record, i) => {
      assert(!log.has(offset + i), `offset ${offset + i} was committed twice`);
      log.set(offset + i, record);
    });
    this.#told("committed");
  }

  trimmed(topic: string, tail: number): void {
    this.tails.set(topic, tail);
    this.#told("trimmed");
  }

  settled(entry: Entry, outcome: Outcome): void {
    assert(!this.outcomes.has(entry), "an entry was settled twice");
    if ("offset" in outcome && entry.session === undefined) {
      assert(
        this.logs.get(entry.topic)?.get(outcome.offset) !== undefined,
        "an entry was settled before it was committed",
      );
    }
    this.outcomes.set(entry, outcome);
    this.#told("settled");
  }

  directMessage(topic: string): void {
    this.rings.push(topic);
    this.#told("directMessage");
  }

  claimed(session: string): void {
    this.claims.push(session);
    this.#told("claimed");
  }

  failed(error: unknown): void {
    this.failures.push(error);
    this.#told("failed");
  }

  /** Resolves when a condition holds. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  #told(what: string): void {
    this.calls.push(what);
    this.#wake?.();
  }
}

/** The text records of a topic, as the store told of them. */
export function bodies(
  log: ReadonlyMap<number, LogRecord> | undefined,
): [offset: number, body: unknown][] {
  return [...log ?? []].map((
    [offset, { body }],
  ): [number, unknown] => [offset, body]);
}
