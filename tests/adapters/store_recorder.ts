import { assert } from "@std/assert";
import type { LogRecord } from "../../hub/log/record.ts";
import type {
  Entry,
  LogBounds,
  Outcome,
  StoreSink,
} from "../../hub/log/store.ts";

/** Records the calls of a store, in order. */
export class StoreRecorder implements StoreSink {
  readonly calls: string[] = [];
  readonly bounds: Map<string, LogBounds> = new Map();
  readonly logs: Map<string, Map<number, LogRecord>> = new Map();
  readonly outcomes: Map<Entry, Outcome> = new Map();
  readonly failures: unknown[] = [];
  /** The tail of each topic that was trimmed. */
  readonly tails: Map<string, number> = new Map();
  /** Sessions that another node has claimed. */
  readonly claims: string[] = [];
  /** Topics of direct messages with a new record. */
  readonly directMessages: string[] = [];
  readonly #epochs = new Map<string, string>();
  #wake: (() => void) | undefined;

  opened(topic: string, bounds: LogBounds): void {
    // Another epoch is another log: its offsets start at 0.
    if (this.#epochs.get(topic) !== bounds.epoch) this.logs.delete(topic);
    this.#epochs.set(topic, bounds.epoch);
    this.bounds.set(topic, {
      epoch: bounds.epoch,
      tail: bounds.tail,
      head: bounds.head,
    });
    this.#record("opened");
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
    this.#record("committed");
  }

  trimmed(topic: string, tail: number): void {
    this.tails.set(topic, tail);
    this.#record("trimmed");
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
    this.#record("settled");
  }

  directMessage(topic: string): void {
    this.directMessages.push(topic);
    this.#record("directMessage");
  }

  claimed(session: string): void {
    this.claims.push(session);
    this.#record("claimed");
  }

  failed(error: unknown): void {
    this.failures.push(error);
    this.#record("failed");
  }

  /** Resolves when a condition holds. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  #record(what: string): void {
    this.calls.push(what);
    this.#wake?.();
  }
}

/** Returns the offsets and bodies of a topic's records. */
export function bodies(
  log: ReadonlyMap<number, LogRecord> | undefined,
): [offset: number, body: unknown][] {
  return [...log ?? []].map((
    [offset, { body }],
  ): [number, unknown] => [offset, body]);
}
