import { delay } from "@std/async/delay";

const docs = new URL("../../docs/deploy/", import.meta.url);

/** The proxies that docs/deploy.md and docs/scaling.md describe. */
export type ProxyName = "nginx" | "haproxy" | "haproxy-nodes";

/** The command and the adaptations of one proxy. */
interface Kind {
  readonly program: string;
  readonly config: string;
  /** The addresses of the servers behind it in the document. */
  readonly upstreams: readonly string[];
  /** The names of these servers, if the proxy reports their state. */
  readonly servers: readonly string[];
  args(config: string, folder: string): string[];
  /** Adapts the configuration for a test, except for addresses and times. */
  adapt(config: string, folder: string): string;
  readonly reload: Deno.Signal;
}

const HAPROXY = {
  program: "haproxy",
  args: (config: string) => ["-W", "-db", "-f", config],
  reload: "SIGUSR2",
} as const;

const KINDS: Readonly<Record<ProxyName, Kind>> = {
  nginx: {
    program: "nginx",
    upstreams: ["127.0.0.1:8000"],
    servers: [],
    config: "nginx.conf",
    args: (config, folder) => ["-c", config, "-p", folder, "-e", "stderr"],
    adapt: (config, folder) =>
      `daemon off;\npid ${folder}/nginx.pid;\n` +
      config.replace("http {", "http {\n  access_log off;"),
    reload: "SIGHUP",
  },
  haproxy: {
    ...HAPROXY,
    config: "haproxy.cfg",
    upstreams: ["127.0.0.1:8000"],
    servers: [],
    // Lower, because a test process has fewer descriptors.
    adapt: (config) => config.replace("maxconn 20000", "maxconn 200"),
  },
  "haproxy-nodes": {
    ...HAPROXY,
    config: "haproxy-nodes.cfg",
    upstreams: ["127.0.0.1:8001", "127.0.0.1:8002"],
    servers: ["one", "two"],
    adapt: (config, folder) =>
      replaced(config, [
        ["maxconn 20000", "maxconn 200"],
        ["/run/haproxy/drumbeat.sock", `${folder}/${SOCKET}`],
      ]),
  },
};

/** The socket at which HAProxy in front of nodes reports their state. */
const SOCKET = "stats.sock";

/** Options of {@linkcode ProxyProcess.start}. */
export interface ProxyOptions {
  /** The ports of the servers behind it, as many as in the document. */
  readonly upstreams: readonly number[];
  /** The time instead of the document's 60 s, in ms. */
  readonly idleMs: number;
  /** The time instead of the document's 10 s, during which a reload keeps connections open, in ms. */
  readonly drainMs: number;
}

/** A real proxy in front of a server, with the configuration of docs/deploy. */
export class ProxyProcess implements AsyncDisposable {
  readonly port: number;
  readonly #kind: Kind;
  readonly #child: Deno.ChildProcess;
  readonly #folder: string;
  readonly #stderr: Promise<string>;

  private constructor(
    kind: Kind,
    folder: string,
    child: Deno.ChildProcess,
    port: number,
  ) {
    this.#kind = kind;
    this.#folder = folder;
    this.#child = child;
    this.port = port;
    this.#stderr = new Response(child.stderr).text();
  }

  /** Starts one, and resolves when it accepts connections. */
  static async start(
    name: ProxyName,
    options: ProxyOptions,
  ): Promise<ProxyProcess> {
    const { upstreams, idleMs, drainMs } = options;
    const kind = KINDS[name];
    const port = freePort();
    const folder = await Deno.makeTempDir();
    const written = await Deno.readTextFile(new URL(kind.config, docs));
    const path = `${folder}/${kind.config}`;
    const config = replaced(written, [
      ...kind.upstreams.map((address, i) =>
        [address, `127.0.0.1:${upstreams[i]}`] as const
      ),
      ["127.0.0.1:8080", `127.0.0.1:${port}`],
      ["60s", `${idleMs}ms`],
      ["10s", `${drainMs}ms`],
    ]);
    await Deno.writeTextFile(path, kind.adapt(config, folder));
    const child = new Deno.Command("sh", {
      args: [
        "-c",
        'PATH="$PATH:/usr/sbin" exec "$0" "$@"',
        kind.program,
        ...kind.args(path, folder),
      ],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const proxy = new ProxyProcess(kind, folder, child, port);
    await proxy.#accepts();
    return proxy;
  }

  /** Reloads the configuration with new workers. The old ones run until their connections end or their time is over. */
  reload(): void {
    this.#child.kill(this.#kind.reload);
  }

  /** Waits until HAProxy reports every node as up. */
  async allUp(): Promise<void> {
    while (!(await this.#states()).every((state) => state === "UP")) {
      await delay(20);
    }
  }

  /** Returns the state of each server: the 18th column of the lines about servers. */
  async #states(): Promise<readonly string[]> {
    const path = `${this.#folder}/${SOCKET}`;
    const connection = await Deno.connect({ transport: "unix", path });
    await connection.write(new TextEncoder().encode("show stat\n"));
    const text = await new Response(connection.readable).text();
    const states = text.split("\n").map((line) => line.split(","))
      .filter(([, server]) => this.#kind.servers.includes(server!))
      .map((columns) => columns[17]!);
    if (states.length !== this.#kind.servers.length) throw new Error(text);
    return states;
  }

  async #accepts(): Promise<void> {
    let ended = false;
    void this.#child.status.then(() => ended = true);
    for (;;) {
      if (ended) throw new Error(`The proxy ended: ${await this.#stderr}`);
      try {
        using _connection = await Deno.connect({
          hostname: "127.0.0.1",
          port: this.port,
        });
        return;
      } catch {
        await delay(20);
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGTERM");
    await Promise.all([this.#child.status, this.#stderr]);
    await Deno.remove(this.#folder, { recursive: true });
  }
}

/** Returns a port that was free a moment ago, because a proxy cannot report the port that it was given. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** @throws {Error} when the document does not contain the text: the test would run something else. */
function replaced(
  text: string,
  pairs: readonly (readonly [string, string])[],
): string {
  for (const [from, to] of pairs) {
    if (!text.includes(from)) {
      throw new Error(`The document does not contain '${from}'`);
    }
    text = text.replaceAll(from, to);
  }
  return text;
}
