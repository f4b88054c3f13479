import { parseArgs } from "node:util";

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
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        rounds: { type: "string" },
        quick: { type: "boolean", default: false },
        only: { type: "string" },
        peers: { type: "string" },
        json: { type: "string", default: "bench/results/bench.json" },
        svg: { type: "string", default: "bench/results/bench.svg" },
        list: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    }));
  } catch (error) {
    // The first sentence says it; the rest explains how to pass such a thing as a positional argument.
    const why = error instanceof Error ? error.message.split(". ")[0]! : "";
    return { run: "refuse", why };
  }
  const { quick, json, svg } = values;
  if (values.help) return { run: "help" };
  if (values.list) return { run: "list", quick };
  const rounds = Number(values.rounds ?? (quick ? 1 : 5));
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > MAX_ROUNDS) {
    return {
      run: "refuse",
      why: `--rounds is from 1 to ${MAX_ROUNDS}, not '${values.rounds}'`,
    };
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
