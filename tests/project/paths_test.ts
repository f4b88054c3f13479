import { assertEquals } from "@std/assert";
import { allFiles, filesOf } from "./language.ts";

const root = new URL("../../", import.meta.url);

/** A file or a folder of this repository, from its top: `hub/log/log.ts`, `tests/deploy`, `docs/decisions/0009`. */
const PATH =
  /(?<![\w./@*:-])(?:hub|adapters|client|server|messages|common|static|tests|bench|docs|examples|std)\/[\w./-]*\w/g;

/** A unit, and files that a benchmark or an installation writes. */
const NOT_TRACKED =
  /^messages\/s$|^bench\/(?:results|\.cache|peers\/node_modules)\b/;

/** Returns the paths that a text names and that do not exist. */
function missingIn(text: string, files: readonly string[]): string[] {
  const exists = (path: string) =>
    files.some((file) =>
      file === path || file.startsWith(`${path}/`) ||
      /^docs\/decisions\/\d{4}$/.test(path) && file.startsWith(`${path}-`)
    );
  const named = [...text.matchAll(PATH)].map(([path]) => path);
  return [...new Set(named)].filter((path) =>
    !NOT_TRACKED.test(path) && !exists(path)
  );
}

Deno.test("every path in a document, a comment or a string exists", async () => {
  const files = await allFiles();
  const missing: string[] = [];
  for (const file of await filesOf([])) {
    // These tests name files that they make up.
    if (/^tests\/project\/(?:paths|graph)_test\.ts$/.test(file)) continue;
    const text = await Deno.readTextFile(new URL(file, root));
    missing.push(...missingIn(text, files).map((path) => `${file}: ${path}`));
  }
  assertEquals(missing, []);
});

Deno.test("finds the paths that do not exist", () => {
  const files = ["hub/log/log.ts", "docs/decisions/0001-every-topic.md"];
  const text = `See hub/log/log.ts, hub/log/, hub/ring.ts, docs/decisions/0001,
docs/decisions/0002 and "../hub/hub.ts": 40,000 messages/s.`;
  assertEquals(missingIn(text, files), ["hub/ring.ts", "docs/decisions/0002"]);
});

Deno.test("every section that a comment names exists", async () => {
  const missing: string[] = [];
  for (const file of await filesOf([])) {
    const text = await Deno.readTextFile(new URL(file, root));
    const comment = text.replaceAll(/\s*\n[ \t]*(?:\*|\/\/)\s*/g, " ");
    for (
      const [, page = "", section = ""] of comment.matchAll(
        /(docs\/[\w/]+\.md), (?:under )?"([^"]+)"/g,
      )
    ) {
      const document = await Deno.readTextFile(new URL(page, root));
      const headings = [...document.matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
        title
      );
      if (!headings.includes(section)) {
        missing.push(`${file}: ${page}, "${section}"`);
      }
    }
  }
  assertEquals(missing, []);
});

Deno.test("the list of decisions has every page, with its number and title", async () => {
  const folder = new URL("docs/decisions/", root);
  const list = await Deno.readTextFile(new URL("README.md", folder));
  const pages = (await allFiles()).filter((file) =>
    /^docs\/decisions\/\d/.test(file)
  );
  const lines: string[] = [];
  for (const [n, page] of pages.entries()) {
    const name = page.slice("docs/decisions/".length);
    const text = await Deno.readTextFile(new URL(name, folder));
    const [, number, title] = /^# (\d{4}): (.+)$/m.exec(text) ?? [];
    assertEquals(Number(number), n + 1, `${name} has the number ${number}`);
    lines.push(`[${number}](${name}): ${title}`);
  }
  const listed = list.replaceAll(/\s+/g, " ").split(" - ").slice(1);
  assertEquals(listed.map((line) => line.trim()), lines);
});
