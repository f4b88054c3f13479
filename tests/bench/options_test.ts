import { assertEquals } from "@std/assert";
import { readCommand } from "../../bench/options.ts";

const names = (quick: boolean) => ({
  scenarios: quick
    ? ["fan-out", "fan-out-8x500"]
    : ["fan-out", "fan-out-8x500", "fan-out-8x5000"],
  peers: ["drumbeat", "loop"],
});

function read(...args: string[]) {
  return readCommand(args, names);
}

function refusal(...args: string[]): string | undefined {
  const command = read(...args);
  return command.run === "refuse" ? command.reason : undefined;
}

Deno.test("without options everything runs five times", () => {
  assertEquals(read(), {
    run: "bench",
    quick: false,
    rounds: 5,
    only: undefined,
    peers: undefined,
    json: "bench/results/bench.json",
    svg: "bench/results/bench.svg",
  });
});

Deno.test("the quick run has one round by default", () => {
  const rounds = (...args: string[]) => {
    const command = read(...args);
    return command.run === "bench" ? command.rounds : undefined;
  };
  assertEquals(rounds("--quick"), 1);
  assertEquals(rounds("--quick", "--rounds", "3"), 3);
});

Deno.test("scenarios and servers are chosen by name", () => {
  const command = read(
    "--only",
    "fan-out-8x500,fan-out",
    "--peers",
    "loop",
    "--json",
    "a.json",
    "--svg",
    "b.svg",
  );
  assertEquals(command, {
    run: "bench",
    quick: false,
    rounds: 5,
    only: ["fan-out-8x500", "fan-out"],
    peers: ["loop"],
    json: "a.json",
    svg: "b.svg",
  });
});

Deno.test("unknown names are refused, and in the quick run those of the full one as well", () => {
  assertEquals(refusal("--only", "fan-in"), "Unknown scenario 'fan-in'");
  assertEquals(refusal("--peers", "loop,nginx"), "Unknown server 'nginx'");
  assertEquals(refusal("--only", "fan-out-8x5000"), undefined);
  assertEquals(
    refusal("--quick", "--only", "fan-out-8x5000"),
    "Unknown scenario 'fan-out-8x5000'",
  );
});

Deno.test("unknown flags and invalid rounds are refused in one line", () => {
  assertEquals(refusal("--fast"), "Unknown option '--fast'");
  for (const rounds of ["0", "1.5", "-1", "many", "101", ""]) {
    const reason = refusal(`--rounds=${rounds}`);
    assertEquals(
      reason,
      `The option '--rounds' must be an integer from 1 to 100, not '${rounds}'`,
    );
  }
});

Deno.test("--help and --list run nothing", () => {
  assertEquals(read("--help"), { run: "help" });
  assertEquals(read("--list", "--quick"), { run: "list", quick: true });
});
