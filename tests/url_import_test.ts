import { assertEquals, assertStringIncludes } from "@std/assert";
import { openPeer } from "./examples/plain_peer.ts";
import { start } from "./examples/program.ts";
import { fences } from "./examples/transcripts.ts";
import { serveJsrRegistry } from "./project/jsr_registry.ts";

const root = new URL("../", import.meta.url);

/** Serves the repository over HTTP, file by file. */
function serveRepository(): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async (request) => {
      const { pathname } = new URL(request.url);
      try {
        const text = await Deno.readTextFile(new URL(`.${pathname}`, root));
        const type = pathname.endsWith(".ts")
          ? "application/typescript"
          : "text/plain";
        return new Response(text, { headers: { "content-type": type } });
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
        return new Response(null, { status: 404 });
      }
    },
  );
}

/** Returns the README's server with a URL in place of the package's name. */
async function readmeServer(modUrl: string): Promise<string> {
  const readme = await Deno.readTextFile(new URL("README.md", root));
  const [server = ""] = fences(readme, "ts");
  assertStringIncludes(server, "serve(");
  const specifier = '"jsr:@drumbeat/drumbeat@^0.1"';
  assertStringIncludes(server, specifier);
  return server.replace(specifier, JSON.stringify(modUrl));
}

Deno.test("the README's server runs from an empty folder with an empty cache, importing mod.ts by its URL", async () => {
  await using registry = serveJsrRegistry();
  await using site = serveRepository();
  const host = `127.0.0.1:${site.addr.port}`;
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(
      `${folder}/server.ts`,
      await readmeServer(`http://${host}/mod.ts`),
    );
    await using program = start("server.ts", {
      cwd: folder,
      flags: [
        "--check",
        "--no-prompt",
        "--allow-net",
        `--allow-import=${host},${registry.host}`,
      ],
      env: { DENO_DIR: `${folder}/cache`, JSR_URL: registry.url },
    });
    const [, port] = await program.line(/^http:\/\/localhost:(\d+)$/);
    // The page needs nothing that was not loaded at start.
    await site.shutdown();

    const page = await fetch(`http://127.0.0.1:${port}/`);
    assertEquals(page.status, 200);
    const html = await page.text();
    assertStringIncludes(html, "<title>Drumbeat");
    const [, script = ""] = /<script type="module" src="([^"]+)"/.exec(html) ??
      [];
    const module = await fetch(new URL(script, page.url));
    assertEquals(module.status, 200);
    assertStringIncludes(await module.text(), "import ");

    await using peer = await openPeer(`ws://127.0.0.1:${port}/ws`);
    assertEquals(JSON.parse(await peer.next()).type, "start");
    peer.send('{"type":"chat","text":"from a URL"}');
    assertEquals(await peer.next(), '{"type":"chat","text":"from a URL"}');
    await program.line(/from a URL$/);
    peer.send('{"type":"chat","text":1}');
    const refusal = JSON.parse(await peer.next());
    assertEquals([refusal.type, refusal.code], ["error", "invalid"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
