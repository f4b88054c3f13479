import { delay } from "@std/async/delay";
import { assertEquals, assertRejects } from "@std/assert";
import { connect, serve } from "../../mod.ts";
import { RawPeer, RefusedError } from "../raw_peer.ts";
import { programTest } from "./programs.ts";
import { freePort } from "./proxy_process.ts";

/** The parts around a recipe of docs/deploy: a file that includes it, and the command. */
interface Recipe {
  readonly program: string;
  readonly file: string;
  /** The address of the server in the recipe. */
  readonly upstream: string;
  /** Returns the address with a port. */
  at(port: number): string;
  /** Returns the whole configuration. */
  config(recipe: string, port: number, folder: string): string;
  /** The signal that ends the program at once. Default: SIGTERM. */
  readonly end?: Deno.Signal;
  /** Returns the arguments of the program. */
  args(config: string, port: number, folder: string): string[];
}

const at = (port: number) => `127.0.0.1:${port}`;

const RECIPES: readonly Recipe[] = [
  {
    program: "apache2",
    file: "apache.conf",
    upstream: at(8000),
    at,
    config: (recipe, port, folder) =>
      [
        ...["mpm_event", "authz_core", "proxy", "proxy_http"].map((name) =>
          `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`
        ),
        `ServerName localhost\nListen 127.0.0.1:${port}`,
        `PidFile ${folder}/pid\nErrorLog ${folder}/log`,
        `DefaultRuntimeDir ${folder}`,
        ...(Deno.uid() === 0 ? ["User www-data\nGroup www-data"] : []),
        recipe,
      ].join("\n"),
    args: (config) => ["-D", "FOREGROUND", "-f", config],
  },
  {
    program: "caddy",
    file: "Caddyfile",
    upstream: at(8000),
    at,
    config: (recipe, port) =>
      `{\n\tadmin off\n}\n${recipe.replace(at(8080), at(port))}`,
    args: (config) => ["run", "--adapter", "caddyfile", "--config", config],
  },
  {
    program: "lighttpd",
    file: "lighttpd.conf",
    upstream: '"port" => 8000',
    at: (port) => `"port" => ${port}`,
    config: (recipe, port, folder) =>
      `server.bind = "127.0.0.1"\nserver.port = ${port}\nserver.document-root = "${folder}"\n${recipe}`,
    args: (config) => ["-D", "-f", config],
  },
  {
    program: "h2o",
    // After SIGTERM it waits ten seconds for open connections.
    end: "SIGINT",
    file: "h2o.conf",
    upstream: at(8000),
    at,
    config: (recipe, port) =>
      [
        ...(Deno.uid() === 0 ? ["user: www-data"] : []),
        `listen:\n  host: 127.0.0.1\n  port: ${port}`,
        "hosts:\n  default:\n    paths:\n      /:",
        ...recipe.split("\n").map((line) => `        ${line}`),
      ].join("\n"),
    args: (config) => ["-c", config],
  },
  {
    program: "varnishd",
    file: "varnish.vcl",
    upstream: '.port = "8000"',
    at: (port) => `.port = "${port}"`,
    config: (recipe) => recipe,
    args: (config, port, folder) => [
      ...["-F", "-n", `${folder}/work`, "-a", at(port), "-f", config],
      ...(Deno.uid() === 0 ? [] : ["-j", "none"]),
    ],
  },
];

for (const recipe of RECIPES) {
  await programTest(
    recipe.program,
    `behind ${recipe.program} the page loads, its WebSocket connects with its own origin, and the address is the client's`,
    async () => {
      const addresses: string[] = [];
      await using server = serve({
        port: 0,
        trustedProxies: 1,
        onOpen: ({ info }) => void addresses.push(info.address),
      });
      const port = freePort();
      const folder = await Deno.makeTempDir();
      await Deno.chmod(folder, 0o755);
      const written = await Deno.readTextFile(
        new URL(`../../docs/deploy/${recipe.file}`, import.meta.url),
      );
      assertEquals(written.includes(recipe.upstream), true);
      const adapted = written.replaceAll(
        recipe.upstream,
        recipe.at(server.addr.port),
      );
      const path = `${folder}/${recipe.file}`;
      await Deno.writeTextFile(path, recipe.config(adapted, port, folder));
      const proxy = new Deno.Command("sh", {
        args: [
          "-c",
          'PATH="$PATH:/usr/sbin" exec "$0" "$@"',
          recipe.program,
          ...recipe.args(path, port, folder),
        ],
        env: { XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
        stdin: "null",
        stdout: "null",
        stderr: "piped",
      }).spawn();
      const stderr = new Response(proxy.stderr).text();
      let ended = false;
      void proxy.status.then(() => ended = true);
      try {
        const host = `127.0.0.1:${port}`;
        for (;;) {
          if (ended) throw new Error(`The proxy ended: ${await stderr}`);
          const page = await fetch(`http://${host}/`).catch(() => undefined);
          await page?.body?.cancel();
          if (page?.status === 200) break;
          await delay(20);
        }
        using own = await RawPeer.connect(port, {
          headers: {
            origin: `http://${host}`,
            "x-forwarded-for": "203.0.113.9",
          },
        });
        assertEquals((await own.json()).type, "start");
        const refused = await assertRejects(
          () =>
            RawPeer.connect(port, {
              headers: { origin: "https://other.example" },
            }),
          RefusedError,
        );
        assertEquals(refused.status, 403);
        await using client = connect(`ws://${host}/ws`);
        const received = Promise.withResolvers<unknown>();
        const topic = client.topic("news");
        topic.on("x", ({ n }) => received.resolve(n));
        await topic.publish({ type: "x", n: 1 });
        assertEquals(await received.promise, 1);
        assertEquals(addresses, ["127.0.0.1", "127.0.0.1"]);
      } finally {
        if (!ended) proxy.kill(recipe.end ?? "SIGTERM");
        await Promise.all([proxy.status, stderr]);
        await Deno.remove(folder, { recursive: true });
      }
    },
  );
}
