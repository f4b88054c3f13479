import type { Cancel } from "../../hub/clock.ts";
import { RedisReplyError } from "./errors.ts";
import type { RedisLog } from "./log.ts";
import type { RedisNode } from "./node.ts";
import type { RedisSessions } from "./sessions.ts";

/** The interval at which waiting entries are checked, in ms. */
const INTERVAL_MS = 250;
/** The interval at which the database is checked, in ms. */
const DATABASE_MS = 1_000;
/** The interval at which each log is checked, in ms: a lost announcement is detected after it. */
const LOGS_MS = 5_000;
/** The largest number of logs of one check. */
const MAX_LOGS = 500;

/** The parts of the store that {@linkcode RedisMaintenance} works on. */
export interface RedisMaintenanceContext {
  readonly node: RedisNode;
  readonly sessions: RedisSessions;
  readonly logs: ReadonlyMap<string, RedisLog>;
  /** The logs that may have appends without an outcome, forgotten logs included. */
  readonly pending: Set<RedisLog>;
}

/** Settles entries that waited too long, renews sessions, and detects lost announcements and a replaced database. */
export class RedisMaintenance {
  readonly #context: RedisMaintenanceContext;
  #cancel: Cancel | undefined;
  #checkedAt = -Infinity;
  /** The text that the first node wrote into the database: a database with another text is another one. */
  #databaseMark: string | undefined;
  /** The topics that are still to be checked in this round, and the time at which it began. */
  #round: string[] = [];
  #roundAt = -Infinity;

  constructor(context: RedisMaintenanceContext) {
    this.#context = context;
  }

  /** Starts the timer. */
  start(): void {
    this.#cancel = this.#context.node.clock.after(INTERVAL_MS, () => {
      this.#step();
      this.start();
    });
  }

  /** Stops the timer for good. */
  stop(): void {
    this.#cancel?.();
  }

  /** Checks every log: a connection is new, or the database was replaced. */
  checkLogs(): void {
    for (const log of this.#context.logs.values()) log.check();
  }

  #step(): void {
    const { pending, sessions, node } = this.#context;
    for (const log of pending) {
      log.expire();
      if (!log.isPending) pending.delete(log);
    }
    const now = node.clock.now();
    if (now - this.#checkedAt < DATABASE_MS || !node.connection.isUp) return;
    this.#checkedAt = now;
    sessions.renew();
    // The connection reports its own close.
    this.checkDatabase().catch(() => {});
    this.#checkSomeLogs(now);
  }

  /** Checks whether the database is the same as before and can be written, and writes a mark into a new one. */
  async checkDatabase(): Promise<void> {
    const { node } = this.#context;
    const { connection, keys, clock } = node;
    const mark = `${node.id} ${clock.time()}`;
    const marked = connection.command(["SET", keys.databaseMark, mark, "NX"])
      .then(
        () => node.executed(),
        (error) => {
          if (!(error instanceof RedisReplyError)) throw error;
          node.rejected(error);
        },
      );
    const read = connection.command<string | null>(["GET", keys.databaseMark]);
    const [found] = await Promise.all([read, marked]);
    const isOther = this.#databaseMark !== undefined &&
      this.#databaseMark !== found;
    this.#databaseMark = found ?? undefined;
    if (isOther) this.checkLogs();
  }

  #checkSomeLogs(now: number): void {
    const { logs, node } = this.#context;
    if (this.#round.length === 0) {
      // Without subscriptions no record is announced: each step checks the logs.
      const isAnnounced = node.subscriptions.isUp;
      if (isAnnounced && now - this.#roundAt < LOGS_MS) return;
      this.#roundAt = now;
      this.#round = [...logs.keys()];
    }
    for (const topic of this.#round.splice(0, MAX_LOGS)) {
      const log = logs.get(topic);
      if (log !== undefined && log.epoch !== "") {
        this.#checkLog(log).catch(() => {});
      }
    }
  }

  async #checkLog(log: RedisLog): Promise<void> {
    const { connection, keys, logTtl } = this.#context.node;
    const key = keys.log(log.name);
    const { epoch: before } = log;
    const read = connection.command<[string | null, string | null]>(
      ["HMGET", key, "epoch", "head"],
    );
    // A log that a node follows does not expire.
    if (logTtl !== "") {
      connection.command(["PEXPIRE", key, logTtl]).catch(() => {});
    }
    const { head } = log.bounds!;
    const [epoch, found] = await read;
    // The log may have been replaced meanwhile.
    if (log.epoch === before) log.compare(epoch, Number(found), head);
  }
}
