import type { DatabaseSync, StatementSync } from "node:sqlite";
import { Outcomes } from "../../hub/log/deduplication.ts";

/** Sessions that one sweep drops at most: with all their outcomes, a few milliseconds. */
const SWEPT_SESSIONS = 32;

/** Sessions and the outcomes of their publishes, in the transaction that is open. */
export class SqliteSessions {
  readonly #sessionMs: number;
  /** Sessions that a connection holds. The others are on disk only. */
  readonly #held = new Map<string, Outcomes>();
  /** When sessions expire whose row is written and may not be committed. */
  readonly #unsure = new Map<string, number | null>();
  #isUndone = false;
  readonly #put: StatementSync;
  readonly #find: StatementSync;
  readonly #outcomesOf: StatementSync;
  readonly #putOutcome: StatementSync;
  readonly #dropOutcome: StatementSync;
  readonly #dropOutcomes: StatementSync;
  readonly #expired: StatementSync;
  readonly #surplus: StatementSync;
  readonly #drop: StatementSync;

  /**
   * @param sessionMs how long a session lives without a connection.
   * @param maxParted how many may live without one.
   */
  constructor(file: DatabaseSync, sessionMs: number, maxParted: number) {
    this.#sessionMs = sessionMs;
    this.#put = file.prepare(
      "INSERT OR REPLACE INTO sessions (session, expires) VALUES (?, ?)",
    );
    this.#find = file.prepare(
      "SELECT expires FROM sessions WHERE session = ?",
    );
    this.#outcomesOf = file.prepare(
      "SELECT id, offset FROM outcomes WHERE session = ? ORDER BY id",
    );
    this.#putOutcome = file.prepare(
      "INSERT OR REPLACE INTO outcomes (session, id, offset) VALUES (?, ?, ?)",
    );
    this.#dropOutcome = file.prepare(
      "DELETE FROM outcomes WHERE session = ? AND id = ?",
    );
    this.#dropOutcomes = file.prepare("DELETE FROM outcomes WHERE session = ?");
    this.#expired = file.prepare(
      `SELECT session FROM sessions WHERE expires <= ? LIMIT ${SWEPT_SESSIONS}`,
    );
    // SQLite has no infinity.
    const offset = Math.min(maxParted, Number.MAX_SAFE_INTEGER);
    this.#surplus = file.prepare(
      `SELECT session FROM sessions WHERE expires IS NOT NULL
       ORDER BY expires DESC LIMIT ${SWEPT_SESSIONS} OFFSET ${offset}`,
    );
    this.#drop = file.prepare("DELETE FROM sessions WHERE session = ?");
  }

  /** After a start: every session has its full time to live before it. */
  static renew(file: DatabaseSync, now: number, sessionMs: number): void {
    file.prepare("UPDATE sessions SET expires = ?").run(now + sessionMs);
  }

  /** Starts a session. */
  begin(session: string): void {
    this.#held.set(session, new Outcomes());
    this.#write(session, null);
  }

  /** Takes a session over, if it is alive. Nothing is written: {@linkcode SqliteSessions.hold} does that. */
  claim(session: string, now: number): boolean {
    if (this.#held.has(session)) return true;
    const expires = this.#expiryOf(session);
    if (expires === undefined || (expires ?? Infinity) <= now) return false;
    this.#held.set(session, this.#read(session));
    return true;
  }

  /** Writes that a connection holds a session: it does not expire. */
  hold(session: string): void {
    this.#write(session, null);
  }

  /** The session's connection is gone. */
  leave(session: string, now: number): void {
    if (this.#held.delete(session)) {
      this.#write(session, now + this.#sessionMs);
    }
  }

  /** What was written is in the file. */
  committed(): void {
    if (!this.#isUndone) this.#unsure.clear();
  }

  /** What was written is not in the file. */
  undone(): void {
    this.#isUndone = true;
  }

  /** Writes again what was undone. */
  rewrite(): void {
    if (!this.#isUndone) return;
    for (const [session, expires] of this.#unsure) {
      this.#put.run(session, expires);
    }
    this.#isUndone = false;
  }

  /** The outcomes of a session. One whose connection went a moment ago may have publishes in the flush that follows. */
  outcomes(session: string | undefined): Outcomes | undefined {
    if (session === undefined) return undefined;
    const held = this.#held.get(session);
    if (held !== undefined || this.#expiryOf(session) === undefined) {
      return held;
    }
    return this.#read(session);
  }

  /** When it expires; `null`: a connection holds it; `undefined`: it is not known. */
  #expiryOf(session: string): number | null | undefined {
    const unsure = this.#unsure.get(session);
    if (unsure !== undefined) return unsure;
    const row = this.#find.get(session);
    return row && row.expires as number | null;
  }

  #write(session: string, expires: number | null): void {
    this.#unsure.set(session, expires);
    this.#put.run(session, expires);
  }

  #read(session: string): Outcomes {
    const outcomes = new Outcomes();
    for (const outcome of this.#outcomesOf.all(session)) {
      const { id, offset } = outcome as { id: number; offset: number };
      outcomes.settle(id, { offset });
    }
    return outcomes;
  }

  /** Writes the outcome of a new id. */
  settle(session: string, id: number, offset: number): void {
    this.#putOutcome.run(session, id, offset);
  }

  /** Forgets an outcome that is not kept any more. */
  forget(session: string, id: number): void {
    this.#dropOutcome.run(session, id);
  }

  /**
   * Drops sessions whose time to live is over, and the oldest of those that are too many, a bounded number of them.
   *
   * @returns whether there may be more.
   */
  sweep(now: number): boolean {
    const hasExpired = this.#dropAll(this.#expired.all(now));
    return this.#dropAll(this.#surplus.all()) || hasExpired;
  }

  #dropAll(rows: readonly unknown[]): boolean {
    for (const row of rows) {
      const { session } = row as { session: string };
      this.#unsure.delete(session);
      this.#dropOutcomes.run(session);
      this.#drop.run(session);
    }
    return rows.length === SWEPT_SESSIONS;
  }
}
