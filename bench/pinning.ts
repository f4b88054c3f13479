/** The core that a server runs on. */
export const SERVER_CORE = 0;
/** The core that the load runs on. */
export const LOAD_CORE = 1;

let pinning: Promise<boolean> | undefined;

/** Returns `true` if server and load have a core each. Otherwise they compete for time. */
export function canPin(): Promise<boolean> {
  return pinning ??= hasTaskset();
}

/** Prints a warning if server and load share their cores. @returns the result of {@linkcode canPin}. */
export async function warnIfUnpinned(): Promise<boolean> {
  const isPinned = await canPin();
  if (!isPinned) console.error("Nothing is pinned: no taskset, or one core");
  return isPinned;
}

/**
 * Returns a command that runs on the given cores if the machine has `taskset` and two cores, and the same command otherwise.
 *
 * @param core the core, or several in the form of `taskset`.
 * @param command the program and its arguments.
 */
export async function pinned(
  core: number | string,
  command: readonly string[],
): Promise<readonly string[]> {
  return await canPin() ? ["taskset", "-c", String(core), ...command] : command;
}

/** Returns `true` if `taskset` exists and may use both cores. */
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
