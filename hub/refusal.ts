import type { ErrorCode, Issue } from "../messages.ts";

/** Why something that a peer, or the program, asked for is refused. */
export interface Refusal {
  /** The code of docs/protocol.md. */
  readonly code: ErrorCode;
  /** A sentence for people. */
  readonly message: string;
  /** What a validator found. */
  readonly issues?: readonly Issue[];
}

/** The `error` frame that tells a refusal, in both dialects. @param id of the refused frame, where it had one. */
export function encodeRefusal(
  { code, message, issues }: Refusal,
  id?: number,
): string {
  return JSON.stringify({ type: "error", id, code, message, issues });
}
