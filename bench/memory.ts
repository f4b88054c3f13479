import type { Measured } from "./generator.ts";
import { startCommand } from "./peers.ts";
import { pinned, SERVER_CORE } from "./pinning.ts";
import { root } from "./root.ts";

/** The content that fills a hub. */
export type Holding = "topics" | "records";

const PROGRAM = "bench/peers/memory_hub.ts";

/**
 * Fills a hub in a separate process, with the V8 flags of `deno task start`, and measures its memory.
 *
 * @param holding the content.
 * @param count the number of topics or records.
 * @returns the program's output: memory in MiB, after a garbage collection each time.
 * @throws {Error} when it exits with another code than 0.
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
