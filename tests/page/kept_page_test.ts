import { assertEquals } from "@std/assert";
import { online, state } from "./driven_lobby.ts";
import { everyBrowserTest } from "./every_browser.ts";
import { start, urlOf } from "./lobby_page.ts";

everyBrowserTest(
  "a page that the browser keeps for Back closes its connection at once, and resumes when it is shown",
  async (browser) => {
    const codes: number[] = [];
    await using server = start({
      onClose: (_peer, { code }) => void codes.push(code),
    });
    const page = await online(browser, urlOf(server));
    await page.evaluate(`addEventListener("pageshow", ({ persisted }) => {
      globalThis.wasKept = persisted;
    })`);
    await page.goto(`${urlOf(server)}healthz`);
    await page.back();
    await state(page, "open");
    const wasKept = await page.evaluate("globalThis.wasKept ?? false");
    if (page.browser === "WebKit") assertEquals(wasKept, true);
    if (wasKept) assertEquals(codes, [4004]);
  },
);
