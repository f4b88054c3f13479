import {
  assert,
  assertEquals,
  assertGreater,
  assertLess,
  assertMatch,
} from "@std/assert";
import { browserTest } from "./browser.ts";
import * as driven from "./driven_lobby.ts";
import { everyBrowserTest } from "./every_browser.ts";
import {
  acknowledged,
  countLines,
  lines,
  online,
  PHONE,
  start,
  urlOf,
} from "./lobby_page.ts";

everyBrowserTest(
  "shows hostile names and messages as text, within the layout",
  async (browser) => {
    await using server = start();
    const page = await driven.online(browser, urlOf(server), PHONE);
    const count = (selector: string) =>
      page.evaluate(`document.querySelectorAll("${selector}").length`);
    const hostile: { name?: string; text: string }[] = [
      {
        name: "<img src=x onerror=alert(1)>",
        text: "<script>alert(2)</script>",
      },
      { name: "\u202eevil\u2066", text: "\u202e\u2067turned around" },
      { name: "W".repeat(40), text: "W".repeat(2000) },
      { name: "\u200b\u2060", text: "Z\u0351\u036b\u0343".repeat(400) },
      { name: "a\u0300".repeat(20), text: "\n".repeat(1999) + "." },
      { text: `javascript:alert(3) <a href="javascript:alert(4)">x</a>` },
    ];
    for (const chat of hostile) {
      await server.hub.broadcast({ type: "chat", ...chat });
    }
    await server.hub.broadcast(JSON.parse(
      `{"type":"strange","__proto__":{"x":1},"constructor":"<b>","long":"${
        "x".repeat(5000)
      }"}`,
    ));
    await driven.line(page, "strange");
    assertEquals(await count("#feed > li"), 7);
    assertEquals(
      await count("#feed :is(img, script, a, b)"),
      0,
    );
    const names = await page.evaluate<string[]>(
      `[...document.querySelectorAll("#feed .name")].map((name) => name.textContent)`,
    );
    assertEquals([names[1], names[3]], ["evil", "Anonymous"]);
    assertEquals(await driven.sidewaysScroll(page), []);
    const tallest = await page.evaluate(`Math.max(
    ...[...document.querySelectorAll("#feed > li")].map((line) => line.offsetHeight))`);
    // 2,000 wide letters need about 4,000 pixels; 2,000 line breaks would need ten times that.
    assertLess(Number(tallest), 4_000);
    assertEquals(page.problems, []);
  },
);

browserTest(
  "draws a part of a flood, and shows the number of messages that it skipped",
  async (browser) => {
    await using server = start();
    const { page } = await online(browser, urlOf(server));
    const counted = await countLines(page);
    const sent: Promise<number>[] = [];
    for (let n = 1; n <= 5_000; n++) {
      sent.push(server.hub.broadcast({ type: "chat", text: `number ${n}.` }));
    }
    await Promise.all(sent);
    await lines(page, "number 5000.").waitFor();
    const { drawn, reported, most } = await counted();
    // A message that is not drawn was skipped, or was no longer in the log: the page reports each of them.
    assertEquals(drawn + reported, 5_000);
    assertGreater(reported, 0);
    assertLess(most, 221);
  },
);

browserTest(
  "accounts for 5,000 messages within about a second, and still accepts input",
  async (browser) => {
    await using server = start();
    const { page, problems } = await online(browser, urlOf(server));
    const counted = await countLines(page);
    const flood = async (): Promise<void> => {
      for (let n = 1; n <= 5_000; n++) {
        await server.hub.broadcast({ type: "chat", text: `number ${n}.` });
        // About 83 messages per animation frame of the page, which is 5,000 a second.
        if (n % 83 === 0) {
          await page.evaluate("new Promise(requestAnimationFrame)");
        }
      }
    };
    await Promise.all([
      flood(),
      page.locator("#text").pressSequentially("typed in a flood"),
    ]);
    const last = lines(page, "number 5000.");
    await last.waitFor();
    const { drawn, reported, most } = await counted();
    assertEquals(drawn + reported, 5_000);
    assertGreater(reported, 0);
    assertLess(most, 221);
    const inView = await page.evaluate(`(() => {
      const line = document.querySelector("#feed > li:last-child").getBoundingClientRect();
      const scroller = document.querySelector("#scroller").getBoundingClientRect();
      return line.top >= scroller.top && line.bottom <= scroller.bottom;
    })()`);
    assertMatch(
      await page.locator("#record-count").textContent() ?? "",
      /^5,000 records, [\d,]+ not shown$/,
    );
    assert(inView, "the last message is not visible");
    assertEquals(await page.inputValue("#text"), "typed in a flood");
    await page.press("#text", "Enter");
    await acknowledged(page, "typed in a flood");
    assertEquals(problems, []);
  },
);
