import { createClient } from "npm:@redis/client@6.3.1";

const EXECUTABLE = Deno.env.get("REDIS_SERVER") ?? "redis-server";

/** `true` where the program `redis-server` exists. */
export const hasRedis: boolean = (() => {
  try {
    return new Deno.Command(EXECUTABLE, { args: ["--version"] }).outputSync()
      .success;
  } catch {
    return false;
  }
})();

/**
 * Registers a test that needs a Redis. Without one, it prints that it was skipped.
 *
 * @param name the test's name.
 * @param run the test.
 */
export function redisTest(name: string, run: () => Promise<void>): void {
  if (!hasRedis) console.log(`SKIPPED (no redis-server): ${name}`);
  Deno.test({ name, ignore: !hasRedis, fn: run });
}

type Client = ReturnType<typeof createClient>;

/** A redis-server for one test, on a free port. Without more options it stores nothing on disk. */
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

  /** Starts a server. @param args more options of the program. */
  static async start(...args: string[]): Promise<RedisServer> {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    listener.close();
    const server = new RedisServer(args, port);
    await server.start();
    return server;
  }

  /** The server's URL. */
  get url(): string {
    const user = this.#password === undefined ? "" : `:${this.#password}@`;
    return `redis://${user}127.0.0.1:${this.port}`;
  }

  /** Starts the process, at the same port. Resolves when it accepts connections. */
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
    let output = "";
    const reading = async () => {
      for await (
        const text of child.stdout.pipeThrough(new TextDecoderStream())
      ) {
        output += text;
        if (output.includes("Ready to accept connections")) ready.resolve();
      }
      ready.reject(new Error(`redis-server ended: ${output}`));
    };
    this.#ended = Promise.all([reading(), child.status]);
    await ready.promise;
  }

  #ended: Promise<unknown> = Promise.resolve();

  /** Sends a command over a connection of its own. */
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

  /** Shortens the time to live of every key with a prefix. */
  async age(prefix: string, ms: number): Promise<void> {
    for (const key of await this.command<string[]>("KEYS", `${prefix}*`)) {
      const left = await this.command<number>("PTTL", key);
      if (left >= 0) await this.command("PEXPIRE", key, `${left - ms}`);
    }
  }

  /** Suspends the process: it neither answers nor closes connections. */
  pause(): void {
    this.#child!.kill("SIGSTOP");
  }

  /** Resumes the process. */
  resume(): void {
    this.#child!.kill("SIGCONT");
  }

  /** Kills the process (`kill -9`). Resolves when it has ended. */
  async kill(): Promise<void> {
    this.#client?.destroy();
    this.#client = undefined;
    try {
      this.#child?.kill("SIGKILL");
    } catch {
      // The process has ended.
    }
    await this.#ended.catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await Deno.remove(this.#folder, { recursive: true });
  }
}
