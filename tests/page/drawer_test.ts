import { assert, assertEquals } from "@std/assert";
import { fill, line, online, shows } from "./driven_lobby.ts";
import { everyBrowserTest } from "./every_browser.ts";
import { start, urlOf } from "./lobby_page.ts";

everyBrowserTest(
  "the drawer shows the properties and the frames, and sends text, a Blob and a buffer",
  async (browser) => {
    await using server = start();
    const page = await online(browser, urlOf(server));
    await page.click("#drawer-toggle");
    const value = (id: string, text: string | RegExp) =>
      shows(page, `#${id}`, text);
    await value("value-url", `ws://127.0.0.1:${server.addr.port}/ws`);
    await value("value-protocol", "drumbeat.v1");
    await value("value-ready-state", "1 OPEN");
    await value("value-buffered", "0 bytes");
    await value("value-close", "none yet");

    const send = async (kind: string, text: string) => {
      await page.click(`label:has(input[value=${kind}])`);
      await fill(page, "#raw-text", text);
      await page.click("#raw-sender button[type=submit]");
    };
    await send("text", '{"type":"note","text":"as text"}');
    await line(page, '{"type":"note","text":"as text"}');
    await send("blob", "hello");
    await line(page, "Blob, 5 bytes");
    await page.evaluate(`(() => {
      const select = document.querySelector("#binary-type");
      select.value = "arraybuffer";
      select.dispatchEvent(new Event("change"));
    })()`);
    await send("buffer", "ab");
    await line(page, "ArrayBuffer, 2 bytes");
    await shows(page, "#feed > li.binary code", /^61 62$/);
    await send("text", "not JSON");
    await value("raw-result", "SyntaxError");

    await shows(page, "#frames .sent", '"type":"hello"');
    await shows(page, "#frames .received", '"type":"start"');
    await shows(page, "#frames .received", "as text");
    const raw = await page.text("#frames");
    assert(raw.includes('"session":"(secret)"'));

    await page.click("#pause");
    const count = "document.querySelectorAll('#frames li').length";
    const paused = await page.evaluate(count);
    await send("text", '{"type":"note","text":"unseen"}');
    await line(page, "unseen");
    assertEquals(await page.evaluate(count), paused);
    await page.click("#pause");
    await shows(page, "#frames .received", "unseen");

    await page.click("#disconnect");
    await value("value-ready-state", "0 CONNECTING");
    await value("value-close", "1006");
    await page.click("#reconnect");
    await value("value-ready-state", "1 OPEN");
    assertEquals(page.problems, []);
  },
);

everyBrowserTest(
  "sends one ping at the start of a connection",
  async (browser) => {
    await using server = start();
    const page = await online(browser, urlOf(server));
    await page.click("#drawer-toggle");
    await shows(page, "#frames .received", '"type":"pong"');
    const frames = await page.evaluate<string[]>(
      "[...document.querySelectorAll('#frames li')].map((frame) => frame.textContent)",
    );
    const answer = frames.findIndex((text) => text.includes('"type":"pong"'));
    assertEquals(
      frames.slice(0, answer)
        .filter((text) => text.includes('"type":"ping"')).length,
      1,
    );
  },
);
