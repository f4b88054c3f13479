import type { Ledger, Published } from "./ledger.ts";
import {
  formatPosition,
  positionKey,
  StreamChecker,
} from "./stream_checker.ts";
import type { Violation, ViolationKind } from "./violation.ts";

/**
 * Checks a ledger against the promise: every subscriber receives every message exactly once and in order, or a gap names
 * the offsets that it missed; and a publish that was refused is stored nowhere.
 *
 * @param ledger the record of a run; it is not changed.
 * @returns every violation, in the order in which it is found.
 */
export function check(ledger: Ledger): Violation[] {
  const violations: Violation[] = [];
  const byBody = new Map(ledger.published.map((one) => [one.body, one]));
  const acknowledged = acknowledgedByTopic(ledger);
  const log = new Map<string, Published>();
  for (const stream of ledger.streams) {
    const checker = new StreamChecker(stream, {
      ledger,
      byBody,
      acknowledged,
      log,
    });
    violations.push(...checker.run());
  }
  violations.push(...missing(ledger, log));
  return violations;
}

/** Counts violations by their kind. */
export function countByKind(
  violations: readonly Violation[],
): Partial<Record<ViolationKind, number>> {
  const counts: Partial<Record<ViolationKind, number>> = {};
  for (const { kind } of violations) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

/** Returns the acknowledged messages by offset, for each topic and epoch. */
function acknowledgedByTopic(
  ledger: Ledger,
): Map<string, Map<number, Published>> {
  const byTopic = new Map<string, Map<number, Published>>();
  for (const message of ledger.published) {
    const { outcome, topic } = message;
    if (outcome === undefined || !("offset" in outcome)) continue;
    const key = `${topic} ${outcome.epoch}`;
    const byOffset = byTopic.get(key) ?? new Map();
    byTopic.set(key, byOffset.set(outcome.offset, message));
  }
  return byTopic;
}

/** Finds messages that are not at the position at which they were acknowledged. */
function missing(
  { published }: Ledger,
  log: ReadonlyMap<string, Published>,
): Violation[] {
  const violations: Violation[] = [];
  const positions = new Map<Published, string>();
  for (const [position, message] of log) positions.set(message, position);
  for (const message of published) {
    const { outcome, topic, publisher: client, body } = message;
    if (outcome === undefined || !("offset" in outcome)) continue;
    const { epoch, offset } = outcome;
    if (epoch === undefined) continue;
    const at = { epoch, offset };
    const found = log.get(positionKey(topic, at));
    const elsewhere = positions.get(message);
    if (found === message) continue;
    // No subscriber received this position or this message: the ledger cannot show whether it was stored.
    if (found === undefined && elsewhere === undefined) continue;
    violations.push({
      kind: "acknowledged but missing",
      topic,
      client,
      detail: `'${body}' was acknowledged at ${formatPosition(at)}, ${
        found === undefined
          ? "where no record was received"
          : `where '${found.body}' is`
      }${elsewhere === undefined ? "" : `; it is at ${elsewhere}`}`,
    });
  }
  return violations;
}
