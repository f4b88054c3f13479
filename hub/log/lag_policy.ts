import { CloseCode } from "../../messages.ts";
import { ContiguousRing, LatestRing, type Ring } from "./ring.ts";

/**
 * The treatment of a subscriber that is slower than its topic:
 *
 * - `gap`: it receives the range of the records that the log has dropped before it received them.
 * - `disconnect`: it is closed with 4002. Its client reconnects, resumes, and receives the gap.
 * - `latest`: a record replaces the one before it with the same key, so that the subscriber receives the newest record of
 *   each key. For states such as prices, positions, or typing indicators.
 */
export type LagPolicy = "gap" | "disconnect" | "latest";

/** Every {@linkcode LagPolicy}. */
export const LAG_POLICIES: readonly LagPolicy[] = [
  "gap",
  "disconnect",
  "latest",
];

/** The part of a subscription that {@linkcode disconnectIfSlow} uses. */
interface LaggingSubscription {
  readonly cursor: number;
  readonly hasKeptUp: boolean;
  readonly topic: {
    readonly log: { readonly tail: number };
    readonly settings: { readonly lag: LagPolicy };
  };
  readonly reader: { close(code: number, reason: string): void };
}

/**
 * Creates the empty ring of a topic: with the policy `latest` it replaces records.
 *
 * @param lag the topic's policy.
 * @param head the offset of the first record that will be appended.
 */
export function createRing(lag: LagPolicy, head: number): Ring {
  return lag === "latest" ? new LatestRing(head) : new ContiguousRing(head);
}

/**
 * Disconnects the reader of a topic with the policy `disconnect` whose cursor has fallen below the log's tail. With the other
 * policies, the flush sends the reader a gap.
 *
 * @returns `true` if the reader was disconnected.
 */
export function disconnectIfSlow(
  { cursor, hasKeptUp, topic, reader }: LaggingSubscription,
): boolean {
  const { log, settings } = topic;
  if (!hasKeptUp || settings.lag !== "disconnect" || cursor >= log.tail) {
    return false;
  }
  reader.close(CloseCode.slowReader, "Subscriber too slow");
  return true;
}
