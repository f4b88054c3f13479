import type { ErrorCode } from "../messages.ts";

/**
 * Why an operation failed: a code of the wire (docs/protocol.md), or one of the client's own. `closed`: the client or
 * the topic was closed. `timeout`: it was never sent. `disconnected`: the connection was cut before the answer came.
 * `dropped`: what was to be sent could not be read. `unknown`, from the client: it was sent, and nobody can say any more
 * whether it was stored.
 */
export type DrumbeatErrorCode =
  | ErrorCode
  | "closed"
  | "timeout"
  | "disconnected"
  | "dropped";

/** Options of {@linkcode DrumbeatError}. */
export interface DrumbeatErrorOptions extends ErrorOptions {
  /** What the contract found wrong with a message. */
  readonly issues?: readonly unknown[];
}

/**
 * What the client's promises reject with, unless the caller's own signal aborted them.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { DrumbeatError } from "../client.ts";
 *
 * const error = new DrumbeatError("limit", "Cannot publish to 'lobby': 1000 messages are waiting (at most 1000)");
 * assertEquals(error.code, "limit");
 * ```
 */
export class DrumbeatError extends Error {
  /** `DrumbeatError`. */
  override readonly name = "DrumbeatError";
  /** What programs decide by. */
  readonly code: DrumbeatErrorCode;
  /** What the contract found wrong with a message, where it was that. */
  readonly issues: readonly unknown[] | undefined;

  /**
   * Made by the client.
   *
   * @param code what programs decide by.
   * @param message what people read.
   * @param options the cause and the contract's issues.
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
