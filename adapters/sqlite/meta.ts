import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Durability } from "./file.ts";
import type { StoreTime } from "./age_clock.ts";

/** What the file remembers of the run before, in the transaction that is open. */
export class SqliteMeta {
  /** Where the store's time stood; absent: there was no run before. */
  readonly time: StoreTime | undefined;
  /** Whether the run before did not wait for the disk, and ended without saying so. */
  readonly mayLackRecords: boolean;
  readonly #put: StatementSync;

  constructor(file: DatabaseSync) {
    const values = new Map(
      file.prepare("SELECT name, value FROM meta").all()
        .map(({ name, value }) => [name as string, value as number]),
    );
    const time = values.get("time");
    const wall = values.get("wall");
    this.time = time === undefined || wall === undefined
      ? undefined
      : { time, wall };
    this.mayLackRecords = values.get("relaxed") === 1 &&
      values.get("clean") !== 1;
    this.#put = file.prepare(
      "INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)",
    );
  }

  /** A run begins. */
  started(durability: Durability, time: StoreTime): void {
    this.#put.run("relaxed", durability === "relaxed" ? 1 : 0);
    this.#put.run("clean", 0);
    this.saveTime(time);
  }

  /** A run ends as it should. */
  ended(time: StoreTime): void {
    this.#put.run("clean", 1);
    this.saveTime(time);
  }

  /** Keeps the time for the run after. */
  saveTime({ time, wall }: StoreTime): void {
    this.#put.run("time", time);
    this.#put.run("wall", wall);
  }
}
