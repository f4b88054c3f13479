import { pinned, SERVER_CORE } from "./pinning.ts";

/** A redis-server in a separate process on the servers' core, without persistence. */
export class RedisProcess implements AsyncDisposable {
  readonly url: string;
  readonly #child: Deno.ChildProcess;
  readonly #output: Promise<string>;

  private constructor(child: Deno.ChildProcess, port: number) {
    this.#child = child;
    this.url = `redis://127.0.0.1:${port}`;
    this.#output = new Response(child.stdout).text();
  }

  /**
   * Starts one.
   *
   * @returns the process, after Redis answered.
   * @throws {Error} when the process ends before.
   */
  static async start(): Promise<RedisProcess> {
    using free = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = free.addr;
    free.close();
    const [program, ...args] = await pinned(SERVER_CORE, [
      ...["redis-server", "--bind", "127.0.0.1", "--port", `${port}`],
      ...["--save", "", "--appendonly", "no"],
    ]);
    const child = new Deno.Command(program!, {
      args,
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const redis = new RedisProcess(child, port);
    await redis.#answers(port);
    return redis;
  }

  /** The process's id. */
  get pid(): number {
    return this.#child.pid;
  }

  async #answers(port: number): Promise<void> {
    let ended = false;
    void this.#child.status.then(() => ended = true);
    while (!await answers(port)) {
      if (ended) throw new Error(`redis-server ended: ${await this.#output}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await Promise.all([this.#child.status, this.#output]);
  }
}

async function answers(port: number): Promise<boolean> {
  try {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port });
    await connection.write(new TextEncoder().encode("PING\r\n"));
    const answer = new Uint8Array(7);
    await connection.read(answer);
    return new TextDecoder().decode(answer) === "+PONG\r\n";
  } catch {
    await new Promise((resolve) => setTimeout(resolve, 20));
    return false;
  }
}
