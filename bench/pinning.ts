/** The core that a server runs on. */
export const SERVER_CORE = 0;
/** The core that the load runs on. */
export const LOAD_CORE = 1;

const canPin = navigator.hardwareConcurrency > 1 && await hasTaskset();

/** Whether servers and load have a core each: without, they take time from each other. */
export const isPinned: boolean = canPin;

/**
 * A command that runs on one core, where the machine has `taskset` and two cores; else the command as it is.
 *
 * @param core the core.
 * @param command the program and its arguments.
 */
export function pinned(
  core: number,
  command: readonly string[],
): readonly string[] {
  return canPin ? ["taskset", "-c", String(core), ...command] : command;
}

async function hasTaskset(): Promise<boolean> {
  try {
    const { success } = await new Deno.Command("taskset", {
      args: ["-c", `${SERVER_CORE},${LOAD_CORE}`, "true"],
      stdout: "null",
      stderr: "null",
    }).output();
    return success;
  } catch {
    return false;
  }
}
