import { cacheFolder } from "./peers.ts";
import { LOAD_CORE, pinned } from "./pinning.ts";
import { root } from "./root.ts";

const SOURCES = `${root}bench/load`;
const BINARY = `${cacheFolder}/load`;
const FLAGS = ["-std=gnu11", "-O2", "-Wall", "-Wextra"];
/** Longer than any run should take, whatever hangs. */
const RUN_MS = 150_000;

/** There is no C compiler. */
export class NoCompilerError extends Error {
  override readonly name = "NoCompilerError";
}

/** What the load generator prints: numbers by name. bench/load says which. */
export type Measured = Readonly<Record<string, number>>;

/** A run that did not deliver all that it should have, or could not connect. */
export class LoadError extends Error {
  override readonly name = "LoadError";
  /** Its exit code: bench/load/fail.h. */
  readonly code: number;

  /** @param code its exit code. @param message what it said. */
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** Options of {@linkcode buildGenerator}. */
export interface BuildOptions {
  /** The C compiler. Default: `cc`. */
  readonly compiler?: string;
  /** Where the program goes. Default: a file in bench/.cache. */
  readonly binary?: string;
}

/** Compiles the load generator, as {@linkcode buildGenerator}; without a compiler it says so. @returns whether it is there. */
export async function haveGenerator(): Promise<boolean> {
  try {
    await buildGenerator();
    return true;
  } catch (error) {
    if (!(error instanceof NoCompilerError)) throw error;
    console.error(error.message);
    return false;
  }
}

/**
 * Compiles the load generator, where that is older than its sources.
 *
 * @throws {NoCompilerError} when there is no compiler, {@linkcode Error} when it refuses.
 */
export async function buildGenerator(
  { compiler = "cc", binary = BINARY }: BuildOptions = {},
): Promise<void> {
  const built = await modifiedAt(binary);
  const sources: string[] = [];
  let newest = 0;
  for await (const { name } of Deno.readDir(SOURCES)) {
    const path = `${SOURCES}/${name}`;
    newest = Math.max(newest, await modifiedAt(path));
    if (name.endsWith(".c")) sources.push(path);
  }
  if (built > newest) return;
  await Deno.mkdir(cacheFolder, { recursive: true });
  // Under another name first: two runs may build at once.
  const fresh = `${binary}.${Deno.pid}`;
  const { success, stderr } = await compile(compiler, [
    ...FLAGS,
    "-o",
    fresh,
    ...sources,
  ]);
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  await Deno.rename(fresh, binary);
}

async function compile(
  compiler: string,
  args: readonly string[],
): Promise<Deno.CommandOutput> {
  try {
    return await new Deno.Command(compiler, { args: [...args] }).output();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new NoCompilerError(
      "There is no C compiler for the load generator: install Debian's packages gcc and libc6-dev",
      { cause: error },
    );
  }
}

async function modifiedAt(path: string): Promise<number> {
  try {
    return (await Deno.stat(path)).mtime?.getTime() ?? 0;
  } catch {
    return 0;
  }
}

/**
 * Runs the load generator.
 *
 * @param args its options.
 * @param ready called when it says that it is ready and waits; what it resolves to is the answer.
 * @returns what it measured.
 * @throws {LoadError} when it ends with another code than 0.
 */
export async function runGenerator(
  args: readonly string[],
  ready?: () => Promise<string>,
): Promise<Measured> {
  const [program, ...words] = await pinned(LOAD_CORE, [BINARY, ...args]);
  const child = new Deno.Command(program!, {
    args: words,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const late = setTimeout(() => killQuietly(child), RUN_MS);
  const complaints = new Response(child.stderr).text();
  const input = child.stdin.getWriter();
  let said = "";
  try {
    const output = child.stdout.pipeThrough(new TextDecoderStream());
    for await (const text of output) {
      said += text;
      if (ready === undefined || said !== "ready\n") continue;
      said = "";
      await input.write(new TextEncoder().encode(`${await ready()}\n`));
    }
  } finally {
    await input.close().catch(() => {});
    // When a restart failed it waits for an answer that will never come.
    if (said === "") killQuietly(child);
    await child.status;
    clearTimeout(late);
  }
  const { code } = await child.status;
  const complaint = (await complaints).trim();
  if (code !== 0) throw new LoadError(code, complaint || `Ended with ${code}`);
  return JSON.parse(said) as Measured;
}

function killQuietly(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has ended.
  }
}
