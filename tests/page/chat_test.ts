import { assert, assertEquals, assertGreater } from "@std/assert";
import { browserTest } from "./browser.ts";
import {
  acknowledged,
  fill,
  hidden,
  line,
  lineCount,
  online,
  send,
  shows,
  until,
  valueOf,
  visible,
} from "./driven_lobby.ts";
import { everyBrowserTest } from "./every_browser.ts";
import * as playwright from "./lobby_page.ts";
import { PHONE, start, urlOf } from "./lobby_page.ts";

everyBrowserTest(
  "two windows exchange messages, and each marks its own",
  async (browser) => {
    await using server = start();
    const a = await online(browser, urlOf(server));
    const b = await online(browser, urlOf(server));
    const name = await valueOf(a, "#name");
    assert(name !== "" && name !== await valueOf(b, "#name"));

    await send(a, "Can you read this?");
    await acknowledged(a, "Can you read this?");
    await line(b, "Can you read this?");
    assertEquals(await b.text("#feed .name"), name);
    assertEquals(
      await b.evaluate("document.querySelectorAll('li.own').length"),
      0,
    );

    await send(b, "Yes, I can.");
    await line(a, "Yes, I can.");
    await acknowledged(b, "Yes, I can.");
    assertEquals(await lineCount(a, ""), 2);
    assertEquals([...a.problems, ...b.problems], []);
  },
);

everyBrowserTest(
  "a later window shows the earlier messages",
  async (browser) => {
    await using server = start();
    for (let n = 1; n <= 60; n++) {
      await server.hub.broadcast({ type: "chat", text: `number ${n}.` });
    }
    const page = await online(browser, urlOf(server));
    await line(page, "number 60.");
    await line(page, "number 11.");
    assertEquals(await lineCount(page, ""), 50);
  },
);

everyBrowserTest("an empty lobby shows a hint", async (browser) => {
  await using server = start();
  const page = await online(browser, urlOf(server));
  await visible(page, "#empty-feed");
  await send(page, "hello");
  await hidden(page, "#empty-feed");
});

everyBrowserTest(
  "keeps a chosen name for the next visit, and rejects an empty one",
  async (browser) => {
    await using server = start();
    const page = await online(browser, urlOf(server));
    await fill(page, "#name", "  Ada\u202e   Lovelace ");
    await page.press("Enter");
    const shown = `document.querySelector("#name").value === "Ada Lovelace"`;
    await until(page, shown);
    await fill(page, "#name", "\u200b");
    await page.press("Enter");
    await until(page, shown);
    // A later visit has another session storage.
    await page.evaluate("sessionStorage.clear()");
    await page.goto(urlOf(server));
    await until(page, shown);
  },
);

browserTest("works where storage is forbidden", async (browser) => {
  await using server = start();
  const { page, problems } = await playwright.online(browser, urlOf(server), {
    initScript: `for (const name of ["localStorage", "sessionStorage"]) {
      Object.defineProperty(window, name, {
        get() {
          throw new DOMException("no", "SecurityError");
        },
      });
    }`,
  });
  await playwright.send(page, "nothing to hide");
  await playwright.acknowledged(page, "nothing to hide");
  assertEquals(problems, []);
});

everyBrowserTest(
  "keeps the position of a user that scrolled up, and counts the new messages",
  async (browser) => {
    await using server = start();
    const page = await online(browser, urlOf(server), PHONE);
    const scrollTop = "document.querySelector('#scroller').scrollTop";
    for (let n = 1; n <= 40; n++) {
      await server.hub.broadcast({ type: "chat", text: `number ${n}.` });
    }
    await line(page, "number 40.");
    await page.evaluate(`${scrollTop} = 0`);
    await until(page, `${scrollTop} === 0`);
    for (const text of ["new one", "new two"]) {
      await server.hub.broadcast({ type: "chat", text });
    }
    await shows(page, "#new-messages", "2 new messages");
    assertEquals(await page.evaluate(scrollTop), 0);
    await page.click("#new-messages");
    await hidden(page, "#new-messages");
    assertGreater(await page.evaluate<number>(scrollTop), 0);
    await server.hub.broadcast({ type: "chat", text: "newest" });
    await line(page, "newest");
    await until(
      page,
      `(() => {
        const { scrollTop, scrollHeight, clientHeight } = document.querySelector("#scroller");
        return scrollHeight - scrollTop - clientHeight < 2;
      })()`,
    );
  },
);

everyBrowserTest(
  "shows round trips in the status line, in the trace and to screen readers",
  async (browser) => {
    await using server = start();
    const page = await online(browser, urlOf(server));
    await shows(page, "#status .detail", /^(?:< 1|[\d.]+) ms$/);
    await visible(page, "#trace[aria-label*='last round trip']");
    await until(
      page,
      `(() => {
        const canvas = document.querySelector("#trace");
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        return data.some((value) => value > 0);
      })()`,
    );
  },
);
