import { assert, assertEquals, assertLess } from "@std/assert";
import {
  line,
  lineCount,
  online,
  send,
  shows,
  state,
  until,
  visible,
} from "./driven_lobby.ts";
import { everyBrowserTest } from "./every_browser.ts";
import { PHONE, start, urlOf } from "./lobby_page.ts";

everyBrowserTest(
  "draws the newest 200 of 400 messages that arrived while nothing was drawn, and counts the others",
  async (browser) => {
    await using server = start();
    const page = await online(browser, urlOf(server));
    await page.evaluate(`(() => {
      globalThis.held = [];
      globalThis.draw = requestAnimationFrame;
      globalThis.requestAnimationFrame = (callback) => held.push(callback);
      // Announcements use timers: they show how many messages the page has received.
      globalThis.announced = 0;
      const region = document.querySelector("#announce-messages");
      new MutationObserver(() => {
        const summary = /^([\\d,]+) new message/.exec(region.textContent);
        announced += summary === null
          ? region.childElementCount : Number(summary[1].replaceAll(",", ""));
      }).observe(region, { childList: true });
    })()`);
    for (let n = 1; n <= 400; n++) {
      await server.hub.broadcast({ type: "chat", text: `number ${n}.` });
    }
    await until(page, "announced === 400");
    await page.evaluate(`(() => {
      globalThis.requestAnimationFrame = draw;
      for (const callback of held) draw(callback);
    })()`);
    await line(page, "number 400.");
    const shown = await page.evaluate<string[]>(
      `[...document.querySelectorAll("#feed .text")].map((text) => text.textContent)`,
    );
    assertEquals([shown.length, shown[0]], [200, "number 201."]);
    await line(page, "Not shown: 200 messages. More than 200 waited");
  },
);

everyBrowserTest(
  "does not count notes of the page as new messages",
  async (browser) => {
    await using server = start();
    const page = await online(browser, urlOf(server), PHONE);
    for (let n = 1; n <= 40; n++) {
      await server.hub.broadcast({ type: "chat", text: `number ${n}.` });
    }
    await line(page, "number 40.");
    const scrollTop = "document.querySelector('#scroller').scrollTop";
    await page.evaluate(`${scrollTop} = 0`);
    await until(page, `${scrollTop} === 0`);
    await page.click("#disconnect");
    await state(page, "waiting");
    await page.click("#reconnect");
    await state(page, "open");
    await line(page, "Reconnected after");
    await server.hub.broadcast({ type: "chat", text: "a message" });
    await line(page, "a message");
    await shows(page, "#new-messages", /^1 new message$/);
  },
);

everyBrowserTest(
  "keeps the end visible when the reason of a failure is added to the last message",
  async (browser) => {
    await using server = start({ allow: { publish: [] } });
    const page = await online(browser, urlOf(server), PHONE);
    for (let n = 1; n <= 40; n++) {
      await server.hub.broadcast({ type: "chat", text: `number ${n}.` });
    }
    await line(page, "number 40.");
    await send(page, "refused");
    await visible(page, ".failure");
    // A line grows, and the browser reports an earlier scrolling before the new size.
    await page.evaluate(`(() => {
      document.querySelector("#feed > li:last-child").style.paddingBottom = "60px";
      document.querySelector("#scroller").dispatchEvent(new Event("scroll"));
    })()`);
    await until(
      page,
      `(() => {
        const { scrollTop, scrollHeight, clientHeight } = document.querySelector("#scroller");
        return scrollHeight - scrollTop - clientHeight < 2;
      })()`,
    );
    await server.hub.broadcast({ type: "chat", text: "a later message" });
    await line(page, "a later message");
    assertEquals(
      await page.evaluate("document.querySelector('#new-messages').hidden"),
      true,
    );
  },
);

everyBrowserTest(
  "aligns a message by the direction of its text",
  async (browser) => {
    await using server = start();
    const page = await online(browser, urlOf(server));
    await server.hub.broadcast({ type: "chat", text: "שלום" });
    await line(page, "שלום");
    const [gapBefore, gapAfter] = await page.evaluate<[number, number]>(
      `(() => {
        const text = document.querySelector("#feed .text");
        const range = document.createRange();
        range.selectNodeContents(text);
        const inner = range.getBoundingClientRect();
        const outer = text.getBoundingClientRect();
        return [inner.left - outer.left, outer.right - inner.right];
      })()`,
    );
    assertLess(gapAfter, 2);
    assert(gapBefore > 100);
    assertEquals(await lineCount(page, ""), 1);
  },
);
