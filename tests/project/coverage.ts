/**
 * Prints the branch coverage of each part from the files of `deno test --coverage`, and the number of tests: the last step
 * of `deno task test`. Exits with 1 when a part is below {@linkcode MINIMUM} percent.
 *
 * @module
 */

import { stripTypeScriptTypes } from "node:module";

/** The percentage of branches that each part's tests must take. */
const MINIMUM = 90;

const PARTS = [
  { name: "hub/", paths: ["hub/"] },
  { name: "messages", paths: ["messages.ts", "messages/"] },
  { name: "client", paths: ["client.ts", "client/"] },
] as const;

interface FileCoverage {
  readonly path: string;
  readonly found: number;
  readonly hit: number;
  readonly missedLines: readonly number[];
}

const root = new URL("../../", import.meta.url);

/** Removes incomplete files, written by workers and processes that a test killed: one would fail the whole report. */
async function removeIncomplete(): Promise<void> {
  const folder = new URL("coverage/", root);
  for await (const { name } of Deno.readDir(folder)) {
    if (!name.endsWith(".json")) continue;
    const path = new URL(name, folder);
    const text = await Deno.readTextFile(path);
    if (!text.trimEnd().endsWith("}")) await Deno.remove(path);
  }
}

async function lcov(): Promise<string> {
  await removeIncomplete();
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["coverage", "--lcov", "coverage"],
    cwd: root,
  }).output();
  if (!success) {
    throw new Error(
      `deno coverage failed: ${new TextDecoder().decode(stderr)}`,
    );
  }
  return new TextDecoder().decode(stdout);
}

function parse(text: string): FileCoverage[] {
  const prefix = decodeURIComponent(root.pathname);
  return text.split("end_of_record\n").flatMap((record) => {
    const path = /^SF:(.*)$/m.exec(record)?.[1];
    if (!path?.startsWith(prefix)) {
      return [];
    }
    const branches = [...record.matchAll(/^BRDA:(\d+),\d+,\d+,(.*)$/gm)];
    return [{
      path: path.slice(prefix.length),
      found: Number(/^BRF:(\d+)$/m.exec(record)?.[1] ?? 0),
      hit: Number(/^BRH:(\d+)$/m.exec(record)?.[1] ?? 0),
      missedLines: [
        ...new Set(
          branches.filter(([, , taken]) => !(Number(taken) > 0)).map((
            [, line],
          ) => Number(line)),
        ),
      ],
    }];
  });
}

async function sources(path: string): Promise<string[]> {
  const found: string[] = [];
  try {
    if (!path.endsWith("/")) {
      await Deno.stat(new URL(path, root));
      return [path];
    }
    for await (const entry of Deno.readDir(new URL(path, root))) {
      if (entry.isDirectory) {
        found.push(...await sources(`${path}${entry.name}/`));
      } else if (entry.name.endsWith(".ts")) {
        found.push(path + entry.name);
      }
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) {
      throw error;
    }
  }
  return found;
}

/** Returns `true` if a module has code that runs. V8's coverage does not list a module of types. */
async function runs(path: string): Promise<boolean> {
  const js = stripTypeScriptTypes(await Deno.readTextFile(new URL(path, root)));
  const code = js.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "")
    .replace(
      /\b(import|export)\s*(\{\s*\}|\{[^}]*\}\s*from\s*"[^"]*"|\*\s*from\s*"[^"]*");?/g,
      "",
    );
  return code.replace(/[\s;]/g, "") !== "";
}

function percent(hit: number, found: number): number {
  return found === 0 ? 100 : 100 * hit / found;
}

async function testCounts(): Promise<string> {
  const xml = await Deno.readTextFile(new URL("coverage/tests.xml", root));
  const head = /<testsuites\b[^>]*>/.exec(xml)?.[0] ?? "";
  const number = (name: string) =>
    Number(new RegExp(`\\b${name}="(\\d+)"`).exec(head)?.[1] ?? 0);
  const skipped = xml.match(/<skipped\b/g)?.length ?? 0;
  const failed = number("failures") + number("errors");
  const passed = number("tests") - failed - skipped;
  return `${passed} passed, ${failed} failed${
    skipped > 0 ? `, ${skipped} ignored` : ""
  }`;
}

const files = parse(await lcov());
const problems: string[] = [];

console.log(`\nBranches taken by the tests (at least ${MINIMUM} %)`);
for (const { name, paths } of PARTS) {
  const within = files.filter((file) =>
    paths.some((path) =>
      path.endsWith("/") ? file.path.startsWith(path) : file.path === path
    )
  );
  const found = within.reduce((sum, file) => sum + file.found, 0);
  const hit = within.reduce((sum, file) => sum + file.hit, 0);
  const share = percent(hit, found);
  console.log(
    `  ${name.padEnd(10)} ${
      share.toFixed(1).padStart(5)
    } %  ${hit} of ${found} in ${within.length} files`,
  );
  for (const file of within) {
    if (
      file.hit < file.found &&
      (share < MINIMUM || percent(file.hit, file.found) < MINIMUM)
    ) {
      console.log(
        `    ${file.path}: ${file.hit} of ${file.found}, not taken at line ${
          file.missedLines.join(", ")
        }`,
      );
    }
  }
  if (share < MINIMUM) {
    problems.push(
      `${name}: ${
        share.toFixed(1)
      } % of the branches, at least ${MINIMUM} % needed`,
    );
  }
  const seen = new Set(within.map((file) => file.path));
  for (const path of (await Promise.all(paths.map(sources))).flat()) {
    if (!seen.has(path) && await runs(path)) {
      problems.push(`${path}: no test has loaded it`);
    }
  }
}

if (problems.length > 0) {
  console.log(`\nNot covered enough:\n  ${problems.join("\n  ")}`);
}
console.log(
  `\n${await testCounts()}${
    problems.length > 0 ? ", but not covered enough" : ""
  }`,
);
Deno.exitCode = problems.length > 0 ? 1 : 0;
