import type { Browser } from "playwright-core";
import { FreezableTab } from "../freezable_tab.ts";
import { pacer } from "../pacer.ts";
import type { Target } from "../proxy.ts";
import { Scenario, type ScenarioResult } from "../scenario.ts";
import type { Position } from "../stream.ts";
import {
  bareWitnessScript,
  type Witness,
  witnessScript,
} from "./tab_witness.ts";

/** Options of {@linkcode frozenTab}. */
export interface FrozenTabOptions {
  readonly frozenMs: number;
  /** The publish rate. */
  readonly perSecond: number;
  /** The longest time from the end of the freeze until every record has arrived, in ms. */
  readonly withinMs: number;
  /** The longest wait for the records, in ms. Default: 15,000. */
  readonly timeoutMs?: number;
  /** Uses a bare WebSocket instead of the client: the negative control. Default: `false`. */
  readonly bare?: boolean;
}

/** Freezes a tab, as Chromium does with background tabs, and unfreezes it, while a client publishes. */
export async function frozenTab(
  target: Target,
  browser: Browser,
  options: FrozenTabOptions,
): Promise<ScenarioResult> {
  const { frozenMs, perSecond, withinMs, timeoutMs = 15_000, bare = false } =
    options;
  const name = `frozen:${crypto.randomUUID()}`;
  await using scenario = new Scenario(target);
  const { publisher } = scenario.addPublisher("p", name);
  await scenario.subscribed();
  const url = `http://127.0.0.1:${target.port}/`;
  const tab = await FreezableTab.open(browser, url);
  const script = bare ? bareWitnessScript : witnessScript;
  await tab.evaluate(`(${script})(${JSON.stringify(name)})`);
  await tab.until("witness.at !== undefined");

  const pace = pacer(perSecond);
  const publish = async (ms: number) => {
    for (const end = performance.now() + ms; performance.now() < end;) {
      await pace();
      void publisher.publish();
    }
  };
  await publish(500);
  await tab.freeze();
  // Events that were queued before the freeze have run after this.
  await publish(500);
  const before = await read(tab);
  await publish(frozenMs - 500);
  const after = await read(tab);
  if (before.ticks !== after.ticks || before.messages !== after.messages) {
    scenario.addViolation(
      name,
      `Not frozen: ${after.ticks - before.ticks} ticks and ${
        after.messages - before.messages
      } messages`,
    );
  }
  await publisher.settled();
  await scenario.converge(name);
  await tab.unfreeze();
  await tab.evaluate(reachedScript(scenario.ledger.ends.get(name)!, timeoutMs));
  const { observations, resumedMs, atMs } = await read(tab);
  const stream = scenario.ledger.stream("the tab", name);
  for (const one of observations) {
    if (one[0] === "subscribed") stream.subscribed(one[1]);
    else if (one[0] === "gap") stream.gap(one[1], one[2], one[3]);
    else stream.record(one[1], one[2], one[3], one[4]);
  }
  const tookMs = Math.round(atMs - resumedMs);
  if (tookMs > withinMs) {
    scenario.addViolation(name, `It took ${tookMs} ms, not ${withinMs}`);
  }
  return scenario.result(1, `up to date ${tookMs} ms after the freeze`);
}

async function read(tab: FreezableTab): Promise<Witness> {
  return await tab.evaluate("({ ...witness })") as Witness;
}

/** Returns a script that waits in the page until the cursor has reached a position. */
function reachedScript(end: Position, timeoutMs: number): string {
  return `new Promise((resolve) => {
    const start = performance.now();
    const poll = () => {
      const { epoch, offset } = witness.at;
      const isReached = epoch === ${JSON.stringify(end.epoch)} &&
        offset >= ${end.offset};
      if (isReached || performance.now() - start > ${timeoutMs}) resolve();
      else setTimeout(poll, 10);
    };
    poll();
  })`;
}
