import type { Measured } from "./generator.ts";
import type { Peer } from "./peers.ts";
import type { Results } from "./results.ts";
import type { Scenario } from "./scenarios.ts";
import { short } from "./table.ts";

/**
 * Runs one measurement, and stores its numbers or its error.
 *
 * @param results the store of the outcomes.
 * @param what the scenario or point.
 * @param peer the server.
 * @param run the measurement.
 * @returns the outcome as one line.
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
