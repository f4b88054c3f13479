import type { DatabaseSync } from "node:sqlite";
import type { Cancel, Clock } from "../../hub/clock.ts";

/** What is not urgent is committed after this long, in ms, if nothing urgent commits it before. */
const COMMIT_MS = 20;

/** What {@linkcode Transaction} tells its owner. */
export interface TransactionContext {
  /** Something that nobody waits for failed. */
  failed(error: unknown): void;
  /** Everything until now is in the file. */
  committed(): void;
  /** Everything since the last commit is undone. */
  rolledBack(): void;
}

/** The one transaction that is open at a time: urgent writes take along what waited. */
export class Transaction {
  readonly #file: DatabaseSync;
  readonly #clock: Clock;
  readonly #context: TransactionContext;
  #isOpen = false;
  #commitSoon: Cancel | undefined;

  constructor(file: DatabaseSync, clock: Clock, context: TransactionContext) {
    this.#file = file;
    this.#clock = clock;
    this.#context = context;
  }

  /** Runs something in it. Someone has to commit it. */
  run<T>(write: () => T): T {
    if (!this.#isOpen) {
      this.#file.exec("BEGIN");
      this.#isOpen = true;
    }
    return write();
  }

  /** Runs something that nobody waits for: committed soon, and a failure goes to the owner. */
  runQuietly<T>(write: () => T): T | undefined {
    try {
      const result = this.run(write);
      this.#commitSoon ??= this.#clock.after(
        COMMIT_MS,
        () => this.commitQuietly(),
      );
      return result;
    } catch (error) {
      // A disk that is full may have undone all of it already; half of it is no good either.
      this.rollBack();
      this.#context.failed(error);
      return undefined;
    }
  }

  /**
   * Commits what was run.
   *
   * @throws when the disk does not take it; then {@linkcode Transaction.rollBack}.
   */
  commit(): void {
    this.#commitSoon?.();
    this.#commitSoon = undefined;
    if (!this.#isOpen) return;
    this.#file.exec("COMMIT");
    this.#isOpen = false;
    this.#context.committed();
  }

  /** Commits what nobody waits for. */
  commitQuietly(): void {
    try {
      this.commit();
    } catch (error) {
      this.rollBack();
      this.#context.failed(error);
    }
  }

  /** Undoes everything since the last commit. */
  rollBack(): void {
    try {
      if (this.#isOpen) this.#file.exec("ROLLBACK");
    } catch {
      // SQLite rolled back by itself (sqlite.org/lang_transaction.html, "Response To Errors").
    }
    this.#isOpen = false;
    this.#context.rolledBack();
  }
}
