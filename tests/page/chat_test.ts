import { assert, assertEquals, assertGreater } from "@std/assert";
import { browserTest } from "./browser.ts";
import {
  acknowledged,
  lines,
  online,
  PHONE,
  send,
  start,
  urlOf,
} from "./lobby_page.ts";

browserTest(
  "two tabs exchange messages, and each marks its own",
  async (browser) => {
    await using server = start();
    const a = await online(browser, urlOf(server));
    const b = await online(browser, urlOf(server));
    const name = await a.page.inputValue("#name");
    assert(name !== "" && name !== await b.page.inputValue("#name"));

    await send(a.page, "Can you read this?");
    await acknowledged(a.page, "Can you read this?");
    const received = lines(b.page, "Can you read this?");
    await received.waitFor();
    assertEquals(await received.locator(".name").textContent(), name);
    assertEquals(await b.page.locator("li.own").count(), 0);

    await send(b.page, "Yes, I can.");
    await lines(a.page, "Yes, I can.").waitFor();
    await acknowledged(b.page, "Yes, I can.");
    assertEquals(await a.page.locator("#feed > li").count(), 2);
    assertEquals([...a.problems, ...b.problems], []);
  },
);

browserTest(
  "a later tab shows the earlier messages",
  async (browser) => {
    await using server = start();
    for (let n = 1; n <= 60; n++) {
      await server.hub.broadcast({ type: "chat", text: `number ${n}.` });
    }
    const { page } = await online(browser, urlOf(server));
    await lines(page, "number 60.").waitFor();
    await lines(page, "number 11.").waitFor();
    assertEquals(await page.locator("#feed > li").count(), 50);
  },
);

browserTest("an empty lobby shows a hint", async (browser) => {
  await using server = start();
  const { page } = await online(browser, urlOf(server));
  await page.locator("#empty-feed").waitFor();
  await send(page, "hello");
  await page.locator("#empty-feed").waitFor({ state: "hidden" });
});

browserTest(
  "keeps a chosen name for the next visit, and rejects an empty one",
  async (browser) => {
    await using server = start();
    const { page } = await online(browser, urlOf(server));
    await page.fill("#name", "  Ada\u202e   Lovelace ");
    await page.press("#name", "Enter");
    assertEquals(await page.inputValue("#name"), "Ada Lovelace");
    await page.fill("#name", "\u200b");
    await page.press("#name", "Enter");
    assertEquals(await page.inputValue("#name"), "Ada Lovelace");
    const next = await page.context().newPage();
    await next.goto(urlOf(server));
    assertEquals(await next.inputValue("#name"), "Ada Lovelace");
  },
);

browserTest("works where storage is forbidden", async (browser) => {
  await using server = start();
  const { page, problems } = await online(browser, urlOf(server), {
    initScript: `for (const name of ["localStorage", "sessionStorage"]) {
      Object.defineProperty(window, name, {
        get() {
          throw new DOMException("no", "SecurityError");
        },
      });
    }`,
  });
  await send(page, "nothing to hide");
  await acknowledged(page, "nothing to hide");
  assertEquals(problems, []);
});

browserTest(
  "keeps the position of a user that scrolled up, and counts the new messages",
  async (browser) => {
    await using server = start();
    const { page } = await online(browser, urlOf(server), { viewport: PHONE });
    for (let n = 1; n <= 40; n++) {
      await server.hub.broadcast({ type: "chat", text: `number ${n}.` });
    }
    await lines(page, "number 40.").waitFor();
    await page.evaluate("document.querySelector('#scroller').scrollTop = 0");
    await page.waitForFunction(
      "document.querySelector('#scroller').scrollTop === 0",
    );
    for (const text of ["new one", "new two"]) {
      await server.hub.broadcast({ type: "chat", text });
    }
    const newer = page.locator("#new-messages", { hasText: "2 new messages" });
    await newer.waitFor();
    assertEquals(
      await page.evaluate("document.querySelector('#scroller').scrollTop"),
      0,
    );
    await newer.click();
    await newer.waitFor({ state: "hidden" });
    assertGreater(
      Number(
        await page.evaluate("document.querySelector('#scroller').scrollTop"),
      ),
      0,
    );
    await server.hub.broadcast({ type: "chat", text: "newest" });
    await lines(page, "newest").waitFor();
    await page.waitForFunction(`(() => {
    const { scrollTop, scrollHeight, clientHeight } = document.querySelector("#scroller");
    return scrollHeight - scrollTop - clientHeight < 2;
  })()`);
  },
);

browserTest(
  "shows round trips in the status line, in the trace and to screen readers",
  async (browser) => {
    await using server = start();
    const { page } = await online(browser, urlOf(server), {
      reducedMotion: "no-preference",
    });
    await page.locator("#status .detail", { hasText: /^[\d.]+ ms$/ }).waitFor();
    await page.locator("#trace[aria-label*='last round trip']")
      .waitFor();
    const isDrawn = await page.evaluate(`(() => {
    const canvas = document.querySelector("#trace");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return data.some((value) => value > 0);
  })()`);
    assert(isDrawn);
  },
);
