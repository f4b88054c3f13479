/**
 * A store in Redis, for hubs on several nodes that act as one: `npm:@redis/client`. It needs `--allow-net` only.
 *
 * @module
 */
import type { Clock } from "../../hub/clock.ts";
import type {
  Entry,
  Store,
  StoredRecords,
  StoreFactory,
  StoreSink,
} from "../../hub/log/store.ts";
import { checkMode } from "./check.ts";
import { readGeneration } from "./generation.ts";
import { RedisLog } from "./log.ts";
import { RedisMaintenance } from "./maintenance.ts";
import { RedisNode } from "./node.ts";
import {
  checkRedisNames,
  type RedisOptions,
  redisSettings,
  type RedisStoreOptions,
} from "./options.ts";
import { withRetry } from "./retry.ts";
import { checkRights } from "./rights.ts";
import { RedisSessions } from "./sessions.ts";
import { RedisSubscriber } from "./subscriber.ts";

export { checkRedis } from "./check.ts";
export { RedisUnavailableError } from "./errors.ts";
export type {
  RedisCredentials,
  RedisOptions,
  RedisStoreOptions,
  RedisTls,
} from "./options.ts";

/** The time for which closing waits for appends in flight, in ms. */
const CLOSE_MS = 1_000;

/**
 * Makes the factory of a store in Redis, for the option `store` of `serve` or `createHub`.
 *
 * @param url `redis://[user:password@]host[:port][/database][?prefix=…]`, or `rediss://` for TLS.
 * @param options see {@linkcode RedisStoreOptions}.
 * @returns the factory. The store connects when the hub is made, and connects again until the hub is closed.
 * @throws {TypeError} for a malformed URL, an unknown option or a wrong type, {@linkcode RangeError} for a number out of
 * bounds.
 * @example
 * ```ts
 * import { assertEquals, assertRejects } from "@std/assert";
 * import { createHub } from "../../hub.ts";
 * import { DrumbeatError } from "../../messages.ts";
 * import { redisStore } from "./store.ts";
 *
 * // No Redis listens on port 1: a publish waits for it, and is rejected.
 * const store = redisStore("redis://127.0.0.1:1", { waitMs: 1 });
 * await using hub = createHub({ store });
 * const { code } = await assertRejects(
 *   () => hub.broadcast({ type: "chat", text: "hello" }),
 *   DrumbeatError,
 * );
 * assertEquals(code, "unavailable");
 * ```
 */
export function redisStore(
  url: string,
  options: RedisStoreOptions = {},
): StoreFactory<RedisStore> {
  checkRedisNames(options);
  redisSettings(url, options);
  return (clock, settings) =>
    new RedisStore(url, clock, { ...options, ...settings });
}

/**
 * A store of logs, sessions and outcomes in Redis, shared with every node that uses the same server and prefix.
 *
 * @example
 * ```ts
 * import { assertFalse } from "@std/assert";
 * import { WebClock } from "../clock_web.ts";
 * import { RedisStore } from "./store.ts";
 *
 * const clock = new WebClock();
 * await using store = new RedisStore("redis://127.0.0.1:1", clock);
 * assertFalse(store.healthy);
 * ```
 */
export class RedisStore implements Store {
  /** `true`: other nodes write to the same logs. */
  readonly shared = true;
  readonly #logs = new Map<string, RedisLog>();
  /** The logs that may have appends without an outcome, forgotten logs included. */
  readonly #pending = new Set<RedisLog>();
  readonly #node: RedisNode;
  readonly #sessions: RedisSessions;
  readonly #subscriber: RedisSubscriber;
  readonly #maintenance: RedisMaintenance;
  #closed: Promise<void> | undefined;

  /**
   * Makes a store. It connects when the hub calls `connect`.
   *
   * @param url see {@linkcode redisStore}.
   * @param clock the hub's clock.
   * @param options see {@linkcode RedisOptions}.
   * @throws {TypeError} for a malformed URL, an unknown option or a wrong type, {@linkcode RangeError} for a number out of
   * bounds.
   */
  constructor(url: string, clock: Clock, options: RedisOptions = {}) {
    const node = this.#node = new RedisNode(
      clock,
      redisSettings(url, options),
      {
        connected: () => this.#connected(),
        subscribed: async () => {
          await this.#subscriber.resume();
          this.#maintenance.checkLogs();
        },
      },
    );
    this.#sessions = new RedisSessions(node);
    this.#subscriber = new RedisSubscriber(node, {
      announced: (topic, run) => this.#logs.get(topic)?.announced(run),
      claimed: (...claim) => this.#sessions.claimed(...claim),
    });
    this.#maintenance = new RedisMaintenance({
      node,
      sessions: this.#sessions,
      logs: this.#logs,
      pending: this.#pending,
    });
  }

  /** `true` while Redis answers and accepts publishes. */
  get healthy(): boolean {
    return this.#node.isHealthy;
  }

  connect(sink: StoreSink): void {
    this.#node.sink = sink;
    this.#node.start();
    this.#maintenance.start();
  }

  open(topic: string): void {
    const { bounds } = this.#log(topic);
    if (bounds !== undefined) this.#node.sink?.opened(topic, bounds);
  }

  append(entries: readonly Entry[]): void {
    const touched = new Set<RedisLog>();
    for (const entry of entries) {
      const log = this.#log(entry.topic);
      touched.add(log);
      log.append(entry);
    }
    for (const log of touched) {
      this.#pending.add(log);
      log.sync();
    }
  }

  /** Reads records; waits for Redis up to `waitMs`. */
  async read(
    topic: string,
    from: number,
    maxBytes: number,
  ): Promise<StoredRecords> {
    return await withRetry(
      this.#node,
      () => this.#log(topic).read(from, maxBytes),
    );
  }

  forget(topic: string): void {
    // The log stays in Redis until its retention ends.
    const log = this.#logs.get(topic);
    if (log === undefined) return;
    this.#logs.delete(topic);
    log.forget();
    this.#subscriber.unfollow(topic);
  }

  begin(session: string): void {
    this.#sessions.begin(session);
  }

  async claim(session: string): Promise<boolean> {
    return await this.#sessions.claim(session);
  }

  detach(session: string): void {
    this.#sessions.detach(session);
  }

  /** Waits up to a second for appends in flight, and closes the connections. Idempotent. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#closed ??= this.#close();
  }

  async #close(): Promise<void> {
    this.#maintenance.stop();
    await this.#settled();
    this.#node.close();
    for (const log of this.#pending) log.close();
  }

  #log(topic: string): RedisLog {
    let log = this.#logs.get(topic);
    if (log === undefined) {
      log = new RedisLog(topic, this.#node, this.#subscriber);
      this.#logs.set(topic, log);
      log.sync();
    }
    return log;
  }

  /** Sends the first commands of a new connection. */
  async #connected(): Promise<void> {
    const { connection, settings } = this.#node;
    const info = await connection.command<string>(["INFO", "server"]);
    checkMode(info);
    // Before anything is written: a script that lacks a right ends in the middle.
    await checkRights(connection, this.#node.keys);
    if (settings.durability === "relaxed") {
      this.#node.generation = await readGeneration(connection, this.#node.keys);
    }
    await this.#maintenance.checkDatabase();
    this.#maintenance.checkLogs();
  }

  /** Resolves when no append is in flight, or after a second. In real time: the hub's clock may be closed. */
  async #settled(): Promise<void> {
    const end = performance.now() + CLOSE_MS;
    while (
      this.#node.connection.isUp && performance.now() < end &&
      [...this.#pending].some((log) => log.isPending)
    ) await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
