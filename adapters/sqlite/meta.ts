import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { SavedTime } from "./age_clock.ts";
import type { Durability } from "./options.ts";

/** The file's notes about the process before. Every method runs in the open transaction. */
export class SqliteMeta {
  /** The last saved time; absent in a new file. */
  readonly time: SavedTime | undefined;
  /** `true` when the process before did not wait for the disk and did not close the file. */
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

  /** Notes that a process has opened the file. */
  opened(durability: Durability, time: SavedTime): void {
    this.#put.run("relaxed", durability === "relaxed" ? 1 : 0);
    this.#put.run("clean", 0);
    this.saveTime(time);
  }

  /** Notes that the process closes the file. */
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
