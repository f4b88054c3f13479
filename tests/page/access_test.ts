import { assertEquals } from "@std/assert";
import axe from "axe-core";
import type { Page } from "playwright-core";
import { browserTest } from "./browser.ts";
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

browserTest(
  "can be used with the keyboard alone, with a visible focus",
  async (browser) => {
    await using server = start();
    const { page } = await online(browser, urlOf(server), { viewport: WIDE });
    const focused = () =>
      page.evaluate(
        "document.activeElement.id || document.activeElement.className",
      );
    const outlined = () =>
      page.evaluate("getComputedStyle(document.activeElement).outlineStyle");
    const { keyboard } = page;

    await keyboard.press("Tab");
    assertEquals(await focused(), "skip");
    await keyboard.press("Enter");
    assertEquals(await focused(), "text");
    await keyboard.type("typed");
    await keyboard.press("Shift+Enter");
    await keyboard.type("in two rows");
    await keyboard.press("Enter");
    await acknowledged(page, "typed\nin two rows");

    await keyboard.press("Shift+Tab");
    assertEquals(await focused(), "name");
    assertEquals(await outlined(), "solid");
    await keyboard.type("Keys");
    await keyboard.press("Enter");
    assertEquals(await focused(), "text");

    const order = [];
    do {
      await keyboard.press("Shift+Tab");
      order.push(await focused());
      assertEquals(await outlined(), "solid");
    } while (order.at(-1) !== "drawer-toggle" && order.length < 10);
    assertEquals(order, ["name", "scroller", "", "drawer-toggle"]);
    await keyboard.press("Enter");
    assertEquals(await focused(), "drawer-close");
    await keyboard.press("Escape");
    await page.locator("#drawer").waitFor({ state: "hidden" });
    assertEquals(await focused(), "drawer-toggle");

    await keyboard.press("Shift+Tab");
    assertEquals(await focused(), "disconnect");
    await keyboard.press("Enter");
    await state(page, "waiting");
    await keyboard.press("Shift+Tab");
    assertEquals(await focused(), "reconnect");
    await keyboard.press("Enter");
    await state(page, "open");
    assertEquals(await focused(), "disconnect");
  },
);

function axeFindings(page: Page): Promise<string[]> {
  return page.evaluate(`axe.run().then(({ violations }) =>
    violations.map(({ id, nodes }) =>
      id + ": " + nodes.map(({ html }) => html.slice(0, 120)).join(" | ")))`);
}
