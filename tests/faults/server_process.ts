import { denoWith } from "../server/spawned.ts";
import { TextLineStream } from "../examples/text_lines.ts";

const root = new URL("../../", import.meta.url);

/** The program of `deno task start`. */
export const STOCK = "server/cli/main.ts";

/** Options of {@linkcode ServerProcess}. */
export interface ServerProcessOptions {
  /** Arguments of Deno before the program. Default: none. */
  readonly flags?: readonly string[];
  /** True for a program that answers each line of its standard input with a line of output. Default: `false`. */
  readonly answers?: boolean;
  /** The limit of file descriptors. Default: the limit of this process. */
  readonly descriptors?: number;
}

/** A server in a process of its own, which can be killed and started again. */
export class ServerProcess implements AsyncDisposable {
  readonly #program: string;
  readonly #args: readonly string[];
  readonly #options: ServerProcessOptions;
  readonly #waiting: ((answer: string) => void)[] = [];
  #input: WritableStreamDefaultWriter<Uint8Array> | undefined;
  #child: Deno.ChildProcess | undefined;
  #ended: Promise<number> = Promise.resolve(0);
  #hasEnded = false;
  #port = 0;
  /** Everything that the server printed on its standard error, in all runs. */
  stderr = "";

  /**
   * @param args the arguments after `--port 0`.
   * @param program a path in the repository. The program prints its address. Default: the stock server.
   * @param options see {@linkcode ServerProcessOptions}.
   */
  constructor(
    args: readonly string[] = [],
    program: string = STOCK,
    options: ServerProcessOptions = {},
  ) {
    this.#args = args;
    this.#program = program;
    this.#options = options;
  }

  /** The process's id. */
  get pid(): number {
    return this.#child!.pid;
  }

  /** True while the process runs. */
  get isRunning(): boolean {
    return this.#child !== undefined && !this.#hasEnded;
  }

  /** Writes a line to the standard input. @returns the answer; `""` when the process ends instead. */
  async request(line: string): Promise<string> {
    if (this.#hasEnded) return "";
    const { promise, resolve } = Promise.withResolvers<string>();
    this.#waiting.push(resolve);
    await this.#input!.write(new TextEncoder().encode(`${line}\n`))
      .catch(() => {});
    return await promise;
  }

  /** Sends a signal. */
  signal(signal: Deno.Signal): void {
    this.#child!.kill(signal);
  }

  /** The server's port, another one after each start. */
  get port(): number {
    return this.#port;
  }

  /** Starts the process. @returns when the server listens. */
  async start(): Promise<this> {
    const [command, ...before] = denoWith(this.#options.descriptors);
    const child = this.#child = new Deno.Command(command, {
      args: [
        ...before,
        "run",
        ...this.#options.flags ?? [],
        "--allow-net",
        "--allow-env=PORT,HOST",
        "--allow-sys=networkInterfaces",
        "--allow-read",
        "--allow-write",
        this.#program,
        "--port",
        "0",
        ...this.#args,
      ],
      cwd: root,
      env: { NO_COLOR: "1" },
      stdin: this.#options.answers ? "piped" : "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#input = this.#options.answers ? child.stdin.getWriter() : undefined;
    const lines = child.stdout.pipeThrough(new TextDecoderStream())
      .pipeThrough(new TextLineStream())[Symbol.asyncIterator]();
    const stderr = new Response(child.stderr).text().then((text) => {
      this.stderr += text;
    });
    for (;;) {
      const { value, done } = await lines.next();
      if (done) {
        await stderr;
        throw new Error(`The server did not start: ${this.stderr}`);
      }
      const port = /listens on http:\/\/[^:]+:(\d+)/.exec(value)?.[1];
      if (port === undefined) continue;
      this.#port = Number(port);
      break;
    }
    const readAnswers = async () => {
      for (;;) {
        const { value, done } = await lines.next();
        if (done) break;
        this.#waiting.shift()?.(value);
      }
      this.#hasEnded = true;
      for (const resolve of this.#waiting.splice(0)) resolve("");
    };
    this.#ended = Promise.all([child.status, stderr, readAnswers()])
      .then(([{ code }]) => code);
    return this;
  }

  /** Sends SIGTERM. @returns the exit code, when the process has ended. */
  stop(): Promise<number> {
    this.#child?.kill("SIGTERM");
    this.#child = undefined;
    return this.#ended;
  }

  /** Sends SIGSTOP. */
  pause(): void {
    this.#child!.kill("SIGSTOP");
  }

  /** Sends SIGCONT. */
  resume(): void {
    this.#child!.kill("SIGCONT");
  }

  /** Sends SIGKILL to this child. @returns when the process has ended. */
  async kill(): Promise<void> {
    this.#child?.kill("SIGKILL");
    this.#child = undefined;
    await this.#ended;
    await this.#input?.close().catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.kill();
    } catch {
      // The process has ended.
    }
  }
}
