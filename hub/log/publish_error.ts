import type { ErrorCode, Issue } from "../../messages.ts";
import type { Refusal } from "../refusal.ts";

/** A publish of the program's own was refused: by the contract, a limit, or the store. */
export class PublishError extends Error {
  /** `PublishError`. */
  override readonly name = "PublishError";
  /** The code of docs/protocol.md: `invalid`, `unknown`, `limit`, `unavailable`, … */
  readonly code: ErrorCode;
  /** What the validator found. */
  readonly issues: readonly Issue[];

  /**
   * Made by the hub.
   *
   * @param topic the topic's name.
   * @param refusal why it was refused.
   */
  constructor(topic: string, refusal: Refusal) {
    super(`Cannot publish to '${topic}': ${refusal.message}`);
    this.code = refusal.code;
    this.issues = refusal.issues ?? [];
  }
}
