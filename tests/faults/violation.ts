/** The promise that a violation breaks. */
export type ViolationKind =
  /** A subscriber received neither an acknowledged message nor a gap that covers it. */
  | "lost"
  /** A subscriber received a message twice. */
  | "duplicated"
  /** A subscriber received offsets, or one publisher's messages, in another order. */
  | "reordered"
  /** A record was received that was never published like this: an unknown body, another topic, or another publisher. */
  | "phantom"
  /** A record was received whose publish was refused. Only with the code `indeterminate` may a message have been stored. */
  | "refused but stored"
  /** Offsets or the epoch jumped without a gap. */
  | "unannounced gap"
  /** The log has another record, or none, at the position at which a message was acknowledged. */
  | "acknowledged but missing"
  /** Two subscribers received different records at the same position. */
  | "diverged"
  /** A rule of one scenario was broken. */
  | "rule";

/** One broken promise. */
export interface Violation {
  readonly kind: ViolationKind;
  readonly topic: string;
  /** The subscriber or publisher. */
  readonly client: string;
  readonly detail: string;
}
