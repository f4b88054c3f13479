import { pinned, SERVER_CORE } from "./pinning.ts";
import type { Duty, Peer } from "./peers.ts";
import { root } from "./root.ts";

const START_MS = 20_000;
/** More than Drumbeat takes to drain. */
const STOP_MS = 10_000;

/** A peer's server in a process of its own, on a core of its own. */
export class ServerProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  #ended: Promise<unknown> = Promise.resolve();
  #said = "";
  /** The port it listens on. */
  port = 0;

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
  }

  /**
   * Starts a peer's server.
   *
   * @param peer which one.
   * @param duty what for.
   * @param port where; 0: any free one.
   * @returns when it listens.
   * @throws {Error} when it ends, or says nothing for 20 s, instead.
   */
  static async start(peer: Peer, duty: Duty, port = 0): Promise<ServerProcess> {
    const [program, ...args] = await pinned(
      peer.cores ?? SERVER_CORE,
      peer.command(duty, port),
    );
    const child = new Deno.Command(program!, {
      args,
      cwd: root,
      // What deno.json's neighbours say is not a peer's business.
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

  /** The process's id: `taskset` becomes what it starts. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Ends it as a restart does, and waits for that. */
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
        // Enough to tell why, and no more: a server may complain for each connection.
        if (this.#said.length < 4096) this.#said += text;
        const [, port] =
          /listens on http:\/\/[^\s:]+:(\d+)\s/.exec(this.#said) ??
            [];
        if (port !== undefined) resolve(Number(port));
      }
    };
    const { stdout, stderr, status } = this.#child;
    const fail = (why: string) =>
      reject(new Error(`${title} ${why}: ${this.#said.trim()}`));
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
