import type { Clock } from "../../hub/clock.ts";
import { randomId } from "../../hub/ids.ts";
import type { StoreSink } from "../../hub/log/store.ts";
import { RedisConnection } from "./connection.ts";
import {
  reasonOf,
  type RedisReplyError,
  RedisUnavailableError,
} from "./errors.ts";
import { RedisKeys } from "./keys.ts";
import type { RedisSettings } from "./options.ts";

/** The time for which a session's outcomes outlive it, in ms: its node may detect the end of the connection late. */
const OUTCOMES_EXTRA_MS = 60_000;
/** The time for which a log's epoch and head outlive its records, in ms. */
const LOG_EXTRA_MS = 24 * 60 * 60 * 1000;

/** One node, as the parts of its store see it: its connections, its settings, and the health of Redis. */
export class RedisNode {
  readonly id: string = randomId(12);
  readonly clock: Clock;
  readonly settings: RedisSettings;
  readonly keys: RedisKeys;
  /** The connection for commands. */
  readonly connection: RedisConnection;
  /** The connection for subscriptions. */
  readonly subscriptions: RedisConnection;
  /** The time to live of a log after its last append, in ms as Redis reads it; empty: unlimited. */
  readonly logTtl: string;
  /** The time to live of the answer to an append. */
  readonly answerTtl: string;
  /** The time to live of a session's outcomes. */
  readonly outcomeTtl: string;
  /** The generation of the data in Redis; empty when Redis keeps everything that it acknowledged. */
  generation = "";
  sink: StoreSink | undefined;
  isClosed = false;
  #queueBytes: number;
  /** The kind of the failure that was reported last; absent while Redis works. */
  #failure: string | undefined;
  #isRejecting = false;
  /** The ends of the pauses that are running. */
  readonly #pauses = new Set<() => void>();

  constructor(
    clock: Clock,
    settings: RedisSettings,
    callbacks: Record<"connected" | "subscribed", () => Promise<void>>,
  ) {
    const { maxAgeMs, sessionMs, waitMs } = settings;
    this.clock = clock;
    this.settings = settings;
    this.keys = new RedisKeys(settings.prefix);
    this.#queueBytes = settings.maxQueueBytes;
    const disconnected = (error: unknown) => this.#report(reasonOf(error));
    this.connection = new RedisConnection({
      clock,
      settings,
      disconnected,
      connected: callbacks.connected,
    });
    this.subscriptions = new RedisConnection({
      clock,
      settings,
      disconnected,
      connected: callbacks.subscribed,
    });
    this.logTtl = maxAgeMs === Infinity
      ? ""
      : `${Math.ceil(maxAgeMs + LOG_EXTRA_MS)}`;
    this.answerTtl = `${Math.ceil(10 * waitMs + 60_000)}`;
    this.outcomeTtl = `${Math.ceil(2 * sessionMs + OUTCOMES_EXTRA_MS)}`;
  }

  /** `true` while Redis answers and accepts publishes. */
  get isHealthy(): boolean {
    return this.connection.isUp && this.subscriptions.isUp &&
      !this.#isRejecting;
  }

  /** Starts to connect. */
  start(): void {
    this.connection.start();
    this.subscriptions.start();
  }

  /** Closes the connections and ends every pause. */
  close(): void {
    this.isClosed = true;
    for (const end of this.#pauses) end();
    this.connection.close();
    this.subscriptions.close();
  }

  /** Redis answered a command with an error. */
  rejected(error: RedisReplyError): void {
    this.#isRejecting = true;
    // By code: the message of a script's error contains the script's hash.
    this.#report(error.message, error.code);
  }

  /** Redis executed a command that may write. */
  executed(): void {
    this.#isRejecting = false;
    if (!this.isHealthy || this.#failure === undefined) return;
    this.#failure = undefined;
    this.sink?.health?.(true);
  }

  /** Reserves memory for a publish that waits. @returns `false` above the limit of all logs together. */
  reserve(bytes: number): boolean {
    if (bytes > this.#queueBytes) return false;
    this.#queueBytes -= bytes;
    return true;
  }

  /** Releases the memory of a publish. */
  release(bytes: number): void {
    this.#queueBytes += bytes;
  }

  /** Resolves after a time, or when the store is closed. */
  pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        cancel();
        this.#pauses.delete(end);
        resolve();
      };
      const cancel = this.clock.after(ms, end);
      this.#pauses.add(end);
    });
  }

  /** Reports a failure once, until Redis works again. @param kind failures of one kind are reported once. */
  #report(reason: string, kind = reason): void {
    if (this.isClosed || this.#failure === kind) return;
    this.#failure = kind;
    const { name } = this.settings.server;
    this.sink?.failed(new RedisUnavailableError(name, reason));
  }
}
