import { createClient } from "npm:@redis/client@6.3.1";

const EXECUTABLE = Deno.env.get("REDIS_SERVER") ?? "redis-server";

/** Whether there is a redis-server. */
export const hasRedis: boolean = (() => {
  try {
    return new Deno.Command(EXECUTABLE, { args: ["--version"] }).outputSync()
      .success;
  } catch {
    return false;
  }
})();

/**
 * A test that needs a Redis. Without one it is skipped, and says so.
 *
 * @param name a sentence.
 * @param run the test.
 */
export function redisTest(name: string, run: () => Promise<void>): void {
  if (!hasRedis) console.log(`SKIPPED (no redis-server): ${name}`);
  Deno.test({ name, ignore: !hasRedis, fn: run });
}

type Client = ReturnType<typeof createClient>;

/** A redis-server of a test's own, on a free port, that keeps nothing unless told to. */
export class RedisServer implements AsyncDisposable {
  readonly #args: readonly string[];
  readonly #folder: string = Deno.makeTempDirSync({ prefix: "drumbeat-" });
  readonly #password: string | undefined;
  readonly port: number;
  #child: Deno.ChildProcess | undefined;
  #client: Client | undefined;

  private constructor(args: readonly string[], port: number) {
    this.#args = args;
    this.port = port;
    const at = args.indexOf("--requirepass");
    this.#password = at < 0 ? undefined : args[at + 1];
  }

  /** Starts one. @param args more of its options. */
  static async start(...args: string[]): Promise<RedisServer> {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    listener.close();
    const server = new RedisServer(args, port);
    await server.start();
    return server;
  }

  /** Where it is. */
  get url(): string {
    const user = this.#password === undefined ? "" : `:${this.#password}@`;
    return `redis://${user}127.0.0.1:${this.port}`;
  }

  /** Starts it, at the same port. @returns when it answers. */
  async start(): Promise<void> {
    const child = this.#child = new Deno.Command(EXECUTABLE, {
      args: [
        ...["--bind", "127.0.0.1", "--port", `${this.port}`],
        ...["--dir", this.#folder, "--save", "", ...this.#args],
      ],
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const ready = Promise.withResolvers<void>();
    let said = "";
    const reading = async () => {
      for await (
        const text of child.stdout.pipeThrough(new TextDecoderStream())
      ) {
        said += text;
        if (said.includes("Ready to accept connections")) ready.resolve();
      }
      ready.reject(new Error(`redis-server ended: ${said}`));
    };
    this.#ended = Promise.all([reading(), child.status]);
    await ready.promise;
  }

  #ended: Promise<unknown> = Promise.resolve();

  /** One command of a client of its own. */
  async command<T>(...args: string[]): Promise<T> {
    if (this.#client === undefined) {
      this.#client = createClient({
        url: this.url,
        maintNotifications: "disabled",
        socket: { reconnectStrategy: false },
      });
      this.#client.on("error", () => {});
      await this.#client.connect();
    }
    return await this.#client.sendCommand(args) as unknown as T;
  }

  /** Every key below a prefix has this much less to live. */
  async age(prefix: string, ms: number): Promise<void> {
    for (const key of await this.command<string[]>("KEYS", `${prefix}*`)) {
      const left = await this.command<number>("PTTL", key);
      if (left >= 0) await this.command("PEXPIRE", key, `${left - ms}`);
    }
  }

  /** It stands still: nothing is answered, nothing ends. */
  pause(): void {
    this.#child!.kill("SIGSTOP");
  }

  /** It goes on. */
  resume(): void {
    this.#child!.kill("SIGCONT");
  }

  /** `kill -9`. @returns when it is dead. */
  async kill(): Promise<void> {
    this.#client?.destroy();
    this.#client = undefined;
    try {
      this.#child?.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.#ended.catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await Deno.remove(this.#folder, { recursive: true });
  }
}
