import { runs } from "../../bench/install.ts";

/** Whether there is a C compiler for the load generator. */
export const hasCompiler: boolean = await runs("cc");

/**
 * A test that needs the load generator. Without a compiler it is skipped, and says so.
 *
 * @param name what holds.
 * @param run the test.
 */
export function compiledTest(name: string, run: () => Promise<void>): void {
  if (!hasCompiler) console.log(`SKIPPED (no C compiler): ${name}`);
  Deno.test({ name, ignore: !hasCompiler, fn: run });
}
