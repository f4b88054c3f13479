import { pinned, SERVER_CORE } from "./pinning.ts";
import type { Duty, Peer } from "./peers.ts";
import { root } from "./root.ts";

const START_MS = 20_000;
/** The timeout of an end, longer than Drumbeat's drain. */
const STOP_MS = 10_000;

/** A server in a separate process, on a separate core. */
export class ServerProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  #ended: Promise<unknown> = Promise.resolve();
  #output = "";
  /** The port it listens on. */
  port = 0;

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
  }

  /**
   * Starts a server.
   *
   * @param peer the server.
   * @param duty the purpose.
   * @param port the port; 0: any free one.
   * @returns the process, after it listens.
   * @throws {Error} when it ends before, or does not listen within 20 s.
   */
  static async start(peer: Peer, duty: Duty, port = 0): Promise<ServerProcess> {
    const [program, ...args] = await pinned(
      peer.cores ?? SERVER_CORE,
      peer.command(duty, port),
    );
    const child = new Deno.Command(program!, {
      args,
      cwd: root,
      // A server must not depend on bench/peers/package.json.
      env: { NO_COLOR: "1", DENO_NO_PACKAGE_JSON: "1" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const server = new ServerProcess(child);
    try {
      server.port = await server.#listening(peer.title);
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
    return server;
  }

  /** The process's id. `taskset` replaces itself with the program. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Ends it with SIGTERM, as a restart does, and waits for the end. */
  async stop(): Promise<void> {
    this.#child.kill("SIGTERM");
    const late = setTimeout(() => this.#kill(), STOP_MS);
    await this.#ended;
    clearTimeout(late);
  }

  #kill(): void {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
  }

  #listening(title: string): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const read = async (stream: ReadableStream<Uint8Array<ArrayBuffer>>) => {
      for await (const text of stream.pipeThrough(new TextDecoderStream())) {
        // Bounded, because a server may print an error for each connection.
        if (this.#output.length < 4096) this.#output += text;
        const [, port] =
          /listens on http:\/\/[^\s:]+:(\d+)\s/.exec(this.#output) ??
            [];
        if (port !== undefined) resolve(Number(port));
      }
    };
    const { stdout, stderr, status } = this.#child;
    const fail = (reason: string) =>
      reject(new Error(`${title} ${reason}: ${this.#output.trim()}`));
    this.#ended = Promise.all([read(stdout), read(stderr), status]).then(() =>
      fail("did not start")
    );
    const late = setTimeout(() => fail("does not listen"), START_MS);
    return promise.finally(() => clearTimeout(late));
  }

  /** Ends it at once. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#kill();
    await this.#ended;
  }
}
