import { delay } from "@std/async/delay";

const docs = new URL("../../docs/deploy/", import.meta.url);

/** The proxies that docs/deploy.md and docs/scaling.md describe. */
export type ProxyName = "nginx" | "haproxy" | "haproxy-nodes";

/** How one of them is run. */
interface Kind {
  readonly program: string;
  readonly config: string;
  /** The servers behind it, as the document has them. */
  readonly upstreams: readonly string[];
  /** Their names, where it can be asked. */
  readonly servers: readonly string[];
  args(config: string, folder: string): string[];
  /** What has to be different in a test, besides addresses and times. */
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
    // As many descriptors as a test may have.
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

/** Where HAProxy in front of nodes is asked. */
const SOCKET = "stats.sock";

/** Options of {@linkcode ProxyProcess.start}. */
export interface ProxyOptions {
  /** The ports of the servers behind it, as many as the document has. */
  readonly upstreams: readonly number[];
  /** What the document's 60 s become, in ms. */
  readonly idleMs: number;
  /** What the document's 10 s become: how long a reload leaves connections alone, in ms. */
  readonly drainMs: number;
}

/** A real proxy in front of a server, with the configuration of docs/deploy. */
export class ProxyProcess implements AsyncDisposable {
  readonly port: number;
  readonly #kind: Kind;
  readonly #child: Deno.ChildProcess;
  readonly #folder: string;
  readonly #complaints: Promise<string>;

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
    this.#complaints = new Response(child.stderr).text();
  }

  /** Starts one. @returns when it takes connections. */
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

  /** Reads its configuration again, with new workers. Those of before go on until their connections end, or time is up. */
  reload(): void {
    this.#child.kill(this.#kind.reload);
  }

  /** Waits until every server behind HAProxy in front of nodes is one that it sends newcomers to. */
  async allUp(): Promise<void> {
    while (!(await this.#states()).every((state) => state === "UP")) {
      await delay(20);
    }
  }

  /** What it thinks of the servers behind it: the 18th column of those lines that are about a server. */
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
      if (ended) throw new Error(`It ended: ${await this.#complaints}`);
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
    await Promise.all([this.#child.status, this.#complaints]);
    await Deno.remove(this.#folder, { recursive: true });
  }
}

/** A port that was free a moment ago: a proxy does not say which one it was given, and has to know those behind it. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** @throws when the document does not say what is to be replaced: the test would run something else. */
function replaced(
  text: string,
  pairs: readonly (readonly [string, string])[],
): string {
  for (const [from, to] of pairs) {
    if (!text.includes(from)) throw new Error(`There is no '${from}' in it`);
    text = text.replaceAll(from, to);
  }
  return text;
}
