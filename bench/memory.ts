import type { Measured } from "./generator.ts";
import { startCommand } from "./peers.ts";
import { pinned, SERVER_CORE } from "./pinning.ts";
import { root } from "./root.ts";

/** What a hub is filled with. */
export type Holding = "topics" | "records";

const PROGRAM = "bench/peers/memory_hub.ts";

/**
 * Fills a hub in a process of its own, with the flags of V8 that `deno task start` has, and looks at its memory.
 *
 * @param holding with what.
 * @param count how many of them.
 * @returns what the program prints: memory in MiB, after a collection of garbage each time.
 * @throws {Error} when it ends with another code than 0.
 */
export async function measureMemory(
  holding: Holding,
  count: number,
): Promise<Measured> {
  const command = startCommand(PROGRAM).map((word) =>
    word.startsWith("--v8-flags=") ? `${word},--expose-gc` : word
  );
  const [program, ...args] = await pinned(SERVER_CORE, command);
  const { success, stdout, stderr } = await new Deno.Command(program!, {
    args: [...args, holding, String(count)],
    cwd: root,
    env: { NO_COLOR: "1", DENO_NO_PACKAGE_JSON: "1" },
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr).trim());
  return JSON.parse(new TextDecoder().decode(stdout)) as Measured;
}
