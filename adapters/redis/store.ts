/**
 * A store in Redis, for hubs on several nodes that are one hub: `npm:@redis/client`. It needs `--allow-net` only.
 *
 * @module
 */
import type { Clock } from "../../hub/clock.ts";
import { randomId } from "../../hub/ids.ts";
import type {
  Entry,
  Store,
  StoredRecords,
  StoreSink,
} from "../../hub/log/store.ts";
import { Budget, type RedisContext } from "./context.ts";
import { reasonOf, RedisAwayError, type RedisRefused } from "./errors.ts";
import { RedisKeys } from "./keys.ts";
import { RedisLink } from "./connection.ts";
import { RedisLog } from "./log.ts";
import {
  type RedisSettings,
  redisSettings,
  type RedisStoreOptions,
} from "./options.ts";
import { patiently } from "./retry.ts";
import { RedisSessions } from "./sessions.ts";
import { RedisSubscriber } from "./subscriber.ts";
import { RedisUpkeep, type RedisUpkeepContext } from "./maintenance.ts";

export { checkRedis } from "./check.ts";
export { RedisAwayError } from "./errors.ts";
export type {
  RedisCredentials,
  RedisStoreOptions,
  RedisTls,
} from "./options.ts";

/** How much longer than a session its outcomes are kept, in ms: until its node knows that its connection is gone. */
const OUTCOMES_MORE_MS = 60_000;
/** How much longer than its records a log's place is kept, in ms. */
const LOG_MORE_MS = 24 * 60 * 60 * 1000;
/** How long closing waits for what is on its way, in ms. */
const CLOSE_MS = 1_000;

/**
 * A store in Redis, to give to `serve` or `createHub`.
 *
 * @param url `redis://[user:password@]host[:port][/database][?prefix=…]`, or `rediss://` for TLS.
 * @param options see {@linkcode RedisStoreOptions}.
 * @returns a factory: the connection is made when the hub is made, and made again for as long as the hub lives.
 * @throws {TypeError} for a URL that is none, {@linkcode RangeError} for a number that is not one.
 */
export function redisStore(
  url: string,
  options: RedisStoreOptions = {},
): (clock: Clock, options: { readonly sessionMs: number }) => RedisStore {
  redisSettings(url, options);
  return (clock, { sessionMs }) =>
    new RedisStore(url, clock, { sessionMs, ...options });
}

/** Logs, sessions and outcomes in Redis, shared with every other node that is given the same server and prefix. */
export class RedisStore implements Store {
  readonly shared = true;
  readonly #clock: Clock;
  readonly #settings: RedisSettings;
  readonly #logs = new Map<string, RedisLog>();
  readonly #link: RedisLink;
  readonly #heard: RedisLink;
  readonly #context: RedisUpkeepContext;
  readonly #upkeep: RedisUpkeep;
  /** What waits for a while; called early when the store is closed. */
  readonly #pauses = new Set<() => void>();
  #sink: StoreSink | undefined;
  #run = "";
  /** Why it does not work, if that was told. */
  #trouble: string | undefined;
  #isRefused = false;
  #isClosed = false;

  /**
   * Starts connecting.
   *
   * @param url see {@linkcode redisStore}.
   * @param clock the hub's clock.
   * @param options see {@linkcode RedisStoreOptions}.
   * @throws {TypeError} for a URL that is none, {@linkcode RangeError} for a number that is not one.
   */
  constructor(url: string, clock: Clock, options: RedisStoreOptions = {}) {
    const settings = this.#settings = redisSettings(url, options);
    this.#clock = clock;
    const down = (error: unknown) => this.#down(error);
    this.#link = new RedisLink({
      clock,
      settings,
      down,
      up: () => this.#connected(),
    });
    this.#heard = new RedisLink({
      clock,
      settings,
      down,
      up: async () => {
        await this.#context.subscriber.resume();
        this.#upkeep.checkAll();
      },
    });
    this.#context = this.#makeContext();
    this.#upkeep = new RedisUpkeep(this.#context);
  }

  /** Whether Redis answers, and takes what is published. */
  get healthy(): boolean {
    return this.#link.isUp && this.#heard.isUp && !this.#isRefused;
  }

  connect(sink: StoreSink): void {
    this.#sink = sink;
    this.#link.start();
    this.#heard.start();
    this.#upkeep.start();
  }

  open(topic: string): void {
    const { bounds } = this.#log(topic);
    if (bounds !== undefined) this.#sink?.opened(topic, bounds);
  }

  append(entries: readonly Entry[]): void {
    const touched = new Set<RedisLog>();
    for (const entry of entries) {
      const log = this.#log(entry.topic);
      touched.add(log);
      log.append(entry);
    }
    for (const log of touched) {
      this.#context.pending.add(log);
      log.work();
    }
  }

  /** Waits for Redis up to `waitMs`; then it rejects. */
  async read(
    topic: string,
    from: number,
    maxBytes: number,
  ): Promise<StoredRecords> {
    return await patiently(
      this.#context,
      () => this.#log(topic).read(from, maxBytes),
    );
  }

  forget(topic: string): void {
    // The log stays in Redis; its retention ends it.
    const log = this.#logs.get(topic);
    if (log === undefined) return;
    this.#logs.delete(topic);
    log.release();
    this.#context.subscriber.unfollow(topic);
  }

  begin(session: string): void {
    this.#context.sessions.begin(session);
  }

  async claim(session: string): Promise<boolean> {
    return await this.#context.sessions.claim(session);
  }

  detach(session: string): void {
    this.#context.sessions.leave(session);
  }

  /** Waits a moment for what is on its way, and ends the connections. Idempotent. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#upkeep.stop();
    await this.#settled();
    this.#isClosed = true;
    for (const resume of this.#pauses) resume();
    this.#link.close();
    this.#heard.close();
    for (const log of this.#context.pending) log.close();
  }

  #log(topic: string): RedisLog {
    let log = this.#logs.get(topic);
    if (log === undefined) {
      log = new RedisLog(topic, this.#context);
      this.#logs.set(topic, log);
      log.work();
    }
    return log;
  }

  /** What goes over a new connection first. */
  async #connected(): Promise<void> {
    const info = await this.#link.command<string>(["INFO", "server"]);
    if (this.#settings.durability === "relaxed") {
      // A server that does not say which process it is counts as one.
      this.#run = /^run_id:(\S+)/m.exec(info)?.[1] ?? "-";
    }
    await this.#upkeep.ask();
    this.#upkeep.checkAll();
  }

  #down(error: unknown): void {
    const reason = reasonOf(error);
    if (this.#isClosed || this.#trouble === reason) return;
    this.#trouble = reason;
    const { name } = this.#settings.server;
    this.#sink?.failed(new RedisAwayError(name, reason));
  }

  #refused(error: RedisRefused): void {
    this.#isRefused = true;
    if (this.#trouble === error.message) return;
    this.#trouble = error.message;
    const { name } = this.#settings.server;
    this.#sink?.failed(new RedisAwayError(name, error.message));
  }

  #answered(): void {
    this.#isRefused = false;
    if (this.healthy) this.#trouble = undefined;
  }

  /** Resolves when nothing is pending, or after a moment. The hub's clock has ended by now. */
  async #settled(): Promise<void> {
    const end = performance.now() + CLOSE_MS;
    while (
      this.#link.isUp && performance.now() < end &&
      [...this.#context.pending].some((log) => log.isPending)
    ) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const resume = () => {
        cancel();
        this.#pauses.delete(resume);
        resolve();
      };
      const cancel = this.#clock.after(ms, resume);
      this.#pauses.add(resume);
    });
  }

  #makeContext(): RedisUpkeepContext {
    // deno-lint-ignore no-this-alias -- the getters below have a `this` of their own.
    const store = this;
    const clock = this.#clock;
    const settings = this.#settings;
    const { maxAgeMs, sessionMs, waitMs } = settings;
    const keys = new RedisKeys(settings.prefix);
    const node = randomId(12);
    const context: Omit<RedisUpkeepContext, "sessions"> = {
      clock,
      settings,
      keys,
      link: this.#link,
      subscriber: new RedisSubscriber({
        clock,
        keys,
        node,
        link: this.#heard,
        get sink() {
          return store.#sink;
        },
        told: (topic, run) => this.#logs.get(topic)?.told(run),
        claimed: (...claim) => this.#context.sessions.claimed(...claim),
      }),
      budget: new Budget(settings.maxQueueBytes),
      node,
      get run() {
        return store.#run;
      },
      logTtl: maxAgeMs === Infinity
        ? ""
        : `${Math.ceil(maxAgeMs + LOG_MORE_MS)}`,
      answerTtl: `${Math.ceil(10 * waitMs + 60_000)}`,
      outcomeTtl: `${Math.ceil(2 * sessionMs + OUTCOMES_MORE_MS)}`,
      get isClosed() {
        return store.#isClosed;
      },
      get sink() {
        return store.#sink;
      },
      refused: (error) => this.#refused(error),
      answered: () => this.#answered(),
      pause: (ms) => this.#pause(ms),
      logs: this.#logs,
      pending: new Set(),
    };
    return Object.assign(context, {
      sessions: new RedisSessions(context as RedisContext),
    });
  }
}
