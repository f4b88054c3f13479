import { assert, assertEquals } from "@std/assert";
import { browserTest } from "../page/browser.ts";
import { tally } from "./checker.ts";
import { frozenTab } from "./scenarios/frozen_tab.ts";
import { smallServer } from "./small_server.ts";

// The server gives the tab up while it is frozen, as it does after 25 s with its usual timeout.
const SHORT = {
  frozenMs: 1_500,
  perSecond: 50,
  // A machine with two busy cores is slow, not wrong; `deno task chaos --scenario frozen-tab` keeps to 2 s.
  withinMs: 15_000,
};
const SERVER = { sessionMs: 30_000, maxRecords: 1_000, timeoutMs: 600 };

browserTest(
  "a tab that was frozen is complete after it has thawed",
  async (browser) => {
    await using server = smallServer(SERVER);
    const outcome = await frozenTab(server.addr, browser, SHORT);
    assertEquals(outcome.violations, []);
  },
);

browserTest(
  "a bare WebSocket in a tab that was frozen misses the end, and the checker says so",
  async (browser) => {
    await using server = smallServer(SERVER);
    const { violations } = await frozenTab(server.addr, browser, {
      ...SHORT,
      bare: true,
      patienceMs: 500,
    });
    assert(tally(violations).lost! > 0);
  },
);
