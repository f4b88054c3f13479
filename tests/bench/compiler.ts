async function compiles(): Promise<boolean> {
  try {
    const { success } = await new Deno.Command("cc", {
      args: ["--version"],
      stdout: "null",
      stderr: "null",
    }).output();
    return success;
  } catch {
    return false;
  }
}

/** Whether there is a C compiler for the load generator. */
export const hasCompiler: boolean = await compiles();

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
