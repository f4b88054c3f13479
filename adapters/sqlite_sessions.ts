import type { DatabaseSync, StatementSync } from "node:sqlite";
import { Outcomes } from "../hub/outcomes.ts";

/** Sessions and the outcomes of their publishes, in the transaction that is open. */
export class SqliteSessions {
  readonly #sessionMs: number;
  /** Sessions that a connection holds. The others are on disk only. */
  readonly #held = new Map<string, Outcomes>();
  readonly #put: StatementSync;
  readonly #find: StatementSync;
  readonly #outcomesOf: StatementSync;
  readonly #putOutcome: StatementSync;
  readonly #dropOutcome: StatementSync;
  readonly #dropOutcomes: StatementSync;
  readonly #expired: StatementSync;
  readonly #drop: StatementSync;

  /** @param sessionMs how long a session lives without a connection. */
  constructor(file: DatabaseSync, sessionMs: number) {
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
      "SELECT session FROM sessions WHERE expires <= ? LIMIT 256",
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
    this.#put.run(session, null);
  }

  /** Takes a session over, if it is alive. */
  claim(session: string, now: number): boolean {
    if (this.#held.has(session)) return true;
    const row = this.#find.get(session) as
      | { expires: number | null }
      | undefined;
    if (row === undefined || (row.expires ?? Infinity) <= now) return false;
    const outcomes = new Outcomes();
    for (const outcome of this.#outcomesOf.all(session)) {
      const { id, offset } = outcome as { id: number; offset: number };
      outcomes.settle(id, { offset });
    }
    this.#held.set(session, outcomes);
    this.#put.run(session, null);
    return true;
  }

  /** The session's connection is gone. */
  leave(session: string, now: number): void {
    if (this.#held.delete(session)) {
      this.#put.run(session, now + this.#sessionMs);
    }
  }

  /** The outcomes of a session that a connection holds. */
  outcomes(session: string | undefined): Outcomes | undefined {
    return session === undefined ? undefined : this.#held.get(session);
  }

  /** Writes the outcome of a new id. */
  write(session: string, id: number, offset: number): void {
    this.#putOutcome.run(session, id, offset);
  }

  /** Forgets an outcome that is not kept any more. */
  forget(session: string, id: number): void {
    this.#dropOutcome.run(session, id);
  }

  /** Drops sessions whose time to live is over, a bounded number of them. */
  sweep(now: number): void {
    for (const row of this.#expired.all(now)) {
      const { session } = row as { session: string };
      this.#dropOutcomes.run(session);
      this.#drop.run(session);
    }
  }
}
