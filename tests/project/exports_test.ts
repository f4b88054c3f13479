import { assertEquals } from "@std/assert";
import denoJson from "../../deno.json" with { type: "json" };
import { EXPORTS } from "./exports.ts";

const ROOT = new URL("../../", import.meta.url);

/** The module documentation of `deno doc --json`, as far as the tests read it. */
interface Documentation {
  readonly nodes: Readonly<Record<string, { readonly symbols: Symbols }>>;
}

type Symbols = readonly {
  readonly name: string;
  readonly declarations: readonly {
    readonly kind: string;
    readonly jsDoc?: { readonly tags?: readonly { readonly kind: string }[] };
  }[];
}[];

/** Returns the symbols, values and types, that each entry point exports. */
async function exportedSymbols(
  files: readonly string[],
): Promise<Readonly<Record<string, Symbols>>> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--json", ...files],
    cwd: ROOT,
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  const { nodes }: Documentation = JSON.parse(new TextDecoder().decode(stdout));
  return Object.fromEntries(
    Object.entries(nodes).map(([url, { symbols }]) => [
      url.slice(ROOT.href.length),
      symbols,
    ]),
  );
}

const entries: Readonly<Record<string, string>> = denoJson.exports;
const files = Object.values(entries).map((path) => path.slice("./".length));

Deno.test("each entry point exports exactly the listed names", async () => {
  const found = await exportedSymbols(files);
  for (const [entry, path] of Object.entries(entries)) {
    const expected = EXPORTS[entry] ?? [];
    assertEquals(
      found[path.slice("./".length)]?.map(({ name }) => name).toSorted(),
      expected.toSorted(),
      `${entry}: tests/project/exports.ts lists the names; a change of it is a change of the public API`,
    );
  }
  assertEquals(
    Object.keys(EXPORTS).toSorted(),
    Object.keys(entries).toSorted(),
  );
});

Deno.test("mod.ts exports about 45 names, each of them under the name of its home", async () => {
  const source = await Deno.readTextFile(new URL("mod.ts", ROOT));
  assertEquals(source.match(/ as /g), null);
  const count = EXPORTS["."]!.length;
  assertEquals(count >= 40 && count <= 50, true, `${count} names`);
});

Deno.test("every function and class of mod.ts has an example", async () => {
  const { "mod.ts": symbols = [] } = await exportedSymbols(["mod.ts"]);
  const without = symbols.filter(({ declarations }) =>
    declarations.some(({ kind, jsDoc }) =>
      (kind === "function" || kind === "class") &&
      !jsDoc?.tags?.some((tag) => tag.kind === "example")
    )
  );
  assertEquals(without.map(({ name }) => name), []);
});

Deno.test("the task check:docs covers every entry point", () => {
  const { command } = denoJson.tasks["check:docs"];
  assertEquals(
    command.split(" ").filter((word) => word.endsWith(".ts")).toSorted(),
    files.toSorted(),
  );
});
