import { Log, type RecordLog } from "../../hub/log/log.ts";
import { ringOf } from "../../hub/log/ring.ts";
import type { LogRecord } from "../../hub/log/record.ts";
import type {
  LogBounds,
  RecentRecords,
  StoredRecords,
} from "../../hub/log/store.ts";
import type { TopicSettings } from "../../hub/log/topic_options.ts";

/** A log that several workers share: its bounds and its newest records. */
export class HostedLog {
  readonly name: string;
  readonly #settings: TopicSettings;
  /** `true` when the store keeps records below the ring. */
  readonly #deep: boolean;
  #epoch = "";
  #storeTail = 0;
  #ring: RecordLog = new Log(0);

  constructor(name: string, settings: TopicSettings, deep: boolean) {
    this.name = name;
    this.#settings = settings;
    this.#deep = deep;
  }

  /** `true` when the store has opened it. */
  get isOpen(): boolean {
    return this.#epoch !== "";
  }

  /** Its epoch, tail and head. */
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

  /** The greatest age of its records, in ms. */
  get maxAgeMs(): number {
    return this.#settings.maxAgeMs;
  }

  /** The newest records, for the ring of a worker that opens it. */
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

  /** The store has opened the log, or replaced it by a new one. */
  open(bounds: LogBounds): void {
    this.#epoch = bounds.epoch;
    this.#storeTail = bounds.tail;
    this.#ring = ringOf(bounds, this.#settings.lag);
  }

  /** The store has committed records at the head. */
  append(records: readonly LogRecord[]): void {
    this.#ring.append(records);
  }

  /** The store has deleted the records below `tail`. */
  trimmed(tail: number): void {
    this.#storeTail = tail;
  }

  /** Trims the records above the retention. @param now the monotonic time in ms. */
  trim(now: number): void {
    this.#ring.trim(this.#settings, now);
  }
}
