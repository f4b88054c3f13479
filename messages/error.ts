import type { Issue } from "./validator.ts";
import type { ErrorCode } from "./wire.ts";

/**
 * The code of a {@linkcode DrumbeatError}: a code of the wire, or one of the client. With every code except `indeterminate`,
 * a publish was not stored.
 */
export type DrumbeatErrorCode =
  | ErrorCode
  /** The client or the topic was closed before the message was sent. */
  | "closed"
  /** The message was not sent in time, or a request was not answered in time. */
  | "timeout"
  /** The connection ended before the answer came. */
  | "disconnected"
  /** The payload could not be read, so nothing was sent. */
  | "dropped";

/** Options of {@linkcode DrumbeatError}. */
export interface DrumbeatErrorOptions extends ErrorOptions {
  /** The validator's issues. Default: none. */
  readonly issues?: readonly Issue[];
}

/**
 * The error of every failed operation, on the client and on the hub. Programs decide by its `code`; docs/protocol.md lists
 * for each code whether the message may have been stored. A request handler that throws one sends its code and message to
 * the client.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { DrumbeatError } from "./error.ts";
 *
 * const error = new DrumbeatError("limit", "Cannot publish to 'lobby': 1000 messages are waiting (at most 1000)");
 * assertEquals(error.code, "limit");
 * ```
 */
export class DrumbeatError extends Error {
  /** `DrumbeatError`. */
  override readonly name = "DrumbeatError";
  /** The code by which a program decides what to do. */
  readonly code: DrumbeatErrorCode;
  /** The validator's issues, if a validator refused the value. */
  readonly issues: readonly Issue[] | undefined;

  /**
   * Creates an error.
   *
   * @param code the code by which a program decides what to do.
   * @param message the action, the cause and the value, for people.
   * @param options the cause and the validator's issues.
   */
  constructor(
    code: DrumbeatErrorCode,
    message: string,
    options: DrumbeatErrorOptions = {},
  ) {
    super(message, options);
    this.code = code;
    this.issues = options.issues;
  }
}
