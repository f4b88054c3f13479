import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { SavedTime } from "./age_clock.ts";
import type { Durability } from "./options.ts";

/**
 * The record that a process keeps in the file about itself, for the next process: its time, its durability, and whether it
 * closed the file. The methods run within the transaction that is open.
 */
export class ProcessRecord {
  /** The time that the previous process saved last; `undefined` in a new file. */
  readonly time: SavedTime | undefined;
  /** `true` when the previous process did not wait for the disk, and did not close the file: its last records may be missing. */
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

  /** Records that this process has opened the file. */
  opened(durability: Durability, time: SavedTime): void {
    this.#put.run("relaxed", durability === "relaxed" ? 1 : 0);
    this.#put.run("clean", 0);
    this.saveTime(time);
  }

  /** Records that this process closes the file. */
  closed(time: SavedTime): void {
    this.#put.run("clean", 1);
    this.saveTime(time);
  }

  /** Saves the time for the next process. */
  saveTime({ time, wall }: SavedTime): void {
    this.#put.run("time", time);
    this.#put.run("wall", wall);
  }
}
