/**
 * The code of the documents. `deno test --doc` runs every `ts` fence. These tests check the other fences and the commands.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { SCENARIOS } from "../faults/scenarios.ts";
import { allFiles } from "../project/language.ts";
import { fences } from "./transcripts.ts";

const root = new URL("../../", import.meta.url);
const { tasks } = JSON.parse(
  await Deno.readTextFile(new URL("deno.json", root)),
) as { tasks: Record<string, unknown> };

const documents = await Promise.all(
  (await allFiles()).filter((path) =>
    path.endsWith(".md") && !path.startsWith("std/")
  ).map(async (path) => ({
    path,
    text: await Deno.readTextFile(new URL(path, root)),
  })),
);

/** The module that a fence of docs/scaling.md imports. */
const CONTRACT = `import { defineMessages } from "jsr:@drumbeat/drumbeat@^0.1";
export const contract = defineMessages({
  chat: (fields): fields is { text: string } => typeof fields === "object",
});
`;

Deno.test("the TypeScript of the documents that does not run has no type errors", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/contract.ts`, CONTRACT);
    const files: string[] = [];
    for (const { path, text } of documents) {
      for (const code of fences(text, "ts ignore")) {
        const file = `${folder}/${files.length}.ts`;
        files.push(file);
        const mod = new URL("mod.ts", root).href;
        await Deno.writeTextFile(
          file,
          `// ${path}\n${
            code.replace(/https:\/\/example\.com\/\S*\/mod\.ts/, mod)
          }\nexport {};\n`,
        );
      }
    }
    assert(files.length > 2);
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["check", "--config", "deno.json", ...files],
      cwd: root,
      env: { NO_COLOR: "1" },
    }).output();
    assert(success, new TextDecoder().decode(stderr));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("every fence names a language that is checked, or a language of commands and configurations", () => {
  const languages = /^(?:ts|ts ignore|js ignore|html|text|sh|yaml)$/;
  for (const { path, text } of documents) {
    const opening = text.replaceAll(/^```\n/gm, "").matchAll(/^```(.*)$/gm);
    for (const [, language = ""] of opening) {
      if (language === "") continue;
      assert(languages.test(language), `${path}: '${language}'`);
    }
  }
});

Deno.test("every task and scenario that a document names exists", () => {
  for (const { path, text } of documents) {
    for (const [, task = ""] of text.matchAll(/deno\s+task\s+([\w:]+)/g)) {
      assert(Object.hasOwn(tasks, task), `${path}: ${task}`);
    }
    for (const [, name = ""] of text.matchAll(/--scenario\s+([\w-]+)/g)) {
      assert(Object.hasOwn(SCENARIOS, name), `${path}: --scenario ${name}`);
    }
  }
});

Deno.test("every fence closes", () => {
  for (const { path, text } of documents) {
    assertEquals((text.match(/^ *```/gm) ?? []).length % 2, 0, path);
  }
});
