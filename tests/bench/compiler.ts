import { runs } from "../../bench/install.ts";

/** True if the machine has a C compiler for the load generator. */
export const hasCompiler: boolean = await runs("cc");

/**
 * Defines a test that needs the load generator. Without a compiler the test is skipped, and prints that.
 *
 * @param name the test's name.
 * @param run the test.
 */
export function compiledTest(name: string, run: () => Promise<void>): void {
  if (!hasCompiler) console.log(`SKIPPED (no C compiler): ${name}`);
  Deno.test({ name, ignore: !hasCompiler, fn: run });
}
