import { denoWith } from "../server/spawned.ts";
import { TextLineStream } from "../examples/text_lines.ts";

const root = new URL("../../", import.meta.url);

/** The stock server: what `deno task start` runs. */
export const STOCK = "server/cli/main.ts";

/** Options of {@linkcode ServerProcess}. */
export interface ServerProcessOptions {
  /** Flags of Deno's, before the program. Default: none. */
  readonly flags?: readonly string[];
  /** Whether it answers each line that it is told, on its standard output. Default: `false`. */
  readonly answers?: boolean;
  /** Most file descriptors that it may have. Default: as many as this process. */
  readonly descriptors?: number;
}

/** A server in a process of its own, which can be killed and started again. */
export class ServerProcess implements AsyncDisposable {
  readonly #program: string;
  readonly #args: readonly string[];
  readonly #options: ServerProcessOptions;
  readonly #asked: ((answer: string) => void)[] = [];
  #input: WritableStreamDefaultWriter<Uint8Array> | undefined;
  #child: Deno.ChildProcess | undefined;
  #ended: Promise<number> = Promise.resolve(0);
  #hasEnded = false;
  #port = 0;
  /** What it complained of, in all its runs. */
  complaints = "";

  /**
   * @param args what follows `--port 0`.
   * @param program a path in the repository. It prints the address that it listens on.
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

  /** Whether it runs. */
  get lives(): boolean {
    return this.#child !== undefined && !this.#hasEnded;
  }

  /** Tells it a line. @returns the line that it answers with; `""` when it ends instead. */
  async ask(line: string): Promise<string> {
    if (this.#hasEnded) return "";
    const { promise, resolve } = Promise.withResolvers<string>();
    this.#asked.push(resolve);
    await this.#input!.write(new TextEncoder().encode(`${line}\n`))
      .catch(() => {});
    return await promise;
  }

  /** Sends it a signal. */
  signal(signal: Deno.Signal): void {
    this.#child!.kill(signal);
  }

  /** Where it listens: another port after each start. */
  get port(): number {
    return this.#port;
  }

  /** Starts it. @returns when it listens. */
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
    const complaints = new Response(child.stderr).text().then((text) => {
      this.complaints += text;
    });
    for (;;) {
      const { value, done } = await lines.next();
      if (done) {
        await complaints;
        throw new Error(`The server did not start: ${this.complaints}`);
      }
      const port = /listens on http:\/\/[^:]+:(\d+)/.exec(value)?.[1];
      if (port === undefined) continue;
      this.#port = Number(port);
      break;
    }
    const rest = async () => {
      for (;;) {
        const { value, done } = await lines.next();
        if (done) break;
        this.#asked.shift()?.(value);
      }
      this.#hasEnded = true;
      for (const resolve of this.#asked.splice(0)) resolve("");
    };
    this.#ended = Promise.all([child.status, complaints, rest()])
      .then(([{ code }]) => code);
    return this;
  }

  /** Asks it to end. @returns its exit code, when it has. */
  stop(): Promise<number> {
    this.#child?.kill("SIGTERM");
    this.#child = undefined;
    return this.#ended;
  }

  /** It stands still. */
  pause(): void {
    this.#child!.kill("SIGSTOP");
  }

  /** It goes on. */
  resume(): void {
    this.#child!.kill("SIGCONT");
  }

  /** `kill -9`, of this child alone. @returns when it is dead. */
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
      // It has ended.
    }
  }
}
