import { ErrorReply } from "npm:@redis/client@6.3.1";

/** The error of a command without an answer: there is no connection, or it was closed before the answer. */
export class RedisConnectionError extends Error {
  /** `RedisConnectionError`. */
  override readonly name = "RedisConnectionError";
  /** `true` when Redis may have executed the command. */
  readonly wasSent: boolean;

  constructor(wasSent: boolean, options?: ErrorOptions) {
    super("No connection to Redis", options);
    this.wasSent = wasSent;
  }
}

/** The errors of a server that has not executed any part of a script. */
const NOT_STARTED = [
  "OOM",
  "MISCONF",
  "NOREPLICAS",
  "READONLY",
  "NOSCRIPT",
  "LOADING",
  "BUSY",
  "MASTERDOWN",
  "CLUSTERDOWN",
  "TRYAGAIN",
  "MOVED",
  "ASK",
  "NOAUTH",
  "NOPERM",
  "WRONGPASS",
];

/** The error of a command that Redis answered with an error. A script may have written before its error. */
export class RedisReplyError extends Error {
  /** `RedisReplyError`. */
  override readonly name = "RedisReplyError";
  /** The first word of Redis' error: `OOM`, `NOSCRIPT`, `LOADING`. */
  readonly code: string;

  constructor(message: string, options?: ErrorOptions) {
    super(`Redis rejects the command: ${message}`, options);
    this.code = /^[A-Z]+/.exec(message)?.[0] ?? "ERR";
  }

  /** `true` when a script with this error may have written: Redis undoes nothing. */
  get mayHaveWritten(): boolean {
    return !NOT_STARTED.includes(this.code);
  }

  /** `true` when the same command may succeed later. */
  get isTransient(): boolean {
    return ["LOADING", "BUSY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN"]
      .includes(this.code);
  }

  /** `true` when the connection has to be opened again: the server became a replica, or requires another password. */
  get endsConnection(): boolean {
    return ["READONLY", "NOAUTH", "WRONGPASS"].includes(this.code);
  }
}

/**
 * The error of a Redis that cannot be reached or rejects the connection. Its message has the server's address without
 * credentials, and the reason. A `credentials` function of the program that throws is such a reason, with its own text.
 *
 * @example
 * ```ts
 * import { assertInstanceOf } from "@std/assert";
 * import { createHub } from "../../hub.ts";
 * import { redisStore, RedisUnavailableError } from "./store.ts";
 *
 * const failed = Promise.withResolvers<unknown>();
 * await using hub = createHub({
 *   // No Redis listens on port 1.
 *   store: redisStore("redis://127.0.0.1:1"),
 *   onError: failed.resolve,
 * });
 * assertInstanceOf(await failed.promise, RedisUnavailableError);
 * ```
 */
export class RedisUnavailableError extends Error {
  /** `RedisUnavailableError`. */
  override readonly name = "RedisUnavailableError";

  /**
   * Made by the store.
   *
   * @param server the server's address, without credentials.
   * @param reason the cause, in a few words.
   * @param options the cause.
   */
  constructor(server: string, reason: string, options?: ErrorOptions) {
    super(`Cannot use the store at ${server}: ${reason}`, options);
  }
}

/** Converts the error of a command that a connection was given. */
export function commandError(
  error: unknown,
): RedisConnectionError | RedisReplyError {
  return error instanceof ErrorReply
    ? new RedisReplyError(error.message, { cause: error })
    : new RedisConnectionError(true, { cause: error });
}

/** Returns the reason of a failed connection: the message of the error that caused it. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause, message } = error;
  if (error instanceof RedisConnectionError && cause !== undefined) {
    return reasonOf(cause);
  }
  if (error instanceof AggregateError && error.errors.length > 0) {
    return reasonOf(error.errors[0]);
  }
  return message;
}
