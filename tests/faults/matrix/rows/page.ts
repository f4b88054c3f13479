/** Hostile messages on the page. */
import { PROTOCOL } from "../../../../messages.ts";
import type { Browser } from "playwright-core";
import { hasBrowser, launchBrowser, type Tab } from "../../../page/browser.ts";
import { lines, online } from "../../../page/lobby_page.ts";
import { WirePeer } from "../../../server/wire_peer.ts";
import type { Harness } from "../harness.ts";
import type { Row } from "../row.ts";

const HTML = [
  "<img src=x onerror=alert(1)>",
  "<script>alert(2)</script>",
  "<svg onload=alert(3)>",
  "<iframe srcdoc='<script>alert(4)</script>'></iframe>",
  "<a href='javascript:alert(5)'>x</a>",
  "<style>*{display:none}</style>",
  "<form action='https://evil.example'><button>x</button></form>",
  "<base href='https://evil.example/'>",
  "<meta http-equiv=refresh content='0;url=https://evil.example'>",
  "javascript:alert(6)",
  "\\u003cscript\\u003ealert(7)\\u003c/script\\u003e",
  "&lt;script&gt;alert(8)&lt;/script&gt;",
  "\u202e\u2067turned around",
  "Z\u0351\u036b\u0343".repeat(300),
  "\n".repeat(1_900),
  "${alert(9)} {{constructor.constructor('alert(10)')()}}",
];

/** Opens the page in a browser of its own. */
async function onPage(
  harness: Harness,
  run: (tab: Tab) => Promise<void>,
): Promise<void> {
  if (!hasBrowser) {
    return harness.check("browser", false, "SKIPPED (no Chromium)");
  }
  const browser: Browser = await launchBrowser();
  try {
    await run(await online(browser, `http://127.0.0.1:${harness.port}/`));
  } finally {
    await browser.close();
  }
}

function report(harness: Harness, { problems }: Tab, lines: number): void {
  harness.check(
    "no script, no CSP report",
    problems.length === 0,
    problems.length === 0
      ? `${lines} lines of text`
      : problems.slice(0, 2).join("; "),
  );
}

export const hostilePage: Row = {
  name: "hostile-page",
  expected:
    "names and messages are text: no script runs, no element is created, and CSP reports nothing",
  run: (harness) =>
    onPage(harness, async (tab) => {
      const { page } = tab;
      const peer = await WirePeer.open(
        `ws://127.0.0.1:${harness.port}/ws`,
        PROTOCOL,
      );
      peer.send({ type: "hello", topics: {} });
      HTML.forEach((text, id) =>
        peer.send({
          type: "publish",
          id: id + 1,
          topic: "lobby",
          message: { type: "chat", text, name: text.slice(0, 40) },
        })
      );
      const strange = JSON.parse(
        `{"type":"strange","__proto__":{"x":"<b>"},"constructor":"<img src=x onerror=alert(11)>"}`,
      );
      peer.send({ type: "publish", id: 99, topic: "lobby", message: strange });
      await lines(page, "strange").waitFor();
      const made = await page.locator(
        "#feed :is(img, script, svg, iframe, a, b, style, form, base, meta)",
      ).count();
      harness.check("only text", made === 0, `${made} elements created`);
      report(harness, tab, HTML.length + 1);
      await peer[Symbol.asyncDispose]();
    }),
  control: {
    how: "a page that inserts a message as HTML",
    fails: "no script, no CSP report",
    run: (harness) =>
      onPage(harness, async (tab) => {
        await tab.page.evaluate(
          `document.body.insertAdjacentHTML("beforeend", ${
            JSON.stringify(HTML[0])
          })`,
        );
        await tab.page.waitForFunction("document.images.length > 0");
        // Chromium reports a violation in a later task.
        while (tab.problems.length === 0) {
          await tab.page.evaluate("new Promise(requestAnimationFrame)");
        }
        report(harness, tab, 1);
      }),
  },
};
