import { parseArgs, type ParseArgsConfig } from "node:util";

/** What `--help` prints. */
export const HELP = `Usage: deno task bench [options]

  --rounds NUMBER   each scenario runs so often on each server, by turns  [5, quick: 1]
  --quick           smaller and shorter: a look, not a result
  --only NAME,...   only these scenarios, or kinds of them                [all]
  --peers NAME,...  only these servers                                    [all]
  --json FILE       where the numbers go           [bench/results/bench.json]
  --svg FILE        where the chart goes           [bench/results/bench.svg]
  --list            the names of scenarios and servers
  --help            this text

It takes about 45 minutes, the quick one about three. bench/README.md says what the numbers mean.`;

const MAX_ROUNDS = 100;

/** Names to choose from. */
export interface Names {
  /** Scenarios and their kinds. */
  readonly scenarios: readonly string[];
  readonly peers: readonly string[];
}

/** What the command line asks for. */
export type Command =
  | { readonly run: "help" }
  | { readonly run: "list"; readonly quick: boolean }
  | { readonly run: "refuse"; readonly why: string }
  | {
    readonly run: "bench";
    readonly quick: boolean;
    readonly rounds: number;
    /** Absent: all. */
    readonly only: readonly string[] | undefined;
    /** Absent: all. */
    readonly peers: readonly string[] | undefined;
    readonly json: string;
    readonly svg: string;
  };

/**
 * Reads the command line.
 *
 * @param args the arguments, without the program.
 * @param namesOf the names there are, in the full or the quick run.
 * @returns what to do; a flag or a name that does not exist is refused.
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
  if ("why" in parsed) return { run: "refuse", why: parsed.why };
  const { values } = parsed;
  const { quick, json, svg } = values;
  if (values.help) return { run: "help" };
  if (values.list) return { run: "list", quick };
  const rounds = Number(values.rounds ?? (quick ? 1 : 5));
  if (!areRounds(rounds)) {
    return { run: "refuse", why: notRounds(values.rounds) };
  }
  const names = namesOf(quick);
  const only = values.only?.split(",");
  const peers = values.peers?.split(",");
  const stranger = only?.find((name) => !names.scenarios.includes(name));
  if (stranger !== undefined) {
    return { run: "refuse", why: `There is no scenario '${stranger}'` };
  }
  const unknown = peers?.find((name) => !names.peers.includes(name));
  if (unknown !== undefined) {
    return { run: "refuse", why: `There is no server '${unknown}'` };
  }
  return { run: "bench", quick, rounds, only, peers, json, svg };
}

/**
 * Parses a command line.
 *
 * @param args the arguments, without the program.
 * @param options what there is, as `node:util` takes it.
 * @returns the values, or in a sentence why there are none.
 */
export function parse<O extends NonNullable<ParseArgsConfig["options"]>>(
  args: readonly string[],
  options: O,
):
  | { readonly values: ParsedValues<O> }
  | { readonly why: string } {
  try {
    return { values: parseArgs({ args: [...args], options }).values };
  } catch (error) {
    // The first sentence says it; the rest explains how to pass such a thing as a positional argument.
    return {
      why: error instanceof Error ? error.message.split(". ")[0]! : "",
    };
  }
}

type ParsedValues<O extends NonNullable<ParseArgsConfig["options"]>> =
  ReturnType<typeof parseArgs<{ args: string[]; options: O }>>["values"];

/** Whether so many rounds can be run. */
export function areRounds(rounds: number): boolean {
  return Number.isInteger(rounds) && rounds >= 1 && rounds <= MAX_ROUNDS;
}

/** What is wrong with other rounds. */
export function notRounds(word: string | undefined): string {
  return `--rounds is from 1 to ${MAX_ROUNDS}, not '${word}'`;
}
