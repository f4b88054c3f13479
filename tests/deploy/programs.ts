/** Programs of the system that the tests of docs/deploy.md run. */

/** Whether there is a program of this name. */
export async function hasProgram(name: string): Promise<boolean> {
  const { code } = await new Deno.Command("sh", {
    args: ["-c", 'command -v "$0" || test -x "/usr/sbin/$0"', name],
    stdout: "null",
    stderr: "null",
  }).output();
  return code === 0;
}

/**
 * A test that needs a program. Without it, it is skipped, and says so.
 *
 * @param program the program's name.
 * @param name what holds.
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
