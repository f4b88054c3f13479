/**
 * Lists the words that break the rules of plain language: `deno run -A tests/project/language.ts PATH…`, with files or
 * folders. Without a path it checks the whole repository. `--count` prints only the number of findings per folder.
 *
 * @module
 */
import { type Finding, findingsIn } from "./language_rules.ts";
import { ALLOWED } from "./language_allowed.ts";

const root = new URL("../../", import.meta.url);

/** Files that are not ours, are no text, or contain the rules. */
const SKIPPED =
  /^std\/|\.(?:lock|svg|png)$|^LICENSE$|package-lock\.json$|^\.gitignore$|^tests\/project\/language/;

/** Returns every file of the repository that Git does not ignore, in order. */
export async function allFiles(): Promise<string[]> {
  const { stdout } = await new Deno.Command("git", {
    args: ["ls-files", "--cached", "--others", "--exclude-standard"],
    cwd: root,
  }).output();
  const files = new TextDecoder().decode(stdout).split("\n");
  return [...new Set(files)].filter((file) => file !== "").sort();
}

/** Returns the files with text of ours below the given paths. Without a path: all of them. */
export async function filesOf(paths: readonly string[]): Promise<string[]> {
  const wanted = paths.map((path) => path.replace(/^\.\//, ""));
  return (await allFiles()).filter((file) =>
    !SKIPPED.test(file) &&
    (wanted.length === 0 || wanted.some((path) =>
      file === path || file.startsWith(path.endsWith("/") ? path : `${path}/`)
    ))
  );
}

/** The findings of some files, and the entries of the allow-list that were used. */
export interface Findings {
  /** Every finding that the allow-list does not contain. */
  readonly findings: readonly Finding[];
  /** The indexes of the used entries. */
  readonly used: ReadonlySet<number>;
}

/** Checks files. */
export async function check(files: readonly string[]): Promise<Findings> {
  const findings: Finding[] = [];
  const used = new Set<number>();
  for (const file of files) {
    let text: string;
    try {
      text = await Deno.readTextFile(new URL(file, root));
    } catch (error) {
      // `git ls-files` lists a deleted file until the deletion is committed.
      if (error instanceof Deno.errors.NotFound) continue;
      throw error;
    }
    for (const finding of findingsIn(file, text)) {
      const entry = ALLOWED.findIndex(({ path, text }) =>
        (finding.path === path || path.endsWith("/") &&
            finding.path.startsWith(path)) && finding.context.includes(text)
      );
      if (entry < 0) findings.push(finding);
      else used.add(entry);
    }
  }
  return { findings, used };
}

/** Returns a finding as one line. */
export function show({ path, line, word, rule, context }: Finding): string {
  return `${path}:${line}: '${word}': ${rule}\n    ${context}`;
}

/** Returns the folder that a file counts for: the first two levels of tests, the first one of everything else. */
export function folderOf(path: string): string {
  const parts = path.split("/");
  if (parts.length === 1) return path;
  return parts[0] === "tests" && parts.length > 2
    ? `${parts[0]}/${parts[1]}/`
    : `${parts[0]}/`;
}

if (import.meta.main) {
  const countOnly = Deno.args.includes("--count");
  const paths = Deno.args.filter((arg) => !arg.startsWith("--"));
  const { findings } = await check(await filesOf(paths));
  if (!countOnly) {
    for (const finding of findings) console.log(show(finding));
  }
  for (
    const [folder, found] of Object.entries(
      Object.groupBy(findings, ({ path }) => folderOf(path)),
    )
  ) console.log(`${`${found?.length}`.padStart(6)} ${folder}`);
  console.log(`${`${findings.length}`.padStart(6)} in all`);
  if (findings.length > 0) Deno.exitCode = 1;
}
