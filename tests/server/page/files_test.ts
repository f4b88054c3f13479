import { assert, assertEquals } from "@std/assert";
import { createHandler, createHub } from "../../../server.ts";
import * as files from "../../../server/page/files.ts";
import { root } from "../spawned.ts";

const FILES: readonly (readonly [path: string, text: string])[] = Object
  .entries(files);

/** Lists the files below a folder. */
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

// tests/project/graph_test.ts compares the list with the imports and links.
for (const folder of ["messages/", "client/", "static/"]) {
  Deno.test(`the page or the client loads every file of ${folder}`, async () => {
    const listed = FILES.map(([path]) => path)
      .filter((path) => path.startsWith(folder));
    assertEquals(listed.toSorted(), (await filesIn(folder)).toSorted());
  });
}

Deno.test("each export of the page's files is the text of the file with its name", async () => {
  for (const [path, text] of FILES) {
    assertEquals(text, await Deno.readTextFile(new URL(path, root)), path);
  }
});

Deno.test("serves every link of the page's HTML and CSS", async () => {
  await using hub = createHub();
  const handler = createHandler(hub);
  for (const [path, text] of FILES) {
    if (!/\.(html|css)$/.test(path)) continue;
    const links = [
      ...text.matchAll(/(?:\b(?:src|href)="|url\(["']?|@import ")([^"')#]+)/g),
    ];
    for (const [, link] of links) {
      if (link!.startsWith("data:")) continue;
      const base = path === "static/index.html"
        ? "http://hub.test/"
        : `http://hub.test/${path}`;
      const url = new URL(link!, base);
      assertEquals(url.origin, "http://hub.test", `${path} links to ${link}`);
      const response = await handler(new Request(url));
      assertEquals(response.status, 200, `${path} links to ${link}`);
      await response.body?.cancel();
    }
  }
});

Deno.test("serves every module as text/javascript that parses", async () => {
  await using hub = createHub();
  const handler = createHandler(hub);
  for (const [path] of FILES) {
    if (!path.endsWith(".ts")) continue;
    const response = await handler(new Request(`http://hub.test/${path}`));
    assertEquals(
      response.headers.get("content-type"),
      "text/javascript; charset=utf-8",
    );
    const diagnostics = Deno.lint.runPlugin(
      { name: "parse", rules: { none: { create: () => ({}) } } },
      `${path}.js`,
      await response.text(),
    );
    assert(diagnostics.length === 0, path);
  }
});
