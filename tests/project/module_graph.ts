/**
 * The imports of this repository's modules, from `deno info --json`.
 *
 * @module
 */

/** The repository's folder, as a URL. */
export const root = new URL("../../", import.meta.url);

/** One import statement. */
export interface Import {
  /** The importing file, from the repository's folder: `hub/hub.ts`. */
  readonly from: string;
  /** The specifier in the statement: `../messages.ts`. */
  readonly specifier: string;
  /** The imported module: a path from the repository's folder, or a URL. */
  readonly to: string;
  /** True if it is imported `with { type: "text" }`. */
  readonly text: boolean;
  /** True if it imports only types. */
  readonly typeOnly: boolean;
  /** True for an `import()`. */
  readonly dynamic: boolean;
}

interface Resolution {
  readonly specifier?: string;
  readonly error?: string;
}

interface Info {
  readonly modules: readonly {
    readonly specifier: string;
    readonly error?: string;
    readonly dependencies?: readonly {
      readonly specifier: string;
      readonly code?: Resolution;
      readonly type?: Resolution;
      readonly assertionType?: string;
      readonly isDynamic?: boolean;
    }[];
  }[];
}

function relative(url: string): string {
  return url.startsWith(root.href)
    ? decodeURIComponent(url.slice(root.href.length))
    : url;
}

/** Returns every import of every module that the entries reach, without std/. */
export async function importsFrom(
  ...entries: readonly string[]
): Promise<Import[]> {
  const folder = await Deno.makeTempDir();
  try {
    const roots = `${folder}/roots.ts`;
    await Deno.writeTextFile(
      roots,
      entries.map((path) =>
        `import ${JSON.stringify(new URL(path, root).href)};\n`
      ).join(""),
    );
    const { success, stdout, stderr } = await new Deno.Command(
      Deno.execPath(),
      {
        args: [
          "info",
          "--json",
          "--no-lock",
          "--config",
          decodeURIComponent(new URL("deno.json", root).pathname),
          roots,
        ],
        cwd: root,
      },
    ).output();
    if (!success) {
      throw new Error(`deno info failed: ${new TextDecoder().decode(stderr)}`);
    }
    const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as Info;
    const imports: Import[] = [];
    for (const module of modules) {
      const from = relative(module.specifier);
      if (module.error !== undefined) {
        throw new Error(`${from}: ${module.error}`);
      }
      if (from.includes(":") || from.startsWith("std/")) {
        continue;
      }
      for (
        const { specifier, code, type, assertionType, isDynamic = false }
          of module
            .dependencies ?? []
      ) {
        const failed = code?.error ?? type?.error;
        if (failed !== undefined) {
          throw new Error(`${from}: ${failed}`);
        }
        imports.push({
          from,
          specifier,
          to: relative(code?.specifier ?? type?.specifier ?? specifier),
          text: assertionType === "text",
          typeOnly: code?.specifier === undefined,
          dynamic: isDynamic,
        });
      }
    }
    return imports;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/**
 * Finds the files that reach themselves through imports, types included.
 *
 * @param imports the imports to follow.
 * @returns the files of every cycle, sorted.
 */
export function filesInCycles(
  imports: readonly Pick<Import, "from" | "to">[],
): string[] {
  const targets = Map.groupBy(imports, ({ from }) => from);
  const reachesItself = (file: string): boolean => {
    const seen = new Set<string>();
    const pending = [file];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      for (const { to } of targets.get(next) ?? []) {
        if (to === file) return true;
        if (!seen.has(to)) pending.push(to);
        seen.add(to);
      }
    }
    return false;
  };
  return [...targets.keys()].filter(reachesItself).toSorted();
}

/** Returns the TypeScript files at a path: the file itself, or all files below a folder (`hub/`). */
export async function sourcesAt(path: string): Promise<string[]> {
  try {
    if (!path.endsWith("/")) {
      await Deno.stat(new URL(path, root));
      return [path];
    }
    const found: string[] = [];
    for await (const entry of Deno.readDir(new URL(path, root))) {
      if (entry.isDirectory) {
        found.push(...await sourcesAt(`${path}${entry.name}/`));
      } else if (entry.name.endsWith(".ts")) {
        found.push(path + entry.name);
      }
    }
    return found.sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      return [];
    }
    throw error;
  }
}

/** Returns the text of a file of the repository. */
export function read(path: string): Promise<string> {
  return Deno.readTextFile(new URL(path, root));
}
