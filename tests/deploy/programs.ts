/** Programs of the system that the tests of docs/deploy.md run. */

/** Returns `true` if the machine has a program of this name. */
export async function hasProgram(name: string): Promise<boolean> {
  const { code } = await new Deno.Command("sh", {
    args: ["-c", 'command -v "$0" || test -x "/usr/sbin/$0"', name],
    stdout: "null",
    stderr: "null",
  }).output();
  return code === 0;
}

/**
 * Defines a test that needs a program. Without the program the test is skipped, and prints that.
 *
 * @param program the program's name.
 * @param name the test's name.
 * @param run the test.
 */
export async function programTest(
  program: string,
  name: string,
  run: () => Promise<void>,
): Promise<void> {
  const ignore = !await hasProgram(program);
  if (ignore) console.log(`SKIPPED (no ${program}): ${name}`);
  Deno.test({ name, ignore, fn: run });
}
