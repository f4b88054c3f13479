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
  "--v8-flags=--max-semi-space-size=4",
  "--allow-net",
  "--allow-env=PORT,HOST",
  "--allow-sys=networkInterfaces",
  "server/main.ts",
];

/** A server in a process of its own. */
export class SpawnedServer implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #stdout: ReadableStreamDefaultReader<string>;
  readonly #stderr: Promise<string>;
  #said = "";
  #ended: Promise<Ended> | undefined;
  /** The port it listens on. */
  port = 0;

  private constructor(process: Deno.ChildProcess, says: "stdout" | "stderr") {
    this.#process = process;
    this.#stdout = process[says].pipeThrough(new TextDecoderStream())
      .getReader();
    const other = says === "stdout" ? process.stderr : process.stdout;
    this.#stderr = new Response(other).text();
  }

  /**
   * Starts one and waits until it listens.
   *
   * @param args Deno's arguments. Default: those of `deno task start`, with a free port.
   * @param env more environment variables.
   * @param says where it prints its address. Default: `stdout`.
   */
  static async start(
    args: readonly string[] = [...START, "--port", "0"],
    env: Readonly<Record<string, string>> = {},
    says: "stdout" | "stderr" = "stdout",
  ): Promise<SpawnedServer> {
    const server = new SpawnedServer(
      new Deno.Command(Deno.execPath(), {
        args: [...args],
        cwd: root,
        env: { NO_COLOR: "1", ...env },
        stdout: "piped",
        stderr: "piped",
      }).spawn(),
      says,
    );
    for (;;) {
      const [, port] = /https?:\/\/[^\s/]+:(\d+)\/?\s/.exec(server.#said) ?? [];
      if (port !== undefined) {
        server.port = Number(port);
        return server;
      }
      const { value, done } = await server.#stdout.read();
      if (done) throw new Error(`It did not start: ${await server.#stderr}`);
      server.#said += value;
    }
  }

  /** The process's id. */
  get pid(): number {
    return this.#process.pid;
  }

  /** What it has printed so far. */
  get said(): string {
    return this.#said;
  }

  /** Resolves when it has ended. */
  get ended(): Promise<Ended> {
    return this.#ended ??= this.#end();
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

  async #end(): Promise<Ended> {
    for (;;) {
      const { value, done } = await this.#stdout.read();
      if (done) break;
      this.#said += value;
    }
    const { code } = await this.#process.status;
    return { code, stdout: this.#said, stderr: await this.#stderr };
  }
}
