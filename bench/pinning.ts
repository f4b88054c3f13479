/** The core that a server runs on. */
export const SERVER_CORE = 0;
/** The core that the load runs on. */
export const LOAD_CORE = 1;

let pinning: Promise<boolean> | undefined;

/** Whether servers and load have a core each; without, they take time from each other. */
export function canPin(): Promise<boolean> {
  return pinning ??= hasTaskset();
}

/**
 * A command that runs on cores of its own, where the machine has `taskset` and two cores; else the command as it is.
 *
 * @param core the core, or several as `taskset` takes them.
 * @param command the program and its arguments.
 */
export async function pinned(
  core: number | string,
  command: readonly string[],
): Promise<readonly string[]> {
  return await canPin() ? ["taskset", "-c", String(core), ...command] : command;
}

/** It fails where one of the cores is not there, or not ours. */
async function hasTaskset(): Promise<boolean> {
  try {
    for (const core of [SERVER_CORE, LOAD_CORE]) {
      const { success } = await new Deno.Command("taskset", {
        args: ["-c", String(core), "true"],
        stdout: "null",
        stderr: "null",
      }).output();
      if (!success) return false;
    }
    return true;
  } catch {
    return false;
  }
}
