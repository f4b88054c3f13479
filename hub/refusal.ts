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
