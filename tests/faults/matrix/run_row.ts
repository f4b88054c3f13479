import { delay } from "@std/async";
import { Harness, type Size, type Snapshot } from "./harness.ts";
import { resetPeak } from "./process_usage.ts";
import type { Row, RowOutcome } from "./row.ts";
import type { Transport } from "./target.ts";
import { Witnesses, type WitnessResult } from "./witnesses.ts";

/** Options of {@linkcode runRow}. */
export interface RunRowOptions {
  readonly transport: Transport;
  /** Default: `full`. */
  readonly size?: Exclude<Size, "warm">;
  /** Runs the negative control instead. Default: `false`. */
  readonly isControl?: boolean;
}

/** The time in which the latency without an attack is measured, in ms. */
const BASELINE_MS = 1_500;
/** The time in which the server has to free what an attack took, in ms: longer than sessions and topics live. */
const SETTLE_MS = 15_000;
const MIB = 1024 * 1024;

/** Runs a row: warms a server up, attacks it, and checks the server and the witness clients. */
export async function runRow(
  row: Row,
  options: RunRowOptions,
): Promise<RowOutcome> {
  const { transport, size = "full", isControl = false } = options;
  const { target = row.target ?? {}, run = row.run } = isControl
    ? row.control
    : {};
  const since = performance.now();
  const harness = await Harness.start(target, transport, size);
  const witnesses = await Witnesses.start(harness.port);
  let p99: RowOutcome["p99"];
  try {
    if (size === "full") {
      harness.size = "warm";
      await run(harness);
      await harness.endAttack();
      harness.size = size;
      await warmedUp(harness);
      await witnesses.sample();
      await delay(BASELINE_MS);
    }
    const before = await harness.snapshot("collect");
    resetPeak(harness.server.pid);
    const baseline = await witnesses.sample();
    await run(harness);
    const attack = await witnesses.sample();
    await harness.endAttack();
    if (size === "full") {
      p99 = { before: baseline.p99Ms, during: attack.p99Ms };
      if (row.p99 !== undefined) {
        const most = Math.max(row.p99.times * p99.before, row.p99.ms);
        const measured = `p99 at most ${most.toFixed(0)} ms`;
        harness.check("p99", p99.during <= most, measured);
      }
    }
    // A control has to fail: a long wait would show nothing.
    await checkFreed(harness, before, isControl ? 2_000 : SETTLE_MS);
    const { closedTwice } = await harness.snapshot();
    harness.check(
      "onClose once",
      closedTwice === 0,
      `${closedTwice} closed twice`,
    );
    harness.check("alive", true, "alive");
  } catch (error) {
    // An error of the warm-up is a finding too.
    harness.size = size;
    const { isRunning, stderr } = harness.server;
    harness.check(
      "alive",
      false,
      isRunning ? `${error}` : `ended: ${stderr.slice(0, 300)}`,
    );
  }
  // The process may be about to end: the answer shows that it is alive.
  if (await harness.server.request("report") !== "") {
    checkWitnesses(harness, await witnesses.finish());
  } else witnesses.terminate();
  await harness[Symbol.asyncDispose]();
  return {
    row: row.name,
    transport,
    findings: harness.findings,
    ...(p99 === undefined ? {} : { p99 }),
    seconds: (performance.now() - since) / 1000,
  };
}

/** Checks that the attack did not affect the witness clients. */
function checkWitnesses(harness: Harness, result: WitnessResult): void {
  const { violations, gaps, reconnects, refusals, delivered } = result;
  const holds = violations.length + gaps + reconnects + refusals === 0;
  harness.check(
    "witnesses unaffected",
    holds,
    holds
      ? `witnesses: ${delivered} deliveries`
      : `witnesses: ${violations.length} violations, ${gaps} gaps, ${reconnects} reconnects, ${refusals} refusals ${
        violations.slice(0, 2).join("; ")
      }`,
  );
}

/** Waits until the server has freed what the warm-up took: the baseline of the measurements. */
async function warmedUp(harness: Harness): Promise<void> {
  let last = (await harness.snapshot("collect")).descriptors;
  const end = performance.now() + SETTLE_MS;
  for (let same = 0; same < 4 && performance.now() < end;) {
    await delay(200);
    const { descriptors, topics } = await harness.snapshot("collect");
    same = descriptors === last && topics <= 1 ? same + 1 : 0;
    last = descriptors;
  }
}

/** Checks that the server frees the descriptors and the memory of the attack. */
async function checkFreed(
  harness: Harness,
  before: Snapshot,
  withinMs: number,
): Promise<void> {
  const isFull = harness.size === "full";
  const most = before.heap * 1.1;
  const isFreed = ({ heap, descriptors, closing }: Snapshot) =>
    descriptors <= before.descriptors + closing && (!isFull || heap <= most);
  const end = performance.now() + withinMs;
  let after: Snapshot;
  do {
    after = await harness.until(isFreed, 300, "collect");
  } while (!isFreed(after) && performance.now() < end);
  harness.check(
    "descriptors",
    after.descriptors <= before.descriptors + after.closing,
    `descriptors ${before.descriptors} → ${after.descriptors}${
      after.closing > 0 ? ` (${after.closing} closing)` : ""
    }`,
  );
  if (!isFull) return;
  harness.check(
    "heap",
    after.heap <= most,
    `heap ${mib(before.heap)} → ${mib(after.heap)} MiB`,
  );
}

function mib(bytes: number): string {
  return (bytes / MIB).toFixed(1);
}
