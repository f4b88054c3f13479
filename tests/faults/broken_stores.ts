/**
 * Stores with one defect each, for negative controls: a checker that finds no violation with them would find none anywhere.
 *
 * @module
 */
import { MemoryStore } from "../../adapters/store_memory.ts";
import type { Clock } from "../../hub/clock.ts";
import { LogRecord } from "../../hub/log/record.ts";
import type { Entry, Outcome, Store, StoreSink } from "../../hub/log/store.ts";

/** A store without deduplication: it stores a repeated publish again. */
export class NoDeduplicationStore extends MemoryStore {
  override append(entries: readonly Entry[]): void {
    super.append(
      entries.map((entry) => ({ ...entry, session: undefined, id: undefined })),
    );
  }
}

/** A store that refuses some messages and stores them: it settles every fifth publish of a topic with an error. */
export class RefusingStore extends MemoryStore {
  override connect(sink: StoreSink): void {
    super.connect({
      ...forwarding(sink),
      settled: (entry, outcome) =>
        sink.settled(
          entry,
          "offset" in outcome && outcome.offset % 5 === 4
            ? { code: "unavailable", message: "Cannot write" }
            : outcome,
        ),
    });
  }
}

/** A store that changes binary messages. */
export class CorruptingStore extends MemoryStore {
  override append(entries: readonly Entry[]): void {
    super.append(entries.map((entry) => {
      const { from, at, since, body } = entry.record;
      if (typeof body === "string") return entry;
      const record = new LogRecord(from, at, since, body.toReversed());
      return { ...entry, record };
    }));
  }
}

/** A store in memory whose logs have the same epoch in each run of the process, although their records are lost. */
export class ConstantEpochStore extends MemoryStore {
  override connect(sink: StoreSink): void {
    super.connect({
      ...forwarding(sink),
      opened: (topic, bounds) =>
        sink.opened(topic, { ...bounds, epoch: "constant" }),
    });
  }
}

/** A store that acknowledges publishes before it commits them: a kill in between loses acknowledged messages. */
export class EarlyAckStore implements Store {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #delayMs: number;
  readonly #heads = new Map<string, number>();
  #sink: StoreSink | undefined;

  constructor(store: Store, clock: Clock, delayMs: number) {
    this.#store = store;
    this.#clock = clock;
    this.#delayMs = delayMs;
  }

  connect(sink: StoreSink): void {
    this.#sink = sink;
    this.#store.connect({
      ...forwarding(sink),
      opened: (topic, bounds) => {
        if (!this.#heads.has(topic)) this.#heads.set(topic, bounds.head);
        sink.opened(topic, bounds);
      },
      settled() {},
    });
  }

  append(entries: readonly Entry[]): void {
    for (const entry of entries) {
      const offset = this.#heads.get(entry.topic) ?? 0;
      this.#heads.set(entry.topic, offset + 1);
      const outcome: Outcome = { offset };
      this.#sink!.settled(entry, outcome);
    }
    this.#clock.after(this.#delayMs, () => this.#store.append(entries));
  }

  open(topic: string): void {
    this.#store.open(topic);
  }

  forget(topic: string): void {
    this.#store.forget(topic);
  }

  begin(session: string): void {
    this.#store.begin(session);
  }

  claim(session: string): boolean | Promise<boolean> {
    return this.#store.claim(session);
  }

  detach(session: string): void {
    this.#store.detach(session);
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#store[Symbol.asyncDispose]();
  }
}

/** Returns a sink that passes everything on. */
function forwarding(sink: StoreSink): StoreSink {
  return {
    opened: (topic, bounds) => sink.opened(topic, bounds),
    committed: (topic, offset, records) =>
      sink.committed(topic, offset, records),
    trimmed: (topic, tail) => sink.trimmed(topic, tail),
    settled: (entry, outcome) => sink.settled(entry, outcome),
    claimed: (session) => sink.claimed(session),
    failed: (error) => sink.failed(error),
  };
}
