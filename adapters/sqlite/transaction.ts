import type { DatabaseSync } from "node:sqlite";
import type { Cancel, Clock } from "../../hub/clock.ts";

/** Writes that no caller waits for are committed after this time, in ms, or with the next append. */
const COMMIT_MS = 20;

/** The callbacks of {@linkcode Transaction}. */
export interface TransactionContext {
  /** Called when a write that no caller waits for has failed. */
  failed(error: unknown): void;
  /** Called when every write until now is in the file. */
  committed(): void;
  /** Called when every write since the last commit is undone. */
  rolledBack(): void;
}

/** The one open transaction: an append commits the writes that waited before it. */
export class Transaction {
  readonly #file: DatabaseSync;
  readonly #clock: Clock;
  readonly #context: TransactionContext;
  #isOpen = false;
  #cancelCommit: Cancel | undefined;

  constructor(file: DatabaseSync, clock: Clock, context: TransactionContext) {
    this.#file = file;
    this.#clock = clock;
    this.#context = context;
  }

  /** Runs a write in the transaction. The caller commits it. */
  run<T>(write: () => T): T {
    if (!this.#isOpen) {
      this.#file.exec("BEGIN");
      this.#isOpen = true;
    }
    return write();
  }

  /** Runs a write that is committed soon. A failure is reported through the context. */
  runSoon<T>(write: () => T): T | undefined {
    try {
      const result = this.run(write);
      this.#cancelCommit ??= this.#clock.after(
        COMMIT_MS,
        () => this.commitOrReport(),
      );
      return result;
    } catch (error) {
      // SQLite may have rolled back already (a full disk), and half of a write must not be committed.
      this.rollBack();
      this.#context.failed(error);
      return undefined;
    }
  }

  /**
   * Commits every write.
   *
   * @throws when the disk fails; the caller then calls {@linkcode Transaction.rollBack}.
   */
  commit(): void {
    this.#cancelCommit?.();
    this.#cancelCommit = undefined;
    if (!this.#isOpen) return;
    this.#file.exec("COMMIT");
    this.#isOpen = false;
    this.#context.committed();
  }

  /** Commits every write. A failure is reported through the context. */
  commitOrReport(): void {
    try {
      this.commit();
    } catch (error) {
      this.rollBack();
      this.#context.failed(error);
    }
  }

  /** Undoes every write since the last commit. */
  rollBack(): void {
    try {
      if (this.#isOpen) this.#file.exec("ROLLBACK");
    } catch {
      // SQLite has rolled back itself (sqlite.org/lang_transaction.html, "Response To Errors").
    }
    this.#isOpen = false;
    this.#context.rolledBack();
  }
}
