import { type Peer, peersFolder } from "./peers.ts";

/**
 * Installs the npm packages of the servers, unless the right versions are installed. Prints a line for each server that
 * cannot run on this machine.
 *
 * @param peers the servers to measure.
 * @returns the servers that can run.
 */
export async function installed<P extends Pick<Peer, "name" | "needs">>(
  peers: readonly P[],
): Promise<readonly P[]> {
  const missing = await install(peers);
  for (const [name, reason] of missing) {
    console.error(`${name} is skipped: ${reason}`);
  }
  return peers.filter(({ name }) => !missing.has(name));
}

/** Installs the packages. @returns the reasons reason servers are skipped, by name. */
async function install(
  peers: readonly Pick<Peer, "name" | "needs">[],
): Promise<ReadonlyMap<string, string>> {
  const missing = new Map<string, string>();
  let problem: string | undefined;
  if (
    peers.some(({ needs }) => needs.file !== undefined) && !await isInstalled()
  ) problem = await npm();
  for (const { name, needs } of peers) {
    if (needs.file !== undefined && !await exists(needs.file)) {
      missing.set(name, problem ?? `npm did not install ${needs.file}`);
    } else if (needs.program !== undefined && !await runs(needs.program)) {
      missing.set(name, `there is no '${needs.program}'`);
    }
  }
  return missing;
}

/** The file in which npm lists the installed packages. */
async function isInstalled(): Promise<boolean> {
  const wanted = await Deno.stat(`${peersFolder}/package-lock.json`);
  try {
    const installed = await Deno.stat(
      `${peersFolder}/node_modules/.package-lock.json`,
    );
    return installed.mtime! >= wanted.mtime!;
  } catch {
    return false;
  }
}

async function npm(): Promise<string | undefined> {
  try {
    const { success, stderr } = await new Deno.Command("npm", {
      args: ["ci", "--ignore-scripts", "--no-audit", "--no-fund"],
      cwd: peersFolder,
      stdout: "null",
    }).output();
    if (success) return undefined;
    const lines = new TextDecoder().decode(stderr).split("\n");
    const reason = lines.find((line) => line.startsWith("npm error"));
    return `npm ci failed: ${reason ?? "see bench/peers"}`;
  } catch {
    return "there is no npm";
  }
}

async function exists(file: string): Promise<boolean> {
  try {
    await Deno.stat(`${peersFolder}/node_modules/${file}`);
    return true;
  } catch {
    return false;
  }
}

/** Returns `true` if a program is on the PATH and starts. */
export async function runs(program: string): Promise<boolean> {
  try {
    const { success } = await new Deno.Command(program, {
      args: ["--version"],
      stdout: "null",
      stderr: "null",
    }).output();
    return success;
  } catch {
    return false;
  }
}
