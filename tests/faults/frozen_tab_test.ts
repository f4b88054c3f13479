import { assert, assertEquals } from "@std/assert";
import { browserTest } from "../page/browser.ts";
import { countByKind } from "./checker.ts";
import { frozenTab } from "./scenarios/frozen_tab.ts";
import { smallServer } from "./small_server.ts";

// The server closes the frozen tab's connection after 600 ms, as it does after 25 s by default.
const SHORT = {
  frozenMs: 1_500,
  perSecond: 50,
  // Generous for a busy machine with two cores. `deno task chaos --scenario frozen-tab` requires 2 s.
  withinMs: 15_000,
};
const SERVER = { sessionMs: 30_000, maxRecords: 1_000, timeoutMs: 600 };

browserTest(
  "a tab receives every record after a freeze",
  async (browser) => {
    await using server = smallServer(SERVER);
    const result = await frozenTab(server.addr, browser, SHORT);
    assertEquals(result.violations, []);
  },
);

browserTest(
  "control: a bare WebSocket in a frozen tab misses the last records",
  async (browser) => {
    await using server = smallServer(SERVER);
    const { violations } = await frozenTab(server.addr, browser, {
      ...SHORT,
      bare: true,
      timeoutMs: 500,
    });
    assert(countByKind(violations).lost! > 0);
  },
);
