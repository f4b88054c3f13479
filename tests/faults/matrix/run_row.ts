import { Arena, pause, type Sight, type Size } from "./harness.ts";
import { Bystanders, type Verdict } from "./witnesses.ts";
import { forgetPeak } from "./process_usage.ts";
import type { Row, RowOutcome } from "./row.ts";
import type { Transport } from "./target.ts";

/** How a row is played. */
export interface PlayOptions {
  readonly transport: Transport;
  /** Default: `full`. */
  readonly size?: Exclude<Size, "warm">;
  /** Whether the negative control is played. Default: `false`. */
  readonly isControl?: boolean;
}

/** For how long the bystanders are heard before the attack, in ms. */
const QUIET_MS = 1_500;
/** How long what an attack has taken may take to be given back, in ms: a session's and a topic's time and some more. */
const SETTLE_MS = 15_000;
const MIB = 1024 * 1024;

/** Plays a row: warms a server up, attacks it, and looks at what is left of it. */
export async function play(
  row: Row,
  options: PlayOptions,
): Promise<RowOutcome> {
  const { transport, size = "full", isControl = false } = options;
  const { target = row.target ?? {}, run = row.run } = isControl
    ? row.control
    : {};
  const since = performance.now();
  const arena = await Arena.open(target, transport, size);
  const bystanders = await Bystanders.at(arena.port);
  let p99: RowOutcome["p99"];
  try {
    if (size === "full") {
      arena.size = "warm";
      await run(arena);
      await arena.retreat();
      arena.size = size;
      await settled(arena);
      await bystanders.lap();
      await pause(QUIET_MS);
    }
    const before = await arena.look("measure");
    forgetPeak(arena.server.pid);
    const quiet = await bystanders.lap();
    await run(arena);
    const attacked = await bystanders.lap();
    await arena.retreat();
    if (size === "full") {
      p99 = { attacked: attacked.p99Ms, quiet: quiet.p99Ms };
    }
    // A control is to fail: it need not be waited for.
    await leftovers(arena, before, isControl ? 2_000 : SETTLE_MS);
    const left = (await arena.look()).leftTwice;
    arena.check("leave once", left === 0, `${left} left twice`);
    arena.check("lives", true, "lives");
  } catch (error) {
    // Also what went wrong while it was warming up is a failure.
    arena.size = size;
    const { lives } = arena.server;
    arena.check(
      "lives",
      false,
      lives ? `${error}` : `ended: ${arena.server.complaints.slice(0, 300)}`,
    );
  }
  // It may be about to end.
  if (await arena.server.ask("look") !== "") {
    judge(arena, await bystanders.end());
  } else bystanders.abandon();
  await arena[Symbol.asyncDispose]();
  return {
    row: row.name,
    transport,
    findings: arena.findings,
    ...(p99 === undefined ? {} : { p99 }),
    seconds: (performance.now() - since) / 1000,
  };
}

/** What the attack cost those who had no part in it. */
function judge(arena: Arena, verdict: Verdict): void {
  const { violations, gaps, reconnects, refusals, delivered } = verdict;
  const isWell = violations.length + gaps + reconnects + refusals === 0;
  arena.check(
    "others miss nothing",
    isWell,
    isWell
      ? `others: ${delivered} deliveries`
      : `others: ${violations.length} violations, ${gaps} gaps, ${reconnects} reconnects, ${refusals} refusals ${
        violations.slice(0, 2).join("; ")
      }`,
  );
}

/** The warm baseline: whatever the first attack left behind is gone. */
async function settled(arena: Arena): Promise<void> {
  let last = (await arena.look("measure")).descriptors;
  const end = performance.now() + SETTLE_MS;
  for (let same = 0; same < 4 && performance.now() < end;) {
    await pause(200);
    const { descriptors, topics } = await arena.look("measure");
    same = descriptors === last && topics <= 1 ? same + 1 : 0;
    last = descriptors;
  }
}

/** What the attack has taken and not given back. */
async function leftovers(
  arena: Arena,
  before: Sight,
  patienceMs: number,
): Promise<void> {
  const isFull = arena.size === "full";
  const most = before.heap * 1.1;
  const isBack = ({ heap, descriptors, closing }: Sight) =>
    descriptors <= before.descriptors + closing && (!isFull || heap <= most);
  const end = performance.now() + patienceMs;
  let after: Sight;
  do {
    // A server that lives on: somebody comes and goes, and sessions are forgotten at that.
    await arena.visit();
    after = await arena.until(isBack, 300, "measure");
  } while (!isBack(after) && performance.now() < end);
  arena.check(
    "descriptors",
    after.descriptors <= before.descriptors + after.closing,
    `descriptors ${before.descriptors} → ${after.descriptors}${
      after.closing > 0 ? ` (${after.closing} closing)` : ""
    }`,
  );
  if (!isFull) return;
  arena.check(
    "heap",
    after.heap <= most,
    `heap ${mib(before.heap)} → ${mib(after.heap)} MiB`,
  );
}

function mib(bytes: number): string {
  return (bytes / MIB).toFixed(1);
}
