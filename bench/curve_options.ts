import { isValidRounds, parse, roundsError } from "./options.ts";

/** The text of `--help`. */
export const HELP = `Usage: deno task bench:curves [options]

  --rounds NUMBER  alternating rounds of each point            [3, quick: 1]
  --quick          fewer points, less time for each: a first impression
  --only NAME,...  only these curves, or points of them        [all]
  --add            add to the numbers in FILE: a long run can be split
  --json FILE      the file of the numbers   [bench/results/curves.json]
  --list           the names of curves and points
  --help           this text

It takes about 11 minutes, the quick one about two. docs/performance.md explains the numbers.`;

/** A parsed command line. */
export type CurveCommand =
  | { readonly run: "help" }
  | { readonly run: "list"; readonly quick: boolean }
  | { readonly run: "refuse"; readonly reason: string }
  | {
    readonly run: "curves";
    readonly quick: boolean;
    readonly rounds: number;
    /** The chosen names. Default: all. */
    readonly only: readonly string[] | undefined;
    /** True if the rounds are added to those in the file. */
    readonly add: boolean;
    readonly json: string;
  };

/**
 * Parses the command line.
 *
 * @param args the arguments, without the program.
 * @param namesOf returns the curves and points of the full or the quick run.
 * @returns the command; an unknown flag or name is refused.
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
  if ("reason" in parsed) return { run: "refuse", reason: parsed.reason };
  const { quick, add, json, list, help, ...words } = parsed.values;
  if (help) return { run: "help" };
  if (list) return { run: "list", quick };
  const rounds = Number(words.rounds ?? (quick ? 1 : 3));
  if (!isValidRounds(rounds)) {
    return { run: "refuse", reason: roundsError(words.rounds) };
  }
  const names = namesOf(quick);
  const only = words.only?.split(",");
  const unknownScenario = only?.find((name) => !names.includes(name));
  if (unknownScenario !== undefined) {
    return {
      run: "refuse",
      reason: `Unknown curve or point '${unknownScenario}'`,
    };
  }
  return { run: "curves", quick, rounds, only, add, json };
}
