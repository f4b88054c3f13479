import type { Cancel } from "../../hub/clock.ts";
import type { RedisContext } from "./context.ts";
import { RedisRefused } from "./errors.ts";
import type { RedisLog } from "./log.ts";
import type { RedisSessions } from "./sessions.ts";

/** How often what waits is looked at, in ms. */
const TURN_MS = 250;
/** How often Redis is asked whether all is as it was, in ms. */
const ASK_MS = 1_000;
/** A log is looked at so seldom, in ms: what its followers were not told is found by then. */
const LOOK_MS = 5_000;
/** Logs that are looked at in one go. */
const MAX_LOOKS = 500;

/** What {@linkcode RedisUpkeep} looks after. */
export interface RedisUpkeepContext extends RedisContext {
  readonly logs: ReadonlyMap<string, RedisLog>;
  readonly sessions: RedisSessions;
  /** Logs that may have appends without an outcome, the forgotten ones too. */
  readonly pending: Set<RedisLog>;
}

/** Gives up what waited for too long, says which sessions are held, and finds what a lost word hid. */
export class RedisUpkeep {
  readonly #context: RedisUpkeepContext;
  #cancel: Cancel | undefined;
  #askedAt = -Infinity;
  #sentinel: string | undefined;
  /** Logs that are still to be looked at in this round, and when it began. */
  #round: string[] = [];
  #roundAt = -Infinity;

  constructor(context: RedisUpkeepContext) {
    this.#context = context;
  }

  /** Starts the timer. */
  start(): void {
    this.#cancel = this.#context.clock.after(TURN_MS, () => {
      this.#turn();
      this.start();
    });
  }

  /** Stops it for good. */
  stop(): void {
    this.#cancel?.();
  }

  /** Every log is asked where it stands: a connection is new, or the database was emptied. */
  checkAll(): void {
    for (const log of this.#context.logs.values()) log.check();
  }

  #turn(): void {
    const { clock, link, pending, sessions } = this.#context;
    for (const log of pending) {
      log.expire();
      if (!log.isPending) pending.delete(log);
    }
    const now = clock.now();
    if (now - this.#askedAt < ASK_MS || !link.isUp) return;
    this.#askedAt = now;
    sessions.turn();
    // A connection that fails says so itself.
    this.ask().catch(() => {});
    this.#look(now);
  }

  /** Asks whether the database is the one that it was, marks it where it is not, and whether it can be written. */
  async ask(): Promise<void> {
    const { link, keys, node, clock } = this.#context;
    const mark = `${node} ${clock.time()}`;
    const marked = link.command(["SET", keys.sentinel, mark, "NX"]).then(
      () => this.#context.answered(),
      (error) => {
        if (!(error instanceof RedisRefused)) throw error;
        this.#context.refused(error);
      },
    );
    const asked = link.command<string | null>(["GET", keys.sentinel]);
    const [found] = await Promise.all([asked, marked]);
    const isOther = this.#sentinel !== undefined && this.#sentinel !== found;
    this.#sentinel = found ?? undefined;
    if (isOther) this.checkAll();
  }

  #look(now: number): void {
    const { logs, subscriber } = this.#context;
    if (this.#round.length === 0) {
      // Nobody tells us of anything: we look as often as we can.
      if (subscriber.isUp && now - this.#roundAt < LOOK_MS) return;
      this.#roundAt = now;
      this.#round = [...logs.keys()];
    }
    for (const topic of this.#round.splice(0, MAX_LOOKS)) {
      const log = logs.get(topic);
      if (log !== undefined && log.epoch !== "") {
        this.#lookAt(log).catch(() => {});
      }
    }
  }

  async #lookAt(log: RedisLog): Promise<void> {
    const { link, keys, logTtl } = this.#context;
    const key = keys.log(log.name);
    const before = log.epoch;
    const asked = link.command<[string | null, string | null]>(
      ["HMGET", key, "epoch", "head"],
    );
    // A log that is followed does not expire.
    if (logTtl !== "") link.command(["PEXPIRE", key, logTtl]).catch(() => {});
    const head = log.bounds!.head;
    const [epoch, found] = await asked;
    // Another answer may have come first.
    if (log.epoch !== before) return;
    log.seen(epoch, Number(found), head);
  }
}
