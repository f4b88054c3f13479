import type { Clock } from "../../hub/clock.ts";
import type { LogRecord } from "../../hub/log/record.ts";
import type { LogBounds, Store } from "../../hub/log/store.ts";
import type { TopicSettings } from "../../hub/log/topic_options.ts";
import type { HostNode } from "./worker_link.ts";
import { HostedLog } from "./hosted_log.ts";
import { pack } from "./messages.ts";

/** The logs that workers have open, or had lately, and who is told what of them. */
export class HostedLogs {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #settings: (topic: string) => TopicSettings;
  readonly #sessionMs: number;
  readonly #byName = new Map<string, HostedLog>();
  /** Those with new records. */
  readonly #fresh = new Set<HostedLog>();

  /** @param sessionMs a log that no worker has is kept at least this long, for the peers of one that died. */
  constructor(
    store: Store,
    clock: Clock,
    settings: (topic: string) => TopicSettings,
    sessionMs: number,
  ) {
    this.#store = store;
    this.#clock = clock;
    this.#settings = settings;
    this.#sessionMs = sessionMs;
  }

  /** A worker opens a log. */
  open(node: HostNode, topic: string): void {
    let log = this.#byName.get(topic);
    if (log === undefined) {
      log = new HostedLog(
        topic,
        this.#settings(topic),
        this.#store.read !== undefined,
        this.#clock.now(),
      );
      this.#byName.set(topic, log);
      log.nodes.add(node);
      return this.#store.open(topic);
    }
    log.nodes.add(node);
    if (log.isOpen) node.opened(log);
  }

  /** A worker has no more to do with a log. */
  release(node: HostNode, topic: string): void {
    const log = this.#byName.get(topic);
    if (log === undefined) return;
    log.nodes.delete(node);
    log.idleSince = this.#clock.now();
    node.released(log);
  }

  /** The store has opened a log, or lost it and made a new one. */
  opened(topic: string, bounds: LogBounds): void {
    const log = this.#byName.get(topic);
    if (log === undefined) return;
    log.open(bounds);
    for (const node of log.nodes) node.opened(log);
  }

  /** The store has committed records. */
  committed(
    topic: string,
    offset: number,
    records: readonly LogRecord[],
  ): void {
    const log = this.#byName.get(topic);
    if (log === undefined) return;
    log.append(records);
    this.#fresh.add(log);
    const packed = records.map((record) => pack(record, this.#clock));
    for (const node of log.nodes) node.committed(log, offset, records, packed);
  }

  /** The store has dropped what is below `tail`. */
  trimmed(topic: string, tail: number): void {
    const log = this.#byName.get(topic);
    if (log === undefined) return;
    log.trimmed(tail);
    for (const node of log.nodes) node.tell(["trimmed", topic, tail]);
  }

  /** Trims the logs that have grown. */
  trim(): void {
    const now = this.#clock.now();
    for (const log of this.#fresh) log.trim(now);
    this.#fresh.clear();
  }

  /** Trims every log by age, and forgets those that no worker has had for long enough. */
  sweep(): void {
    const now = this.#clock.now();
    for (const log of this.#byName.values()) {
      log.trim(now);
      if (log.nodes.size > 0) continue;
      const keptMs = Math.max(this.#sessionMs, log.maxAgeMs);
      if (now - log.idleSince < keptMs) continue;
      this.#byName.delete(log.name);
      this.#store.forget(log.name);
    }
  }
}
