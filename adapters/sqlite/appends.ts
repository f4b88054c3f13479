import { INDETERMINATE, UNAVAILABLE } from "../../hub/log/deduplication.ts";
import type { LogRecord } from "../../hub/log/record.ts";
import type { Entry, Outcome, StoreSink } from "../../hub/log/store.ts";
import type { AgeClock } from "./age_clock.ts";
import type { SqliteLogs, TopicLog } from "./logs.ts";
import type { SqliteSessions } from "./sessions.ts";
import type { Transaction } from "./transaction.ts";

/** The parts of the store that {@linkcode SqliteAppends} works on. */
export interface SqliteAppendsContext {
  readonly logs: SqliteLogs;
  readonly sessions: SqliteSessions;
  readonly transaction: Transaction;
  readonly time: AgeClock;
  /** Called before the first records of a log since it was opened; `head` is their offset. */
  opened(log: TopicLog, head: number): void;
  /** Called when a log has new records. */
  grown(log: TopicLog): void;
}

/** The records that one append adds to a log. */
interface Addition {
  readonly log: TopicLog;
  readonly offset: number;
  readonly records: LogRecord[];
  bytes: number;
}

/** An append before its commit. */
interface Staged {
  readonly additions: Map<string, Addition>;
  /** The append's own outcomes, by session and id: it may contain an id twice. */
  readonly outcomes: Map<string, Outcome>;
}

/** Commits appends, one transaction each, and settles their entries. */
export class SqliteAppends {
  sink: StoreSink | undefined;
  readonly #context: SqliteAppendsContext;

  constructor(context: SqliteAppendsContext) {
    this.#context = context;
  }

  /** Commits the entries, then settles each: see {@linkcode Store.append}. */
  append(entries: readonly Entry[]): void {
    const { transaction } = this.#context;
    const staged: Staged = { additions: new Map(), outcomes: new Map() };
    let outcomes: Outcome[];
    let isWritten = false;
    try {
      outcomes = transaction.run(() => this.#write(entries, staged));
      isWritten = true;
      transaction.commit();
    } catch (error) {
      transaction.rollBack();
      this.sink?.failed(error);
      const mayBeStored = isWritten && isIoError(error);
      this.#settleFailed(entries, mayBeStored ? INDETERMINATE : UNAVAILABLE);
      return;
    }
    for (const addition of staged.additions.values()) this.#commit(addition);
    entries.forEach((entry, i) => {
      const outcome = outcomes[i]!;
      const isNew = staged.outcomes.get(keyOf(entry)) === outcome;
      if (isNew) this.#remember(entry, outcome);
      this.sink?.settled(entry, outcome);
    });
  }

  #write(entries: readonly Entry[], staged: Staged): Outcome[] {
    const { logs, time } = this.#context;
    const kept = time.now();
    const outcomes = entries.map((entry) =>
      staged.outcomes.get(keyOf(entry)) ?? this.#known(entry) ??
        this.#writeOne(entry, kept, staged)
    );
    for (const { log, offset, records, bytes } of staged.additions.values()) {
      logs.advance(log, offset + records.length, log.bytes + bytes);
    }
    return outcomes;
  }

  #writeOne(entry: Entry, kept: number, staged: Staged): Outcome {
    const { logs, sessions } = this.#context;
    const { topic, record, session, id } = entry;
    let addition = staged.additions.get(topic);
    if (addition === undefined) {
      const log = logs.open(topic);
      addition = { log, offset: log.head, records: [], bytes: 0 };
      staged.additions.set(topic, addition);
    }
    const offset = addition.offset + addition.records.length;
    logs.write(addition.log, offset, record, kept);
    addition.records.push(record);
    addition.bytes += record.bytes;
    const outcome = { offset };
    if (id !== undefined && sessions.outcomes(session) !== undefined) {
      sessions.settle(session!, id, offset);
      staged.outcomes.set(keyOf(entry), outcome);
    }
    return outcome;
  }

  #commit({ log, offset, records, bytes }: Addition): void {
    this.#context.opened(log, offset);
    log.head = offset + records.length;
    log.bytes += bytes;
    this.sink?.committed(log.name, offset, records);
    this.#context.grown(log);
  }

  #known({ session, id }: Entry): Outcome | undefined {
    if (id === undefined) return undefined;
    return this.#context.sessions.outcomes(session)?.known(id);
  }

  /** Keeps a committed outcome: the same id gets it again. */
  #remember({ session, id }: Entry, outcome: Outcome): void {
    const { sessions, transaction } = this.#context;
    const old = sessions.outcomes(session)?.settle(id!, outcome);
    if (old === undefined) return;
    transaction.runSoon(() => sessions.forget(session!, old));
  }

  #settleFailed(entries: readonly Entry[], outcome: Outcome): void {
    for (const entry of entries) {
      let known: Outcome | undefined;
      try {
        known = this.#known(entry);
      } catch {
        // The file fails to read the session: the id may be one that was stored before.
        known = INDETERMINATE;
      }
      this.sink?.settled(entry, known ?? outcome);
    }
  }
}

function keyOf({ session, id }: Entry): string {
  return `${session} ${id}`;
}

/**
 * Returns `true` for SQLite's `SQLITE_IOERR`. When a commit fails with it, the write-ahead log may contain the whole
 * transaction: a crash before the next commit would bring it back (sqlite.org/walformat.html, "Recovery"). After other
 * errors, such as a full disk, the transaction there is incomplete.
 */
function isIoError(error: unknown): boolean {
  return error instanceof Error && /disk I\/O error/.test(error.message);
}
