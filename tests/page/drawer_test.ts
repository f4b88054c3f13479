import { assert, assertEquals } from "@std/assert";
import { browserTest } from "./browser.ts";
import { lines, online, start, urlOf } from "./lobby_page.ts";

browserTest(
  "the drawer shows the properties and the frames, and sends text, a Blob and a buffer",
  async (browser) => {
    await using server = start();
    const { page, problems } = await online(browser, urlOf(server));
    await page.click("#drawer-toggle");
    const value = (id: string, text: string | RegExp) =>
      page.locator(`#${id}`, { hasText: text }).waitFor();
    await value("value-url", `ws://127.0.0.1:${server.addr.port}/ws`);
    await value("value-protocol", "drumbeat.v1");
    await value("value-ready-state", "1 OPEN");
    await value("value-buffered", "0 bytes");
    await value("value-close", "none yet");

    const send = async (kind: string, text: string) => {
      await page.check(`input[value=${kind}]`);
      await page.fill("#raw-text", text);
      await page.click("#raw-sender button[type=submit]");
    };
    await send("text", '{"type":"note","text":"as text"}');
    await lines(page, '{"type":"note","text":"as text"}').waitFor();
    await send("blob", "hello");
    await lines(page, "Blob, 5 bytes").waitFor();
    await page.selectOption("#binary-type", "arraybuffer");
    await send("buffer", "ab");
    const buffer = lines(page, "ArrayBuffer, 2 bytes");
    await buffer.waitFor();
    assertEquals(await buffer.locator("code").textContent(), "61 62");
    await send("text", "not JSON");
    await value("raw-result", "SyntaxError");

    await page.locator("#frames .sent", { hasText: '"type":"hello"' })
      .waitFor();
    await page.locator("#frames .received", { hasText: '"type":"start"' })
      .waitFor();
    await page.locator("#frames .received", { hasText: "as text" }).waitFor();
    const raw = await page.locator("#frames").innerText();
    assert(raw.includes('"session":"(secret)"'));

    await page.click("#pause");
    const paused = await page.locator("#frames li").count();
    await send("text", '{"type":"note","text":"unseen"}');
    await lines(page, "unseen").waitFor();
    assertEquals(await page.locator("#frames li").count(), paused);
    await page.click("#pause");
    await page.locator("#frames .received", { hasText: "unseen" }).waitFor();

    await page.click("#disconnect");
    await value("value-ready-state", "0 CONNECTING");
    await value("value-close", "1006");
    await page.click("#reconnect");
    await value("value-ready-state", "1 OPEN");
    assertEquals(problems, []);
  },
);
