import type { TransportName } from "./transports.ts";

/** The repository's folder. */
export const root = new URL("../../", import.meta.url);

/** The result of a process. */
export interface ProcessResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs Deno in the repository and waits for its end.
 *
 * @param args the arguments of Deno.
 * @param env more environment variables. Default: none.
 */
export async function runDeno(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<ProcessResult> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: root,
    env: { NO_COLOR: "1", ...env },
  }).output();
  const decoder = new TextDecoder();
  return {
    code,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}

/** The arguments of `deno task start`, without the permissions that only some flags need. */
export const START = [
  "run",
  "--v8-flags=--max-semi-space-size=4,--heap-growing-percent=50",
  "--allow-net",
  "--allow-env=PORT,HOST,DRUMBEAT_STORE,DRUMBEAT_ADMIN_TOKEN",
  "--allow-sys=networkInterfaces",
  "server/cli/main.ts",
];

/** The same with a free port and without limits, for peers that send fast. */
export const UNLIMITED: readonly string[] = [
  ...START,
  "--port",
  "0",
  "--limits",
  "none",
];

/** Returns the same with a free port, over a transport. */
export function startOver(transport: TransportName): readonly string[] {
  return [...START, "--port", "0", "--transport", transport];
}

/** Returns the command that starts Deno. @param descriptors the limit of file descriptors; `undefined` for that of this process. */
export function denoWith(
  descriptors: number | undefined,
): [program: string, ...before: string[]] {
  if (descriptors === undefined) return [Deno.execPath()];
  const script = `ulimit -n ${descriptors} && exec "$0" "$@"`;
  return ["/bin/sh", "-c", script, Deno.execPath()];
}

/** Options of {@linkcode SpawnedServer.start}. */
export interface SpawnOptions {
  /** The limit of file descriptors. Default: that of this process. */
  readonly descriptors?: number;
  /** The working directory. Default: the repository. */
  readonly cwd?: string | URL;
}

/** A server in its own process. */
export class SpawnedServer implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #output = { stdout: "", stderr: "" };
  #wake = () => {};
  /** The port that the server listens on. */
  port = 0;
  /** Resolves when the process has ended. */
  readonly ended: Promise<ProcessResult>;

  private constructor(process: Deno.ChildProcess, printed: () => void) {
    this.#process = process;
    const read = async (name: "stdout" | "stderr") => {
      const text = process[name].pipeThrough(new TextDecoderStream());
      for await (const chunk of text) {
        this.#output[name] += chunk;
        printed();
        this.#wake();
      }
    };
    this.ended = Promise.all([read("stdout"), read("stderr"), process.status])
      .then(([, , { code }]) => ({ code, ...this.#output }));
  }

  /**
   * Starts a server and waits for the URL that it prints. Rejects when the process ends before.
   *
   * @param args the arguments of Deno. Default: those of `deno task start`, with a free port.
   * @param env more environment variables. Default: none.
   * @param options see {@linkcode SpawnOptions}.
   */
  static async start(
    args: readonly string[] = [...START, "--port", "0"],
    env: Readonly<Record<string, string>> = {},
    { descriptors, cwd = root }: SpawnOptions = {},
  ): Promise<SpawnedServer> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const [program, ...before] = denoWith(descriptors);
    const process = new Deno.Command(program, {
      args: [...before, ...args],
      cwd,
      env: { NO_COLOR: "1", ...env },
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const server = new SpawnedServer(process, () => {
      // `deno serve` prints the URL to stderr.
      const printed = server.#output.stdout + server.#output.stderr;
      const [, port] = /https?:\/\/[^\s/]+:(\d+)\/?[\s"]/.exec(printed) ?? [];
      if (port !== undefined) resolve(Number(port));
    });
    server.ended.then(({ stdout, stderr }) =>
      reject(new Error(`Cannot start the server: ${stdout}${stderr}`))
    );
    server.port = await promise;
    return server;
  }

  /** The process's id. */
  get pid(): number {
    return this.#process.pid;
  }

  /** The standard output so far. */
  get stdout(): string {
    return this.#output.stdout;
  }

  /** Resolves when the standard error output matches a pattern. */
  async untilStderr(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.#output.stderr)) await this.#nextOutput();
  }

  /** Resolves when the standard output matches a pattern. */
  async untilStdout(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.#output.stdout)) await this.#nextOutput();
  }

  #nextOutput(): Promise<void> {
    return new Promise((resolve) => this.#wake = resolve);
  }

  /** Sends a signal to the process. */
  signal(signal: Deno.Signal): void {
    this.#process.kill(signal);
  }

  /** Ends the process, if it still runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#process.kill("SIGKILL");
    } catch {
      // The process has ended.
    }
    await this.ended;
  }
}
