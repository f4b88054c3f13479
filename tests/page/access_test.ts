import { assertEquals } from "@std/assert";
import axe from "axe-core";
import type { Page } from "playwright-core";
import { browserTest } from "./browser.ts";
import * as driven from "./driven_lobby.ts";
import { everyBrowserTest } from "./every_browser.ts";
import {
  acknowledged,
  lines,
  online,
  PHONE,
  send,
  sidewaysScroll,
  start,
  state,
  urlOf,
  WIDE,
} from "./lobby_page.ts";

for (const viewport of [PHONE, WIDE]) {
  browserTest(
    `has no axe findings in both themes at ${viewport.width} pixels`,
    async (browser) => {
      await using server = start();
      const { page } = await online(browser, urlOf(server), {
        viewport,
      });
      const check = async (): Promise<void> => {
        for (const colorScheme of ["light", "dark"] as const) {
          await page.emulateMedia({ colorScheme });
          assertEquals(await axeFindings(page), [], colorScheme);
        }
      };
      await page.evaluate(axe.source);
      await server.hub.broadcast({ type: "chat", text: "from elsewhere" });
      await server.hub.broadcast({ type: "note", about: "something else" });
      await send(page, "from here");
      await acknowledged(page, "from here");
      await check();
      await page.click("#drawer-toggle");
      await page.click("#raw-sender button[type=submit]");
      await lines(page, "boom").waitFor();
      await check();
      await page.click("#drawer-close");
      await page.click("#disconnect");
      await state(page, "waiting");
      await check();
    },
  );
}

browserTest(
  "fits a phone of 360 pixels without sideways scrolling, with controls of at least 44 pixels",
  async (browser) => {
    await using server = start();
    const { page } = await online(browser, urlOf(server), { viewport: PHONE });
    const smallControls = () =>
      page.evaluate(
        `[...document.querySelectorAll("button, input, select, textarea, fieldset label")]
      .filter((control) => control.checkVisibility() && control.type !== "radio")
      .filter((control) => control.getBoundingClientRect().height < 43.9)
      .map((control) => control.outerHTML)`,
      );
    await send(page, "x".repeat(300));
    await acknowledged(page, "xxx");
    assertEquals(await sidewaysScroll(page), []);
    assertEquals(await smallControls(), []);
    await page.click("#disconnect");
    await state(page, "waiting");
    assertEquals(await sidewaysScroll(page), []);
    assertEquals(await smallControls(), []);
    await page.click("#drawer-toggle");
    await page.locator("#frames li").first().waitFor();
    assertEquals(await sidewaysScroll(page), []);
    assertEquals(await smallControls(), []);
  },
);

everyBrowserTest(
  "has no axe findings in a default window",
  async (browser) => {
    await using server = start();
    const page = await driven.online(browser, urlOf(server));
    await page.evaluate(`(() => { ${axe.source}\n })()`);
    await server.hub.broadcast({ type: "chat", text: "from elsewhere" });
    await driven.send(page, "from here");
    await driven.acknowledged(page, "from here");
    assertEquals(await page.evaluate(driven.AXE_FINDINGS), []);
    await page.click("#drawer-toggle");
    assertEquals(await page.evaluate(driven.AXE_FINDINGS), []);
    await page.click("#disconnect");
    await driven.state(page, "waiting");
    assertEquals(await page.evaluate(driven.AXE_FINDINGS), []);
  },
);

everyBrowserTest(
  "can be used with the keyboard alone, with a visible focus",
  async (browser) => {
    await using server = start();
    const page = await driven.online(browser, urlOf(server), WIDE);
    const focused = () => driven.focused(page);
    const outlined = () =>
      driven.until(
        page,
        "getComputedStyle(document.activeElement).outlineStyle === 'solid'",
      );

    await page.press("Tab");
    assertEquals(await focused(), "skip");
    await page.press("Enter");
    assertEquals(await focused(), "text");
    await page.type("typed");
    await page.press("Shift+Enter");
    await page.type("in two rows");
    await page.press("Enter");
    await driven.acknowledged(page, "typed\nin two rows");

    await page.press("Shift+Tab");
    assertEquals(await focused(), "name");
    await outlined();
    await page.type("Keys");
    await page.press("Enter");
    assertEquals(await focused(), "text");

    const order = [];
    do {
      await page.press("Shift+Tab");
      order.push(await focused());
      await outlined();
    } while (order.at(-1) !== "drawer-toggle" && order.length < 10);
    assertEquals(order, ["name", "scroller", "", "drawer-toggle"]);
    await page.press("Enter");
    assertEquals(await focused(), "drawer-close");
    await page.press("Escape");
    await driven.hidden(page, "#drawer");
    assertEquals(await focused(), "drawer-toggle");

    await page.press("Shift+Tab");
    assertEquals(await focused(), "disconnect");
    await page.press("Enter");
    await driven.state(page, "waiting");
    await page.press("Shift+Tab");
    assertEquals(await focused(), "reconnect");
    await page.press("Enter");
    await driven.state(page, "open");
    assertEquals(await focused(), "disconnect");
  },
);

function axeFindings(page: Page): Promise<string[]> {
  return page.evaluate(driven.AXE_FINDINGS);
}
