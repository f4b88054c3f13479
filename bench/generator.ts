import { cacheFolder } from "./peers.ts";
import { LOAD_CORE, pinned } from "./pinning.ts";
import { root } from "./root.ts";

const SOURCES = `${root}bench/load`;
const BINARY = `${cacheFolder}/load`;
const FLAGS = ["-std=gnu11", "-O2", "-Wall", "-Wextra"];
/** The timeout of a run, longer than any valid run. */
const RUN_MS = 150_000;

/** The error of a missing C compiler. */
export class NoCompilerError extends Error {
  override readonly name = "NoCompilerError";
}

/** The output of the load generator: numbers by name. bench/load defines them. */
export type Measured = Readonly<Record<string, number>>;

/** The error of a run with missing deliveries, or without a connection. */
export class LoadError extends Error {
  override readonly name = "LoadError";
  /** The exit code: bench/load/fail.h. */
  readonly code: number;

  /** @param code the exit code. @param message the error output. */
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** Options of {@linkcode buildGenerator}. */
export interface BuildOptions {
  /** The C compiler. Default: `cc`. */
  readonly compiler?: string;
  /** The path of the program. Default: a file in bench/.cache. */
  readonly binary?: string;
}

/** Compiles the load generator by {@linkcode buildGenerator}, or prints that a compiler is missing. @returns `true` if it exists. */
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
 * Compiles the load generator if it is older than its sources.
 *
 * @throws {NoCompilerError} when there is no compiler, {@linkcode Error} when the compilation fails.
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
  // Written under a temporary name first, because two runs may build at once.
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
      "Cannot compile the load generator: no C compiler (install Debian's packages gcc and libc6-dev)",
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
 * @param ready called when the generator reports that it is ready and waits; the result is its answer.
 * @returns the measured numbers.
 * @throws {LoadError} when it exits with another code than 0.
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
  let printed = "";
  try {
    const output = child.stdout.pipeThrough(new TextDecoderStream());
    for await (const text of output) {
      printed += text;
      if (ready === undefined || printed !== "ready\n") continue;
      printed = "";
      await input.write(new TextEncoder().encode(`${await ready()}\n`));
    }
  } finally {
    await input.close().catch(() => {});
    // After a failed restart it would wait for an answer forever.
    if (printed === "") killQuietly(child);
    await child.status;
    clearTimeout(late);
  }
  const { code } = await child.status;
  const complaint = (await complaints).trim();
  if (code !== 0) throw new LoadError(code, complaint || `Ended with ${code}`);
  return JSON.parse(printed) as Measured;
}

function killQuietly(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has ended.
  }
}
