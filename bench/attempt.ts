import type { Measured } from "./generator.ts";
import type { Peer } from "./peers.ts";
import type { Results } from "./results.ts";
import type { Scenario } from "./scenarios.ts";
import { short } from "./table.ts";

/**
 * Measures once, and keeps what came of it: numbers, or why there are none.
 *
 * @param results where that goes.
 * @param what the thing that is measured.
 * @param peer on whom.
 * @param run measures it.
 * @returns the same in a line.
 */
export async function attempt(
  results: Results,
  { name, metrics }: Pick<Scenario, "name" | "metrics">,
  peer: Pick<Peer, "name">,
  run: () => Promise<Measured>,
): Promise<string> {
  try {
    const measured = await run();
    results.add(name, peer.name, measured);
    return metrics.map(({ key, title }) =>
      `${short(measured[key] ?? NaN)} ${title}`
    ).join(", ");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    results.fail(name, peer.name, why);
    return `FAILED: ${why}`;
  }
}
