import { parseArgs, type ParseArgsConfig } from "node:util";

/** The text of `--help`. */
export const HELP = `Usage: deno task bench [options]

  --rounds NUMBER   alternating rounds of each scenario and server        [5, quick: 1]
  --quick           smaller and shorter: a first impression
  --only NAME,...   only these scenarios, or kinds of them                [all]
  --peers NAME,...  only these servers                                    [all]
  --json FILE       the file of the numbers        [bench/results/bench.json]
  --svg FILE        the file of the chart          [bench/results/bench.svg]
  --list            the names of scenarios and servers
  --help            this text

It takes about 45 minutes, the quick one about three. bench/README.md explains the numbers.`;

const MAX_ROUNDS = 100;

/** The names of scenarios and servers. */
export interface Names {
  /** Scenarios and their kinds. */
  readonly scenarios: readonly string[];
  readonly peers: readonly string[];
}

/** A parsed command line. */
export type Command =
  | { readonly run: "help" }
  | { readonly run: "list"; readonly quick: boolean }
  | { readonly run: "refuse"; readonly reason: string }
  | {
    readonly run: "bench";
    readonly quick: boolean;
    readonly rounds: number;
    /** The chosen names. Default: all. */
    readonly only: readonly string[] | undefined;
    /** The chosen names. Default: all. */
    readonly peers: readonly string[] | undefined;
    readonly json: string;
    readonly svg: string;
  };

/**
 * Parses the command line.
 *
 * @param args the arguments, without the program.
 * @param namesOf returns the names of the full or the quick run.
 * @returns the command; an unknown flag or name is refused.
 */
export function readCommand(
  args: readonly string[],
  namesOf: (quick: boolean) => Names,
): Command {
  const parsed = parse(args, {
    rounds: { type: "string" },
    quick: { type: "boolean", default: false },
    only: { type: "string" },
    peers: { type: "string" },
    json: { type: "string", default: "bench/results/bench.json" },
    svg: { type: "string", default: "bench/results/bench.svg" },
    list: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  });
  if ("reason" in parsed) return { run: "refuse", reason: parsed.reason };
  const { values } = parsed;
  const { quick, json, svg } = values;
  if (values.help) return { run: "help" };
  if (values.list) return { run: "list", quick };
  const rounds = Number(values.rounds ?? (quick ? 1 : 5));
  if (!isValidRounds(rounds)) {
    return { run: "refuse", reason: roundsError(values.rounds) };
  }
  const names = namesOf(quick);
  const only = values.only?.split(",");
  const peers = values.peers?.split(",");
  const unknownScenario = only?.find((name) => !names.scenarios.includes(name));
  if (unknownScenario !== undefined) {
    return { run: "refuse", reason: `Unknown scenario '${unknownScenario}'` };
  }
  const unknownPeer = peers?.find((name) => !names.peers.includes(name));
  if (unknownPeer !== undefined) {
    return { run: "refuse", reason: `Unknown server '${unknownPeer}'` };
  }
  return { run: "bench", quick, rounds, only, peers, json, svg };
}

/**
 * Parses a command line.
 *
 * @param args the arguments, without the program.
 * @param options the known options, in the form of `node:util`.
 * @returns the values, or the error as a sentence.
 */
export function parse<O extends NonNullable<ParseArgsConfig["options"]>>(
  args: readonly string[],
  options: O,
):
  | { readonly values: ParsedValues<O> }
  | { readonly reason: string } {
  try {
    return { values: parseArgs({ args: [...args], options }).values };
  } catch (error) {
    // The first sentence is the error; the rest explains positional arguments.
    return {
      reason: error instanceof Error ? error.message.split(". ")[0]! : "",
    };
  }
}

type ParsedValues<O extends NonNullable<ParseArgsConfig["options"]>> =
  ReturnType<typeof parseArgs<{ args: string[]; options: O }>>["values"];

/** Returns `true` for a valid number of rounds. */
export function isValidRounds(rounds: number): boolean {
  return Number.isInteger(rounds) && rounds >= 1 && rounds <= MAX_ROUNDS;
}

/** Returns the error for an invalid number of rounds. */
export function roundsError(word: string | undefined): string {
  return `The option '--rounds' must be an integer from 1 to ${MAX_ROUNDS}, not '${word}'`;
}
