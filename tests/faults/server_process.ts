import { TextLineStream } from "../examples/text_lines.ts";

const root = new URL("../../", import.meta.url);

/** The stock server: what `deno task start` runs. */
export const STOCK = "server/main.ts";

/** A server in a process of its own, which can be killed and started again. */
export class ServerProcess implements AsyncDisposable {
  readonly #program: string;
  readonly #args: readonly string[];
  #child: Deno.ChildProcess | undefined;
  #ended: Promise<number> = Promise.resolve(0);
  #port = 0;
  /** What it complained of, in all its runs. */
  complaints = "";

  /**
   * @param args what follows `--port 0`.
   * @param program a path in the repository. It prints the address that it listens on.
   */
  constructor(args: readonly string[] = [], program: string = STOCK) {
    this.#args = args;
    this.#program = program;
  }

  /** Where it listens: another port after each start. */
  get port(): number {
    return this.#port;
  }

  /** Starts it. @returns when it listens. */
  async start(): Promise<this> {
    const child = this.#child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
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
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
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
      while (!(await lines.next()).done);
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

  /** `kill -9`, of this child alone. @returns when it is dead. */
  async kill(): Promise<void> {
    this.#child?.kill("SIGKILL");
    this.#child = undefined;
    await this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.kill();
    } catch {
      // It has ended.
    }
  }
}
