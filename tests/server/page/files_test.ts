import { assert, assertEquals } from "@std/assert";
import { createHandler, createHub } from "../../../server.ts";
import { SOURCES } from "../../server/sources.ts";
import { importsFrom } from "../../project/module_graph.ts";
import { root } from "../spawned.ts";

async function filesIn(folder: string): Promise<string[]> {
  const files: string[] = [];
  for await (
    const { name, isDirectory } of Deno.readDir(new URL(folder, root))
  ) {
    if (isDirectory) files.push(...await filesIn(`${folder}${name}/`));
    else files.push(folder + name);
  }
  return files;
}

async function expected(): Promise<string[]> {
  const folders = await Promise.all(
    ["common/", "messages/", "client/", "static/"].map(filesIn),
  );
  return ["messages.ts", "client.ts", ...folders.flat()].toSorted();
}

Deno.test("the page's sources are the files of common/, messages/, client/ and static/, and nothing else", async () => {
  assertEquals([...SOURCES.keys()].toSorted(), await expected());
});

Deno.test("each of the page's sources is the text of the file that it is named after", async () => {
  for (const [name, text] of SOURCES) {
    assertEquals(text, await Deno.readTextFile(new URL(name, root)), name);
  }
});

Deno.test("every module that the page and client.ts reach is among the page's sources", async () => {
  const entries = (await expected()).filter((name) =>
    name === "client.ts" || name.startsWith("static/") && name.endsWith(".ts")
  );
  const reached = (await importsFrom(...entries)).map(({ to }) => to);
  assertEquals(reached.filter((name) => !SOURCES.has(name)), []);
});

Deno.test("everything that the page's HTML and CSS ask for is there", async () => {
  await using hub = createHub();
  const handler = createHandler(hub);
  for (const [name, text] of SOURCES) {
    if (!/\.(html|css)$/.test(name)) continue;
    const links = [
      ...text.matchAll(/(?:\b(?:src|href)="|url\(["']?|@import ")([^"')#]+)/g),
    ];
    for (const [, link] of links) {
      if (link!.startsWith("data:")) continue;
      const base = name === "static/index.html"
        ? "http://hub.test/"
        : `http://hub.test/${name}`;
      const url = new URL(link!, base);
      assertEquals(url.origin, "http://hub.test", `${name} asks for ${link}`);
      const response = await handler(new Request(url));
      assertEquals(response.status, 200, `${name} asks for ${link}`);
      await response.body?.cancel();
    }
  }
});

Deno.test("every module is served as text/javascript that parses", async () => {
  await using hub = createHub();
  const handler = createHandler(hub);
  for (const name of SOURCES.keys()) {
    if (!name.endsWith(".ts")) continue;
    const response = await handler(new Request(`http://hub.test/${name}`));
    assertEquals(
      response.headers.get("content-type"),
      "text/javascript; charset=utf-8",
    );
    const diagnostics = Deno.lint.runPlugin(
      { name: "parse", rules: { none: { create: () => ({}) } } },
      `${name}.js`,
      await response.text(),
    );
    assert(diagnostics.length === 0, name);
  }
});
