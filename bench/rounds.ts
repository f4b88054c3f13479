import type { Measured } from "./generator.ts";
import type { Peer } from "./peers.ts";
import type { Results } from "./results.ts";
import type { Scenario } from "./scenarios.ts";
import { short } from "./table.ts";

/** The measurements of {@linkcode runRounds}. */
export interface Measurements<S, P> {
  readonly rounds: number;
  readonly scenarios: readonly S[];
  /** Returns the servers of a scenario. */
  peersOf(scenario: S): readonly P[];
  measure(scenario: S, peer: P): Promise<Measured>;
}

/**
 * Runs every measurement once in each round, and prints a line for each. Rounds alternate, so that a slow period of the
 * machine affects all servers.
 *
 * @param results the store of the numbers and of the errors.
 * @param measurements see {@linkcode Measurements}.
 */
export async function runRounds<
  S extends Pick<Scenario, "name" | "metrics">,
  P extends Pick<Peer, "name">,
>(
  results: Results,
  { rounds, scenarios, peersOf, measure }: Measurements<S, P>,
): Promise<void> {
  for (let round = 1; round <= rounds; round++) {
    for (const scenario of scenarios) {
      for (const peer of peersOf(scenario)) {
        const line = await attempt(
          results,
          scenario,
          peer,
          () => measure(scenario, peer),
        );
        console.error(
          `${round}/${rounds}  ${scenario.name}  ${peer.name}  ${line}`,
        );
      }
    }
  }
}

/** Runs one measurement and stores its numbers or its error. @returns the outcome as one line. */
async function attempt(
  results: Results,
  { name, metrics }: Pick<Scenario, "name" | "metrics">,
  peer: Pick<Peer, "name">,
  measure: () => Promise<Measured>,
): Promise<string> {
  try {
    const measured = await measure();
    results.add(name, peer.name, measured);
    return metrics.map(({ key, title }) =>
      `${short(measured[key] ?? NaN)} ${title}`
    ).join(", ");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    results.fail(name, peer.name, reason);
    return `FAILED: ${reason}`;
  }
}
