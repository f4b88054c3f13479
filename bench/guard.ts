/**
 * `deno task bench:guard`: is fan-out still as many times as fast as the bare loop as it was? Ratios of what ran by turns
 * on one machine, so that its speed does not matter. Ends with 1 when one is below its bound.
 *
 * @module
 */
import { buildGenerator, NoCompilerError } from "./generator.ts";
import { measure } from "./measure.ts";
import { PEERS } from "./peers.ts";
import { fanOut, flags } from "./scenarios.ts";
import { ratio } from "./statistics.ts";
import { short } from "./table.ts";

const ROUNDS = 3;
const CONNECTIONS = 200;
const TIME = flags({ seconds: 1, warmup: 0.3 });

/** By messages in flight, the least ratio that passes. */
const BOUNDS: readonly (readonly [number, number])[] = [[8, 2.5], [1, 0.5]];

async function guard(): Promise<boolean> {
  let passes = true;
  for (const [inFlight, bound] of BOUNDS) {
    const scenario = fanOut(inFlight, CONNECTIONS, TIME);
    const rates: Record<string, number[]> = { drumbeat: [], loop: [] };
    for (let round = 0; round < ROUNDS; round++) {
      for (const peer of PEERS) {
        const measured = rates[peer.name];
        if (measured === undefined) continue;
        measured.push((await measure(scenario, peer)).perSecond!);
      }
    }
    const times = ratio(rates.drumbeat!, rates.loop!);
    const well = times >= bound;
    passes &&= well;
    console.log(
      `${scenario.name}: ${times.toFixed(2)} times the bare loop (${
        rates.drumbeat!.map(short).join(", ")
      } and ${
        rates.loop!.map(short).join(", ")
      } deliveries/s), at least ${bound}: ${well ? "ok" : "TOO SLOW"}`,
    );
  }
  return passes;
}

try {
  await buildGenerator();
  Deno.exit(await guard() ? 0 : 1);
} catch (error) {
  if (!(error instanceof NoCompilerError)) throw error;
  console.error(error.message);
  Deno.exit(1);
}
