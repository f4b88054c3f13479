import { assert, assertEquals, assertGreater } from "@std/assert";
import { browserTest } from "./browser.ts";
import {
  acknowledged,
  lines,
  online,
  PHONE,
  say,
  start,
  urlOf,
} from "./lobby_page.ts";

browserTest(
  "two tabs talk to each other, and each knows what is its own",
  async (browser) => {
    await using server = start();
    const a = await online(browser, urlOf(server));
    const b = await online(browser, urlOf(server));
    const name = await a.page.inputValue("#name");
    assert(name !== "" && name !== await b.page.inputValue("#name"));

    await say(a.page, "Can you hear me?");
    await acknowledged(a.page, "Can you hear me?");
    const heard = lines(b.page, "Can you hear me?");
    await heard.waitFor();
    assertEquals(await heard.locator(".name").textContent(), name);
    assertEquals(await b.page.locator("li.own").count(), 0);

    await say(b.page, "Loud and clear.");
    await lines(a.page, "Loud and clear.").waitFor();
    await acknowledged(b.page, "Loud and clear.");
    assertEquals(await a.page.locator("#lines-of-feed > li").count(), 2);
    assertEquals([...a.problems, ...b.problems], []);
  },
);

browserTest(
  "somebody who comes later sees what was said before",
  async (browser) => {
    await using server = start();
    for (let n = 1; n <= 60; n++) {
      await server.hub.broadcast({ type: "chat", text: `number ${n}.` });
    }
    const { page } = await online(browser, urlOf(server));
    await lines(page, "number 60.").waitFor();
    await lines(page, "number 11.").waitFor();
    assertEquals(await page.locator("#lines-of-feed > li").count(), 50);
  },
);

browserTest("a lobby in which nobody spoke says so", async (browser) => {
  await using server = start();
  const { page } = await online(browser, urlOf(server));
  await page.locator("#quiet").waitFor();
  await say(page, "hello");
  await page.locator("#quiet").waitFor({ state: "hidden" });
});

browserTest(
  "a chosen name is kept for the next visit, an empty one is not taken",
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

browserTest("the page works where storage is forbidden", async (browser) => {
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
  await say(page, "nothing to hide");
  await acknowledged(page, "nothing to hide");
  assertEquals(problems, []);
});

browserTest(
  "whoever reads further up is left there, and told of what is new",
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
    const newer = page.locator("#newer", { hasText: "2 new messages" });
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
    await server.hub.broadcast({ type: "chat", text: "followed" });
    await lines(page, "followed").waitFor();
    await page.waitForFunction(`(() => {
    const { scrollTop, scrollHeight, clientHeight } = document.querySelector("#scroller");
    return scrollHeight - scrollTop - clientHeight < 2;
  })()`);
  },
);

browserTest(
  "the heart beats: round trips are shown and told",
  async (browser) => {
    await using server = start();
    const { page } = await online(browser, urlOf(server), {
      reducedMotion: "no-preference",
    });
    await page.locator("#status .detail", { hasText: /^[\d.]+ ms$/ }).waitFor();
    await page.locator("#trace[aria-label*='The last round trip took']")
      .waitFor();
    const inked = await page.evaluate(`(() => {
    const canvas = document.querySelector("#trace");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return data.some((value) => value > 0);
  })()`);
    assert(inked);
  },
);
