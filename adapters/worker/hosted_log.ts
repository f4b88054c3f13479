import { Log, type RecordLog } from "../../hub/log/log.ts";
import { ringOf } from "../../hub/log/ring.ts";
import type { LogRecord } from "../../hub/log/record.ts";
import type {
  LogBounds,
  RecentRecords,
  StoredRecords,
} from "../../hub/log/store.ts";
import type { TopicSettings } from "../../hub/log/topic_options.ts";
import type { HostNode } from "./worker_link.ts";

/** A log that several workers share: its bounds, its newest records, and who has it open. */
export class HostedLog {
  readonly name: string;
  readonly nodes: Set<HostNode> = new Set();
  /** The monotonic time at which the last worker left it. */
  idleSince: number;
  readonly #settings: TopicSettings;
  /** Whether the store keeps records below the ring. */
  readonly #deep: boolean;
  #epoch = "";
  #storeTail = 0;
  #ring: RecordLog = new Log(0);

  constructor(
    name: string,
    settings: TopicSettings,
    deep: boolean,
    now: number,
  ) {
    this.name = name;
    this.#settings = settings;
    this.#deep = deep;
    this.idleSince = now;
  }

  /** Whether the store has answered. */
  get isOpen(): boolean {
    return this.#epoch !== "";
  }

  /** Where it begins and ends. */
  get bounds(): LogBounds {
    const { tail, head } = this.#ring;
    return {
      epoch: this.#epoch,
      tail: this.#deep ? Math.min(this.#storeTail, tail) : tail,
      head,
    };
  }

  /** Bytes of the newest records. */
  get bytes(): number {
    return this.#ring.bytes;
  }

  /** How long it outlives its last worker at the least, in ms. */
  get maxAgeMs(): number {
    return this.#settings.maxAgeMs;
  }

  /** The newest records, for a worker whose ring begins. */
  get recent(): RecentRecords {
    const { tail, head } = this.#ring;
    const runs: StoredRecords[] = [];
    let run: LogRecord[] = [];
    let end = -1;
    for (
      let at = this.#ring.next(tail);
      at < head;
      at = this.#ring.next(at + 1)
    ) {
      if (at !== end) runs.push({ offset: at, records: run = [] });
      run.push(this.#ring.at(at));
      end = at + 1;
    }
    return { tail, runs };
  }

  /** The store has opened the log, or lost it and made a new one. */
  open(bounds: LogBounds): void {
    this.#epoch = bounds.epoch;
    this.#storeTail = bounds.tail;
    this.#ring = ringOf(bounds, this.#settings.lag);
  }

  /** The store has committed records at the head. */
  append(records: readonly LogRecord[]): void {
    this.#ring.append(records);
  }

  /** The store has dropped what is below `tail`. */
  trimmed(tail: number): void {
    this.#storeTail = tail;
  }

  /** Drops what the retention does not keep. @param now the monotonic time in ms. */
  trim(now: number): void {
    this.#ring.trim(this.#settings, now);
  }
}
