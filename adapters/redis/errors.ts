import { ErrorReply } from "npm:@redis/client@6.3.1";

/** The connection to Redis is not there, or ended before the answer came. */
export class RedisLost extends Error {
  /** `RedisLost`. */
  override readonly name = "RedisLost";
  /** Whether the command may have been carried out. */
  readonly wasSent: boolean;

  constructor(wasSent: boolean, options?: ErrorOptions) {
    super("The connection to Redis is lost", options);
    this.wasSent = wasSent;
  }
}

/** Redis answered with an error: the command was not carried out. */
export class RedisRefused extends Error {
  /** `RedisRefused`. */
  override readonly name = "RedisRefused";
  /** The error's first word: `OOM`, `NOSCRIPT`, `LOADING`. */
  readonly code: string;

  constructor(message: string, options?: ErrorOptions) {
    super(`Redis refuses: ${message}`, options);
    this.code = /^[A-Z]+/.exec(message)?.[0] ?? "ERR";
  }

  /** Whether it is busy with something that ends. */
  get isPassing(): boolean {
    return ["LOADING", "BUSY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN"]
      .includes(this.code);
  }

  /** Whether this connection is of no use any more: the server is a replica now, or wants a password. */
  get endsConnection(): boolean {
    return ["READONLY", "NOAUTH", "WRONGPASS"].includes(this.code);
  }
}

/** Redis cannot be reached, or does not let us in. What it says holds no password. */
export class RedisAwayError extends Error {
  /** `RedisAwayError`. */
  override readonly name = "RedisAwayError";

  /**
   * Made by the store.
   *
   * @param server its address, without who connects.
   * @param reason why, in a few words.
   */
  constructor(server: string, reason: string) {
    super(`The store at ${server} cannot be used: ${reason}`);
  }
}

/** What went wrong with a command that was handed to a connection. */
export function redisError(error: unknown): RedisLost | RedisRefused {
  return error instanceof ErrorReply
    ? new RedisRefused(error.message, { cause: error })
    : new RedisLost(true, { cause: error });
}

/** Why a connection cannot be had, in one line that holds no password. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause, message } = error;
  if (error instanceof RedisLost && cause !== undefined) return reasonOf(cause);
  if (error instanceof AggregateError && error.errors.length > 0) {
    return reasonOf(error.errors[0]);
  }
  return message;
}
