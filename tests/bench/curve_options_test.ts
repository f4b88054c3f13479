import { assertEquals } from "@std/assert";
import { readCurveCommand } from "../../bench/curve_options.ts";

const names = (quick: boolean) =>
  quick ? ["topics", "topics-1"] : ["topics", "topics-1", "topics-10000"];

function read(...args: string[]) {
  return readCurveCommand(args, names);
}

function refusal(...args: string[]): string | undefined {
  const command = read(...args);
  return command.run === "refuse" ? command.reason : undefined;
}

Deno.test("without options every curve is measured three times, into its own file", () => {
  assertEquals(read(), {
    run: "curves",
    quick: false,
    rounds: 3,
    only: undefined,
    add: false,
    json: "bench/results/curves.json",
  });
});

Deno.test("the quick run measures each point once by default", () => {
  const rounds = (...args: string[]) => {
    const command = read(...args);
    return command.run === "curves" ? command.rounds : undefined;
  };
  assertEquals(rounds("--quick"), 1);
  assertEquals(rounds("--quick", "--rounds", "2"), 2);
});

Deno.test("curves and single points are chosen by name, and added to earlier results", () => {
  const command = read(
    "--only",
    "topics,topics-1",
    "--add",
    "--json",
    "a.json",
  );
  assertEquals(command, {
    run: "curves",
    quick: false,
    rounds: 3,
    only: ["topics", "topics-1"],
    add: true,
    json: "a.json",
  });
});

Deno.test("unknown names, flags and rounds are refused in one line", () => {
  assertEquals(
    refusal("--only", "topics,peers"),
    "Unknown curve or point 'peers'",
  );
  assertEquals(
    refusal("--quick", "--only", "topics-10000"),
    "Unknown curve or point 'topics-10000'",
  );
  assertEquals(refusal("--peers=loop"), "Unknown option '--peers'");
  assertEquals(
    refusal("--rounds", "0"),
    "The option '--rounds' must be an integer from 1 to 100, not '0'",
  );
});

Deno.test("--help and --list measure nothing", () => {
  assertEquals(read("--help"), { run: "help" });
  assertEquals(read("--list", "--quick"), { run: "list", quick: true });
});
