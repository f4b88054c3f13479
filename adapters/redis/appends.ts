import type { Buffer } from "node:buffer";
import { directPeerOf, PRESENCE_LOG, randomId } from "../../hub/ids.ts";
import {
  INDETERMINATE,
  NOT_KEPT,
  UNAVAILABLE,
} from "../../hub/log/deduplication.ts";
import type { LogRecord } from "../../hub/log/record.ts";
import type { Entry, Outcome } from "../../hub/log/store.ts";
import { RedisConnectionError, RedisReplyError } from "./errors.ts";
import type { RedisNode } from "./node.ts";
import { packRecord, type RedisRun } from "./record.ts";
import { APPEND } from "./scripts.ts";

/** The bounds of one script: Redis does nothing else during these few milliseconds. */
const MAX_RECORDS = 1_000;
const MAX_BYTES = 1024 * 1024;
/** The greatest age of presence records, in ms: hubs read them at once or replace them, never later. */
const PRESENCE_MS = 60_000;
/** The length of a writer's id. */
const WRITER_LENGTH = 10;

interface QueuedEntry {
  readonly entry: Entry;
  /** The monotonic time of the publish. */
  readonly since: number;
}

/** The entries that one script appends. */
interface Batch {
  readonly sequence: number;
  readonly queued: readonly QueuedEntry[];
  readonly keys: readonly string[];
  readonly args: readonly (string | Buffer)[];
  /** The epoch of the log that it was first sent to: it must not be appended to another log. */
  epoch: string | undefined;
  /** The number of times that Redis may have executed it. */
  sends: number;
  /** `true` when its entries are settled: it waited too long. */
  isSettled: boolean;
}

/** The answer to an append. */
export interface Appended extends RedisRun {
  readonly tail: number;
  readonly since: number;
  done(): void;
}

/**
 * The appends of one topic. One script is in flight at a time; publishes that arrive meanwhile are appended by the next. A
 * script whose answer was lost is sent again with the same number, so that its records are stored once.
 */
export class RedisAppends {
  /** The id of this log at this node: a script and its repetition have the same writer. */
  readonly writer: string = randomId(WRITER_LENGTH);
  readonly #topic: string;
  readonly #node: RedisNode;
  #queue: QueuedEntry[] = [];
  #batch: Batch | undefined;
  #sequence = 0;

  constructor(topic: string, node: RedisNode) {
    this.#topic = topic;
    this.#node = node;
  }

  /** `true` while an entry has no outcome. */
  get isPending(): boolean {
    return this.#batch !== undefined || this.#queue.length > 0;
  }

  /** `true` while a script was sent and not answered. */
  get isSent(): boolean {
    return this.#batch !== undefined && this.#batch.sends > 0;
  }

  /** Queues an entry, or settles it with an error when the queue is full. */
  add(entry: Entry): void {
    const { clock, sink } = this.#node;
    if (this.#node.reserve(entry.record.bytes)) {
      this.#queue.push({ entry, since: clock.now() });
      return;
    }
    const message = "Too many publishes wait for the log";
    sink?.settled(entry, { code: "unavailable", message });
  }

  /** Sends the next script, or again the one whose answer was lost. @returns `"replaced"` when the log is another one. */
  async send(
    epoch: string,
    head: number,
  ): Promise<Appended | "replaced" | undefined> {
    const batch = this.#batch ??= this.#gather();
    if (batch.isSettled) {
      this.#batch = undefined;
      return undefined;
    }
    batch.epoch ??= epoch;
    batch.sends++;
    let answer: string;
    try {
      answer = await this.#run(batch, head);
    } catch (error) {
      this.#failed(batch, error);
      throw error;
    }
    if (batch !== this.#batch) return undefined;
    if (answer === "replaced") {
      batch.sends--;
      return answer;
    }
    this.#batch = undefined;
    this.#node.executed();
    return this.#appended(batch, answer);
  }

  #run(batch: Batch, head: number): Promise<string> {
    const { connection, generation } = this.#node;
    return connection.script<string>(APPEND, batch.keys, [
      batch.epoch!,
      `${head}`,
      generation,
      `${batch.sequence}`,
      ...batch.args,
    ]);
  }

  #failed(batch: Batch, error: unknown): void {
    const isRejected = error instanceof RedisReplyError;
    // The entries of a batch that Redis never executed are not stored.
    const mayBeStored = isRejected
      ? error.mayHaveWritten
      : !(error instanceof RedisConnectionError) || error.wasSent;
    if (!mayBeStored) batch.sends--;
    if (!isRejected || error.isTransient || batch !== this.#batch) return;
    this.#batch = undefined;
    this.#settleUnanswered(batch);
  }

  #appended(batch: Batch, answer: string): Appended {
    const [first, , tail, ...repeated] = answer.split(" ");
    const known = new Map(
      repeated.map((word) =>
        word.split(":").map(Number) as [index: number, offset: number]
      ),
    );
    const records: LogRecord[] = [];
    const outcomes = batch.queued.map(({ entry }, i): Outcome => {
      const repeat = known.get(i);
      if (repeat !== undefined) {
        return repeat < 0 ? NOT_KEPT : { offset: repeat };
      }
      records.push(entry.record);
      return { offset: Number(first) + records.length - 1 };
    });
    return {
      offset: Number(first),
      records,
      tail: Number(tail),
      since: this.#node.clock.now(),
      done: () => this.#settleBatch(batch, (i) => outcomes[i]!),
    };
  }

  /**
   * The log was replaced by another one. Entries that may be in the former log, as sent or as repeated by their session,
   * are settled; the others are appended to the new log.
   */
  replaced(): void {
    const batch = this.#batch;
    this.#batch = undefined;
    let queue = this.#queue;
    this.#queue = [];
    if (batch !== undefined && batch.sends > 0) {
      this.#settleBatch(batch, () => LOST);
    } else if (batch?.isSettled === false) queue = [...batch.queued, ...queue];
    for (const queued of queue) {
      if (queued.entry.id === undefined) this.#queue.push(queued);
      else this.#settle(queued.entry, LOST);
    }
  }

  /** Settles the entries that have waited longer than `waitMs`. */
  expire(): void {
    const { clock, settings } = this.#node;
    const before = clock.now() - settings.waitMs;
    const batch = this.#batch;
    if (batch !== undefined && batch.queued[0]!.since <= before) {
      this.#settleUnanswered(batch);
    }
    const late = this.#queue.findIndex(({ since }) => since > before);
    const expired = this.#queue.splice(0, late < 0 ? this.#queue.length : late);
    for (const { entry } of expired) this.#settle(entry, UNAVAILABLE);
  }

  /** Settles every entry: the store is closed. */
  close(): void {
    const batch = this.#batch;
    this.#batch = undefined;
    if (batch !== undefined) this.#settleUnanswered(batch);
    const queue = this.#queue;
    this.#queue = [];
    for (const { entry } of queue) this.#settle(entry, CLOSED);
  }

  /** Settles a batch without an answer. An answer may still arrive: the records are delivered then. */
  #settleUnanswered(batch: Batch): void {
    this.#settleBatch(
      batch,
      () => batch.sends > 0 ? INDETERMINATE : UNAVAILABLE,
    );
  }

  #settleBatch(batch: Batch, outcome: (i: number) => Outcome): void {
    if (batch.isSettled) return;
    batch.isSettled = true;
    batch.queued.forEach(({ entry }, i) => this.#settle(entry, outcome(i)));
  }

  #settle(entry: Entry, outcome: Outcome): void {
    this.#node.release(entry.record.bytes);
    this.#node.sink?.settled(entry, outcome);
  }

  #gather(): Batch {
    let bytes = 0;
    let count = 0;
    for (const { entry } of this.#queue) {
      bytes += entry.record.bytes;
      if (count > 0 && (count === MAX_RECORDS || bytes > MAX_BYTES)) break;
      count++;
    }
    const queued = this.#queue.splice(0, count);
    const { keys, settings, logTtl, answerTtl, outcomeTtl } = this.#node;
    const topic = this.#topic;
    const maxAgeMs = topic.startsWith(PRESENCE_LOG)
      ? Math.min(settings.maxAgeMs, PRESENCE_MS)
      : settings.maxAgeMs;
    const sessions = new Map<string, number>();
    const entries = queued.flatMap(({ entry: { record, session, id } }) => {
      if (id === undefined || session === undefined) {
        return ["0", "", packRecord(record)];
      }
      const number = sessions.get(session) ?? sessions.size + 1;
      sessions.set(session, number);
      return [`${number}`, `${id}`, packRecord(record)];
    });
    return {
      sequence: this.#sequence++,
      queued,
      keys: [
        keys.log(topic),
        keys.records(topic),
        keys.marks(topic),
        keys.last(topic, this.writer),
        ...[...sessions.keys()].map((session) => keys.outcomes(topic, session)),
      ],
      args: [
        this.writer,
        luaNumber(settings.maxRecords),
        luaNumber(settings.maxBytes),
        maxAgeMs === Infinity ? "" : luaNumber(maxAgeMs),
        logTtl,
        answerTtl,
        outcomeTtl,
        keys.channel(topic),
        directPeerOf(topic) === undefined ? "" : keys.directMessage,
        topic,
        `${count}`,
        ...entries,
      ],
      epoch: undefined,
      sends: 0,
      isSettled: false,
    };
  }
}

function luaNumber(value: number): string {
  return `${Math.floor(Math.min(value, 1e15))}`;
}

const LOST: Outcome = {
  code: "indeterminate",
  message: "The log was replaced: the former one may have had the message",
};
const CLOSED: Outcome = { code: "unavailable", message: "Hub is closed" };
