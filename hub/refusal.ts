import {
  DrumbeatError,
  type DrumbeatErrorCode,
  type ErrorCode,
  type Issue,
} from "../messages.ts";

/** The code and the reason of a refused operation. */
export interface Refusal {
  /** The code of docs/protocol.md. */
  readonly code: ErrorCode;
  /** The reason, for people. */
  readonly message: string;
  /** The validator's issues. */
  readonly issues?: readonly Issue[];
}

/** The codes that the protocol has. */
const WIRE_CODES: Readonly<Record<ErrorCode, true>> = {
  malformed: true,
  invalid: true,
  unsupported: true,
  indeterminate: true,
  already: true,
  absent: true,
  forbidden: true,
  unauthenticated: true,
  limit: true,
  large: true,
  unavailable: true,
  failed: true,
};

/** Returns `true` for a code of the protocol, and `false` for one of the client's own. */
export function isWireCode(code: DrumbeatErrorCode): code is ErrorCode {
  return Object.hasOwn(WIRE_CODES, code);
}

/**
 * Encodes a refusal as an `error` frame of both dialects.
 *
 * @param id the id of the refused frame, if it had one.
 */
export function encodeRefusal(
  { code, message, issues }: Refusal,
  id?: number,
): string {
  return JSON.stringify({ type: "error", id, code, message, issues });
}

/**
 * Turns a refusal into the error that the program receives.
 *
 * @param action the operation that was refused: `Cannot publish to 'lobby'`.
 */
export function refusalError(
  action: string,
  { code, message, issues }: Refusal,
): DrumbeatError {
  return new DrumbeatError(
    code,
    `${action}: ${message}`,
    issues === undefined ? {} : { issues },
  );
}
