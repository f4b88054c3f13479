import type { Clock } from "../../hub/clock.ts";
import { Eviction } from "../../hub/log/eviction.ts";
import type { LogRecord } from "../../hub/log/record.ts";
import type { LogBounds, Store } from "../../hub/log/store.ts";
import type { TopicSettings } from "../../hub/log/topic_options.ts";
import { HostedLog } from "./hosted_log.ts";
import { pack } from "./messages.ts";
import type { WorkerLink } from "./worker_link.ts";

/** A log, and the workers that have it open. */
interface Shared {
  readonly hosted: HostedLog;
  readonly links: Set<WorkerLink>;
  /** The monotonic time at which the last worker forgot it. */
  idleSince: number;
}

/** The settings of {@linkcode HostedLogs}. */
export interface HostedLogsSettings {
  /** Returns the settings of a topic. */
  readonly settings: (topic: string) => TopicSettings;
  /** The time that a log outlives its last worker: peers of a worker that ended resume elsewhere, in ms. */
  readonly sessionMs: number;
  /** The bytes of the records of all logs in memory. */
  readonly recordBytes: number;
}

/** The logs that workers have open, or had open lately. Each event of a log is sent to the workers that have it open. */
export class HostedLogs {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #settings: (topic: string) => TopicSettings;
  readonly #sessionMs: number;
  readonly #eviction: Eviction;
  readonly #byName = new Map<string, Shared>();
  /** The logs with new records since the last trim. */
  readonly #grown = new Set<HostedLog>();

  constructor(store: Store, clock: Clock, settings: HostedLogsSettings) {
    this.#store = store;
    this.#clock = clock;
    this.#settings = settings.settings;
    this.#sessionMs = settings.sessionMs;
    this.#eviction = new Eviction({
      recordBytes: settings.recordBytes,
      // The host has no addresses: the workers' hubs bound each of them.
      recordBytesPerAddress: Infinity,
    });
  }

  /** Returns `true` if a log is in memory. */
  has(topic: string): boolean {
    return this.#byName.has(topic);
  }

  /** Opens a log for a worker. */
  open(link: WorkerLink, topic: string): void {
    const shared = this.#byName.get(topic);
    if (shared === undefined) {
      const settings = this.#settings(topic);
      const keepsBelowRing = settings.durable && this.#store.read !== undefined;
      const hosted = new HostedLog(topic, settings, keepsBelowRing);
      const links = new Set([link]);
      this.#byName.set(topic, { hosted, links, idleSince: this.#clock.now() });
      return this.#store.open(topic);
    }
    shared.links.add(link);
    if (shared.hosted.log.isOpen) link.opened(shared.hosted);
  }

  /** Forgets a log for a worker. */
  forget(link: WorkerLink, topic: string): void {
    const shared = this.#byName.get(topic);
    if (shared === undefined) return;
    shared.links.delete(link);
    shared.idleSince = this.#clock.now();
    link.forgotten(shared.hosted);
  }

  /** The store has opened a log, or replaced it by a new one. */
  opened(topic: string, bounds: LogBounds): void {
    const shared = this.#byName.get(topic);
    if (shared === undefined) return;
    shared.hosted.log.open(bounds);
    this.#eviction.count(shared.hosted.log);
    for (const link of shared.links) link.opened(shared.hosted);
  }

  /** The store has committed records. */
  committed(
    topic: string,
    offset: number,
    records: readonly LogRecord[],
  ): void {
    const shared = this.#byName.get(topic);
    if (shared === undefined) return;
    const { hosted, links } = shared;
    hosted.log.ring.append(records);
    this.#grown.add(hosted);
    const packed = records.map((record) => pack(record, this.#clock));
    for (const link of links) link.committed(hosted, offset, records, packed);
  }

  /** The store has deleted the records below `tail`. */
  trimmed(topic: string, tail: number): void {
    const shared = this.#byName.get(topic);
    if (shared === undefined) return;
    shared.hosted.log.trimmed(tail);
    for (const link of shared.links) link.send(["trimmed", topic, tail]);
  }

  /** Trims the logs that have grown. */
  trim(): void {
    const now = this.#clock.now();
    for (const hosted of this.#grown) this.#trim(hosted, now);
    this.#grown.clear();
  }

  #trim(hosted: HostedLog, now: number): void {
    hosted.trim(now);
    this.#eviction.count(hosted.log);
  }

  /** Trims every log by age, and forgets the logs that no worker has had open for long enough. */
  sweep(): void {
    const now = this.#clock.now();
    for (const { hosted, links, idleSince } of this.#byName.values()) {
      this.#trim(hosted, now);
      if (links.size > 0) continue;
      const keptMs = Math.max(this.#sessionMs, hosted.settings.maxAgeMs);
      if (now - idleSince < keptMs) continue;
      this.#byName.delete(hosted.name);
      this.#eviction.forget(hosted.log);
      this.#store.forget(hosted.name);
    }
  }
}
