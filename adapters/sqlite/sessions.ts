import type { DatabaseSync, StatementSync } from "node:sqlite";
import { Outcomes } from "../../hub/log/deduplication.ts";
import type { StoreSettings } from "../../hub/log/store.ts";

/** Maximum number of sessions that one sweep deletes: with their outcomes, a few milliseconds. */
const SWEPT_SESSIONS = 32;

/** The sessions, and the outcomes of their publishes. Every method runs in the open transaction. */
export class SqliteSessions {
  readonly #sessionMs: number;
  /** The sessions with a connection. The others are on disk only. */
  readonly #held = new Map<string, Outcomes>();
  /** The expiry of each session whose row is written and may not be committed; `null`: it does not expire. */
  readonly #uncommitted = new Map<string, number | null>();
  #isRolledBack = false;
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
   * @param settings the time to live of a session without a connection, and the most of them.
   */
  constructor(file: DatabaseSync, { sessionMs, sessions }: StoreSettings) {
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
    // SQLite has no `Infinity`.
    const offset = Math.min(sessions, Number.MAX_SAFE_INTEGER);
    this.#surplus = file.prepare(
      `SELECT session FROM sessions WHERE expires IS NOT NULL
       ORDER BY expires DESC LIMIT ${SWEPT_SESSIONS} OFFSET ${offset}`,
    );
    this.#drop = file.prepare("DELETE FROM sessions WHERE session = ?");
  }

  /** Gives every session its full time to live: no connection survives a restart of the process. */
  static renew(file: DatabaseSync, now: number, sessionMs: number): void {
    file.prepare("UPDATE sessions SET expires = ?").run(now + sessionMs);
  }

  /** Starts a session. */
  begin(session: string): void {
    this.#held.set(session, new Outcomes());
    this.#write(session, null);
  }

  /** Claims a session, if it has not expired. It writes nothing: {@linkcode SqliteSessions.hold} does. */
  claim(session: string, now: number): boolean {
    if (this.#held.has(session)) return true;
    const expires = this.#expiryOf(session);
    if (expires === undefined || (expires ?? Infinity) <= now) return false;
    this.#held.set(session, this.#read(session));
    return true;
  }

  /** Writes that a session has a connection and does not expire. */
  hold(session: string): void {
    this.#write(session, null);
  }

  /** Starts a session's time to live: its connection was closed. */
  detach(session: string, now: number): void {
    if (this.#held.delete(session)) {
      this.#write(session, now + this.#sessionMs);
    }
  }

  /** The transaction was committed. */
  committed(): void {
    if (!this.#isRolledBack) this.#uncommitted.clear();
  }

  /** The transaction was rolled back. */
  rolledBack(): void {
    this.#isRolledBack = true;
  }

  /** Writes the rows again that were rolled back. */
  rewrite(): void {
    if (!this.#isRolledBack) return;
    for (const [session, expires] of this.#uncommitted) {
      this.#put.run(session, expires);
    }
    this.#isRolledBack = false;
  }

  /** Returns a session's outcomes. A session that was just detached may have publishes in the flush that follows. */
  outcomes(session: string | undefined): Outcomes | undefined {
    if (session === undefined) return undefined;
    const held = this.#held.get(session);
    if (held !== undefined || this.#expiryOf(session) === undefined) {
      return held;
    }
    return this.#read(session);
  }

  /** Returns the expiry of a session; `null` while it has a connection; `undefined` without such a session. */
  #expiryOf(session: string): number | null | undefined {
    const uncommitted = this.#uncommitted.get(session);
    if (uncommitted !== undefined) return uncommitted;
    const row = this.#find.get(session);
    return row && row.expires as number | null;
  }

  #write(session: string, expires: number | null): void {
    this.#uncommitted.set(session, expires);
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

  /** Deletes an outcome that is too old to be kept. */
  forget(session: string, id: number): void {
    this.#dropOutcome.run(session, id);
  }

  /**
   * Deletes expired sessions, and the oldest above the limit, a bounded number of them.
   *
   * @returns `true` when there may be more.
   */
  sweep(now: number): boolean {
    const hasExpired = this.#dropAll(this.#expired.all(now));
    return this.#dropAll(this.#surplus.all()) || hasExpired;
  }

  #dropAll(rows: readonly unknown[]): boolean {
    for (const row of rows) {
      const { session } = row as { session: string };
      this.#uncommitted.delete(session);
      this.#dropOutcomes.run(session);
      this.#drop.run(session);
    }
    return rows.length === SWEPT_SESSIONS;
  }
}
