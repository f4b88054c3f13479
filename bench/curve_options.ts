import { areRounds, notRounds, parse } from "./options.ts";

/** What `--help` prints. */
export const HELP = `Usage: deno task bench:curves [options]

  --rounds NUMBER  each point is measured so often, by turns   [3, quick: 1]
  --quick          fewer points, less time for each: a look, not a result
  --only NAME,...  only these curves, or points of them        [all]
  --add            to what FILE says already: a long run can be made in pieces
  --json FILE      where the numbers go      [bench/results/curves.json]
  --list           the names of curves and points
  --help           this text

It takes about 11 minutes, the quick one about two. docs/performance.md says what the numbers mean.`;

/** What the command line asks for. */
export type CurveCommand =
  | { readonly run: "help" }
  | { readonly run: "list"; readonly quick: boolean }
  | { readonly run: "refuse"; readonly why: string }
  | {
    readonly run: "curves";
    readonly quick: boolean;
    readonly rounds: number;
    /** Absent: all. */
    readonly only: readonly string[] | undefined;
    /** Whether the rounds are added to those in the file. */
    readonly add: boolean;
    readonly json: string;
  };

/**
 * Reads the command line.
 *
 * @param args the arguments, without the program.
 * @param namesOf the curves and points there are, in the full or the quick run.
 * @returns what to do; a flag or a name that does not exist is refused.
 */
export function readCurveCommand(
  args: readonly string[],
  namesOf: (quick: boolean) => readonly string[],
): CurveCommand {
  const parsed = parse(args, {
    rounds: { type: "string" },
    quick: { type: "boolean", default: false },
    only: { type: "string" },
    add: { type: "boolean", default: false },
    json: { type: "string", default: "bench/results/curves.json" },
    list: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  });
  if ("why" in parsed) return { run: "refuse", why: parsed.why };
  const { quick, add, json, list, help, ...words } = parsed.values;
  if (help) return { run: "help" };
  if (list) return { run: "list", quick };
  const rounds = Number(words.rounds ?? (quick ? 1 : 3));
  if (!areRounds(rounds)) {
    return { run: "refuse", why: notRounds(words.rounds) };
  }
  const names = namesOf(quick);
  const only = words.only?.split(",");
  const stranger = only?.find((name) => !names.includes(name));
  if (stranger !== undefined) {
    return { run: "refuse", why: `There is no curve or point '${stranger}'` };
  }
  return { run: "curves", quick, rounds, only, add, json };
}
