import { assertEquals } from "@std/assert";
import {
  acknowledged,
  fill,
  focused,
  line,
  online,
  state,
  until,
  valueOf,
} from "./driven_lobby.ts";
import { everyBrowserTest } from "./every_browser.ts";
import { start, urlOf } from "./lobby_page.ts";

everyBrowserTest(
  "keeps the name, and the draft where the browser keeps the page, when the user comes back",
  async (browser) => {
    await using server = start();
    const page = await online(browser, urlOf(server));
    const name = await valueOf(page, "#name");
    await page.evaluate(`addEventListener("pageshow", ({ persisted }) => {
      globalThis.wasKept = persisted;
    })`);
    await fill(page, "#text", "half a message");
    await page.goto(`${urlOf(server)}healthz`);
    await page.back();
    await state(page, "open");
    await until(
      page,
      `document.querySelector("#name").value === ${JSON.stringify(name)}`,
    );
    if (await page.evaluate("globalThis.wasKept")) {
      assertEquals(await valueOf(page, "#text"), "half a message");
    }
    // WebKit keeps the page in any case: without this the test could check nothing.
    if (page.browser === "WebKit") {
      assertEquals(await page.evaluate("globalThis.wasKept"), true);
      await line(page, "Paused: the browser kept this page");
    }
  },
);

everyBrowserTest(
  "the skip link leads to the message box, which receives the keys",
  async (browser) => {
    await using server = start();
    const page = await online(browser, urlOf(server));
    await page.press("Tab");
    assertEquals(await focused(page), "skip");
    await page.press("Enter");
    await page.type("typed after the link");
    await page.press("Enter");
    await acknowledged(page, "typed after the link");
  },
);

everyBrowserTest(
  "keeps Enter that an input method uses, marked with the key code 229",
  async (browser) => {
    await using server = start();
    const page = await online(browser, urlOf(server));
    await fill(page, "#text", "にほん");
    await page.evaluate(`document.querySelector("#text").dispatchEvent(
      new KeyboardEvent("keydown", {
        key: "Enter", keyCode: 229, bubbles: true, cancelable: true,
      }))`);
    assertEquals(await valueOf(page, "#text"), "にほん");
    await page.press("Enter");
    await acknowledged(page, "にほん");
  },
);
