import type { TransportName } from "./transports.ts";

/** The folder of the repository. */
export const root = new URL("../../", import.meta.url);

/** How a process ended, and what it printed. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs Deno in the repository until it ends.
 *
 * @param args its arguments.
 * @param env more environment variables.
 */
export async function runDeno(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
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

/** The arguments with which `deno task start` runs the server, but for what the test adds. */
export const START = [
  "run",
  "--v8-flags=--max-semi-space-size=4,--heap-growing-percent=50",
  "--allow-net",
  "--allow-env=PORT,HOST,DRUMBEAT_ADMIN_TOKEN",
  "--allow-sys=networkInterfaces",
  "server/cli/main.ts",
];

/** The same without limits, for peers that send faster than these let them. */
export const UNLIMITED: readonly string[] = [
  ...START,
  "--port",
  "0",
  "--limits",
  "none",
];

/** The same with a free port, over a transport. */
export function startOver(transport: TransportName): readonly string[] {
  return [...START, "--port", "0", "--transport", transport];
}

/** A command that is Deno. @param descriptors most that it may have; absent: as many as this process. */
export function denoWith(
  descriptors: number | undefined,
): [program: string, ...before: string[]] {
  if (descriptors === undefined) return [Deno.execPath()];
  const less = `ulimit -n ${descriptors} && exec "$0" "$@"`;
  return ["/bin/sh", "-c", less, Deno.execPath()];
}

/** Where a process runs, and what it is given less of than others. */
export interface Surroundings {
  /** Most file descriptors it may have. */
  readonly descriptors?: number;
  /** The folder to run it in. Default: the repository. */
  readonly cwd?: string | URL;
}

/** A server in a process of its own. */
export class SpawnedServer implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #output = { stdout: "", stderr: "" };
  #wake = () => {};
  /** The port it listens on. */
  port = 0;
  /** Resolves when it has ended. */
  readonly ended: Promise<Ended>;

  private constructor(process: Deno.ChildProcess, said: () => void) {
    this.#process = process;
    const read = async (name: "stdout" | "stderr") => {
      const text = process[name].pipeThrough(new TextDecoderStream());
      for await (const chunk of text) {
        this.#output[name] += chunk;
        said();
        this.#wake();
      }
    };
    this.ended = Promise.all([read("stdout"), read("stderr"), process.status])
      .then(([, , { code }]) => ({ code, ...this.#output }));
  }

  /**
   * Starts one and waits until it says where it listens; rejects when it ends instead.
   *
   * @param args Deno's arguments. Default: those of `deno task start`, with a free port.
   * @param env more environment variables.
   * @param surroundings where it runs, and what it is given less of.
   */
  static async start(
    args: readonly string[] = [...START, "--port", "0"],
    env: Readonly<Record<string, string>> = {},
    { descriptors, cwd = root }: Surroundings = {},
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
      // `deno serve` says it on stderr.
      const said = server.#output.stdout + server.#output.stderr;
      const [, port] = /https?:\/\/[^\s/]+:(\d+)\/?[\s"]/.exec(said) ?? [];
      if (port !== undefined) resolve(Number(port));
    });
    server.ended.then(({ stdout, stderr }) =>
      reject(new Error(`It did not start: ${stdout}${stderr}`))
    );
    server.port = await promise;
    return server;
  }

  /** The process's id. */
  get pid(): number {
    return this.#process.pid;
  }

  /** What it has printed so far. */
  get said(): string {
    return this.#output.stdout;
  }

  /** Resolves when it has complained of this. */
  async complaint(of: RegExp): Promise<void> {
    while (!of.test(this.#output.stderr)) await this.#more();
  }

  /** Resolves when it has said this. */
  async printed(what: RegExp): Promise<void> {
    while (!what.test(this.#output.stdout)) await this.#more();
  }

  /** Resolves when it has printed something. */
  #more(): Promise<void> {
    return new Promise((resolve) => this.#wake = resolve);
  }

  /** Sends a signal. */
  signal(signal: Deno.Signal): void {
    this.#process.kill(signal);
  }

  /** Ends it, if it runs still. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#process.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.ended;
  }
}
