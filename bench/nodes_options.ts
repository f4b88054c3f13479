import { isValidRounds, parse, roundsError } from "./options.ts";

const HELP = `Usage: deno task bench:nodes [options]

  --rounds NUMBER   alternating rounds of each scenario and server        [5, quick: 1]
  --quick           shorter: a first impression
  --json FILE       the file of the numbers        [bench/results/nodes.json]
  --help            this text

It takes about three minutes, the quick one about 20 seconds. bench/README.md explains the numbers.`;

/** A parsed command line. */
export type NodesCommand =
  | { readonly run: "help"; readonly text: string }
  | { readonly run: "refuse"; readonly reason: string }
  | {
    readonly run: "nodes";
    readonly quick: boolean;
    readonly rounds: number;
    readonly json: string;
  };

/**
 * Parses the command line of `deno task bench:nodes`.
 *
 * @param args the arguments, without the program.
 */
export function readNodesCommand(args: readonly string[]): NodesCommand {
  const parsed = parse(args, {
    rounds: { type: "string" },
    quick: { type: "boolean", default: false },
    json: { type: "string", default: "bench/results/nodes.json" },
    help: { type: "boolean", short: "h" },
  });
  if ("reason" in parsed) return { run: "refuse", reason: parsed.reason };
  const { quick, json, help, rounds: word } = parsed.values;
  if (help) return { run: "help", text: HELP };
  const rounds = Number(word ?? (quick ? 1 : 5));
  if (!isValidRounds(rounds)) {
    return { run: "refuse", reason: roundsError(word) };
  }
  return { run: "nodes", quick, rounds, json };
}
