import { assertEquals, assertStringIncludes } from "@std/assert";
import { eTag } from "@std/http/etag";
import { serveJsrRegistry } from "./jsr_registry.ts";

Deno.test("a module that is imported from a URL loads its jsr: imports in an empty folder with an empty cache", async () => {
  await using registry = serveJsrRegistry();
  await using site = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () =>
      new Response(
        `import { eTag } from "jsr:@std/http@^1/etag";
import { STATUS_CODE } from "jsr:@std/http@^1/status";
import { deadline } from "jsr:@std/async@^1/deadline";
console.log(await deadline(eTag("drumbeat"), 60_000), STATUS_CODE.OK);`,
        { headers: { "content-type": "application/typescript" } },
      ),
  );
  const folder = await Deno.makeTempDir();
  try {
    const { success, stdout, stderr } = await new Deno.Command(
      Deno.execPath(),
      {
        args: [
          "run",
          "--check",
          `--allow-import=127.0.0.1:${site.addr.port},${registry.host}`,
          `http://127.0.0.1:${site.addr.port}/mod.ts`,
        ],
        cwd: folder,
        env: {
          DENO_DIR: `${folder}/cache`,
          JSR_URL: registry.url,
          NO_COLOR: "1",
        },
      },
    ).output();
    const stderrText = new TextDecoder().decode(stderr);
    assertEquals(success, true, stderrText);
    assertStringIncludes(stderrText, `${registry.url}@std/http/`);
    assertEquals(
      new TextDecoder().decode(stdout),
      `${await eTag("drumbeat")} 200\n`,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
