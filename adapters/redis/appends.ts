import type { Buffer } from "node:buffer";
import { PRESENCE_LOG, randomId } from "../../hub/ids.ts";
import type { LogRecord } from "../../hub/log/record.ts";
import type { Entry, Outcome } from "../../hub/log/store.ts";
import type { RedisContext } from "./context.ts";
import { RedisLost, RedisRefused } from "./errors.ts";
import { packRecord } from "./record.ts";
import { APPEND } from "./scripts.ts";

/** Records of one script, and bytes of them: a few milliseconds in which Redis does nothing else. */
const MAX_RECORDS = 1_000;
const MAX_BYTES = 1024 * 1024;
/** What hubs tell each other of who is there is read at once or asked for again, never later, in ms. */
const PRESENCE_MS = 60_000;
/** Characters of a writer's id. */
const WRITER_LENGTH = 10;

interface Waiting {
  readonly entry: Entry;
  /** The monotonic time at which it came. */
  readonly since: number;
}

/** Entries that one script appends. */
interface Batch {
  readonly sequence: number;
  readonly waiting: readonly Waiting[];
  readonly keys: readonly string[];
  readonly args: readonly (string | Buffer)[];
  /** The log it was first sent to: it must not land in another one. */
  epoch: string | undefined;
  /** How often it may have been carried out. */
  sends: number;
  /** Whether its entries were told that nobody knows. */
  isSettled: boolean;
}

/** What the script answered. */
export interface Appended {
  readonly offset: number;
  readonly records: readonly LogRecord[];
  readonly tail: number;
  readonly since: number;
  /** Settles the entries. */
  done(): void;
}

/**
 * The appends of one topic: one script is on its way, what comes meanwhile goes with the next. One whose answer was lost is
 * sent again under the same number, so that it lands once.
 */
export class RedisAppends {
  /** Who appends: each log of each node has a name of its own. */
  readonly writer: string = randomId(WRITER_LENGTH);
  readonly #topic: string;
  readonly #context: RedisContext;
  #queue: Waiting[] = [];
  #batch: Batch | undefined;
  #sequence = 0;

  constructor(topic: string, context: RedisContext) {
    this.#topic = topic;
    this.#context = context;
  }

  /** Whether there is anything without an outcome. */
  get isPending(): boolean {
    return this.#batch !== undefined || this.#queue.length > 0;
  }

  /** Whether a script was sent whose answer did not come. */
  get isSent(): boolean {
    return this.#batch !== undefined && this.#batch.sends > 0;
  }

  /** Takes an entry in, or refuses it. */
  add(entry: Entry): void {
    const { clock, budget } = this.#context;
    if (!budget.take(entry.record.bytes)) {
      const message = "Too many publishes wait for the log";
      return this.#settle(entry, { code: "unavailable", message });
    }
    this.#queue.push({ entry, since: clock.now() });
  }

  /** Sends the next script, or the one again whose answer was lost. */
  async send(
    epoch: string,
    head: number,
  ): Promise<Appended | "moved" | undefined> {
    const batch = this.#batch ??= this.#gather();
    if (batch.isSettled) {
      // Nobody waits for it, so it is not sent again.
      this.#batch = undefined;
      return undefined;
    }
    batch.epoch ??= epoch;
    batch.sends++;
    let answer: string;
    try {
      answer = await this.#run(batch, head);
    } catch (error) {
      this.#unsent(batch, error);
      throw error;
    }
    if (batch !== this.#batch) return undefined;
    if (answer === "moved") {
      batch.sends--;
      return answer;
    }
    this.#batch = undefined;
    this.#context.answered();
    return this.#appended(batch, answer);
  }

  #run(batch: Batch, head: number): Promise<string> {
    const { link, run } = this.#context;
    return link.script<string>(APPEND, batch.keys, [
      batch.epoch!,
      `${head}`,
      run,
      `${batch.sequence}`,
      ...batch.args,
    ]);
  }

  #unsent(batch: Batch, error: unknown): void {
    const isRefused = error instanceof RedisRefused;
    if (isRefused || (error instanceof RedisLost && !error.wasSent)) {
      batch.sends--;
    }
    if (!isRefused || error.isPassing || batch !== this.#batch) return;
    this.#batch = undefined;
    this.#finish(batch, () => batch.sends > 0 ? UNANSWERED : UNWRITABLE);
  }

  #appended(batch: Batch, answer: string): Appended {
    const [first, , tail, ...repeated] = answer.split(" ");
    const known = new Map(
      repeated.map((word) =>
        word.split(":").map(Number) as [index: number, offset: number]
      ),
    );
    const records: LogRecord[] = [];
    const outcomes = batch.waiting.map(({ entry }, i): Outcome => {
      const repeat = known.get(i);
      if (repeat !== undefined) {
        return repeat < 0 ? TOO_OLD : { offset: repeat };
      }
      records.push(entry.record);
      return { offset: Number(first) + records.length - 1 };
    });
    return {
      offset: Number(first),
      records,
      tail: Number(tail),
      since: this.#context.clock.now(),
      done: () => this.#finish(batch, (_, i) => outcomes[i]!),
    };
  }

  /**
   * The log is another one: what was sent may be in the one that is gone, and so may what a session sends again. What
   * cannot have been there goes into the new one.
   */
  moved(): void {
    const batch = this.#batch;
    this.#batch = undefined;
    let queue = this.#queue;
    this.#queue = [];
    if (batch !== undefined && batch.sends > 0) this.#finish(batch, () => LOST);
    else if (batch?.isSettled === false) queue = [...batch.waiting, ...queue];
    for (const waiting of queue) {
      if (waiting.entry.id === undefined) this.#queue.push(waiting);
      else this.#giveUp(waiting.entry, LOST);
    }
  }

  /** Gives up what has waited for longer than it may. */
  expire(): void {
    const { clock, settings } = this.#context;
    const before = clock.now() - settings.waitMs;
    const batch = this.#batch;
    if (batch !== undefined && batch.waiting[0]!.since <= before) {
      // The answer may still come, and then the records are there.
      this.#finish(batch, () => batch.sends > 0 ? UNANSWERED : UNWRITABLE);
    }
    const late = this.#queue.findIndex(({ since }) => since > before);
    const expired = this.#queue.splice(0, late < 0 ? this.#queue.length : late);
    for (const { entry } of expired) this.#giveUp(entry, UNWRITABLE);
  }

  /** Gives up everything. */
  abandon(message: string): void {
    const batch = this.#batch;
    this.#batch = undefined;
    if (batch !== undefined) this.#finish(batch, () => UNANSWERED);
    const queue = this.#queue;
    this.#queue = [];
    for (const { entry } of queue) {
      this.#giveUp(entry, { code: "unavailable", message });
    }
  }

  #finish(batch: Batch, outcome: (waiting: Waiting, i: number) => Outcome) {
    if (batch.isSettled) return;
    batch.isSettled = true;
    batch.waiting.forEach((waiting, i) =>
      this.#giveUp(waiting.entry, outcome(waiting, i))
    );
  }

  #giveUp(entry: Entry, outcome: Outcome): void {
    this.#context.budget.free(entry.record.bytes);
    this.#settle(entry, outcome);
  }

  #settle(entry: Entry, outcome: Outcome): void {
    this.#context.sink?.settled(entry, outcome);
  }

  #gather(): Batch {
    let bytes = 0;
    let count = 0;
    for (const { entry } of this.#queue) {
      bytes += entry.record.bytes;
      if (count > 0 && (count === MAX_RECORDS || bytes > MAX_BYTES)) break;
      count++;
    }
    const waiting = this.#queue.splice(0, count);
    const { keys, settings, logTtl, answerTtl, outcomeTtl } = this.#context;
    const topic = this.#topic;
    const maxAgeMs = topic.startsWith(PRESENCE_LOG)
      ? Math.min(settings.maxAgeMs, PRESENCE_MS)
      : settings.maxAgeMs;
    const sessions = new Map<string, number>();
    const entries = waiting.flatMap(({ entry: { record, session, id } }) => {
      if (id === undefined || session === undefined) {
        return ["0", "", packRecord(record)];
      }
      const number = sessions.get(session) ?? sessions.size + 1;
      sessions.set(session, number);
      return [`${number}`, `${id}`, packRecord(record)];
    });
    return {
      sequence: this.#sequence++,
      waiting,
      keys: [
        keys.log(topic),
        keys.records(topic),
        keys.marks(topic),
        keys.last(topic, this.writer),
        ...[...sessions.keys()].map((session) => keys.outcomes(topic, session)),
      ],
      args: [
        this.writer,
        number(settings.maxRecords),
        number(settings.maxBytes),
        maxAgeMs === Infinity ? "" : number(maxAgeMs),
        logTtl,
        answerTtl,
        outcomeTtl,
        keys.channel(topic),
        topic.startsWith("$peer/") ? keys.directMessage : "",
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

/** As Lua reads it. */
function number(value: number): string {
  return `${Math.floor(Math.min(value, 1e15))}`;
}

const TOO_OLD: Outcome = {
  code: "indeterminate",
  message:
    "The id is not above the ones before, and its outcome is not kept any more",
};
const LOST: Outcome = {
  code: "indeterminate",
  message: "The log was lost, and nobody knows whether this was in it",
};
const UNANSWERED: Outcome = {
  code: "indeterminate",
  message: "The log did not answer in time: it may have been written",
};
const UNWRITABLE: Outcome = {
  code: "unavailable",
  message: "The log cannot be written now",
};
