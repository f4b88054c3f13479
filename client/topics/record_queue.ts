import { type Deferred, deferred } from "../../common/platform.ts";
import type {
  AnyMessages,
  GapRecord,
  MessageMap,
  TopicRecord,
} from "../../messages.ts";
import { DEFAULTS } from "../options.ts";

/**
 * The records that one `for await` has not read yet: at most {@linkcode DEFAULTS.maxWaitingRecords}. The records above that
 * bound are skipped, and become one gap in their place.
 */
export class RecordQueue<M extends MessageMap = AnyMessages>
  implements AsyncIterableIterator<TopicRecord<M>> {
  #waiting: TopicRecord<M>[] = [];
  #skipped: GapRecord | undefined;
  #readers: Deferred<IteratorResult<TopicRecord<M>, undefined>>[] = [];
  #end: { readonly error?: unknown } | undefined;
  readonly #returned: (queue: RecordQueue<M>) => void;

  /** @param returned called when the reader stops. */
  constructor(returned: (queue: RecordQueue<M>) => void) {
    this.#returned = returned;
  }

  /** Adds a record or a gap. */
  push(record: TopicRecord<M>): void {
    const reader = this.#readers.shift();
    if (reader !== undefined) {
      return reader.resolve({ done: false, value: record });
    }
    const free = DEFAULTS.maxWaitingRecords - this.#waiting.length;
    if (this.#skipped === undefined) {
      if (free > 0) this.#waiting.push(record);
      else this.#skipped = skip(undefined, record);
    } else if (free > 1) {
      this.#waiting.push(this.#skipped, record);
      this.#skipped = undefined;
    } else {
      this.#skipped = skip(this.#skipped, record);
    }
  }

  /** Ends the queue: the reader receives the waiting records, then the end, or the error. */
  end(error?: unknown): void {
    if (this.#end !== undefined) return;
    this.#end = error === undefined ? {} : { error };
    for (const reader of this.#readers.splice(0)) {
      if (error === undefined) reader.resolve({ done: true, value: undefined });
      else reader.reject(error);
    }
  }

  next(): Promise<IteratorResult<TopicRecord<M>, undefined>> {
    const value = this.#waiting.shift() ?? this.#takeSkipped();
    if (value !== undefined) return Promise.resolve({ done: false, value });
    if (this.#end === undefined) {
      const reader = deferred<
        IteratorResult<TopicRecord<M>, undefined>
      >();
      this.#readers.push(reader);
      return reader.promise;
    }
    const { error } = this.#end;
    this.#end = {};
    return error === undefined
      ? Promise.resolve({ done: true, value: undefined })
      : Promise.reject(error);
  }

  return(): Promise<IteratorResult<TopicRecord<M>, undefined>> {
    this.#waiting = [];
    this.#skipped = undefined;
    this.#returned(this);
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #takeSkipped(): GapRecord | undefined {
    const skipped = this.#skipped;
    this.#skipped = undefined;
    return skipped;
  }
}

/** Returns a gap that also has a further record, or a further gap. @param before the gap so far. */
function skip(before: GapRecord | undefined, record: TopicRecord): GapRecord {
  const [from, to] = record.kind === "gap"
    ? [record.from, record.to]
    : [record.offset, record.offset + 1];
  const isKnown = to !== undefined &&
    (before === undefined || before.to !== undefined);
  return {
    kind: "gap",
    topic: record.topic,
    from: before?.from ?? from,
    ...(isKnown ? { to } : {}),
  };
}
