/**
 * What the tests of the page do with it: start a server, open the page, say something, look.
 * @module
 */
import type { Browser, Locator, Page } from "playwright-core";
import { serve, type ServeOptions, type Server } from "../../server.ts";
import { contract, type StockMessages } from "../../static/contract.ts";
import { openTab, type Tab, type TabOptions } from "./browser.ts";

/** The narrowest phone that is kept in mind. */
export const PHONE: { width: number; height: number } = {
  width: 360,
  height: 740,
};
/** A laptop. */
export const WIDE: { width: number; height: number } = {
  width: 1280,
  height: 800,
};

/** A server with the page's own contract. */
export type Stock = Server<StockMessages>;

/** Starts a server on a free port. */
export function start(options: ServeOptions<StockMessages> = {}): Stock {
  return serve({ port: 0, hostname: "127.0.0.1", contract, ...options });
}

/** Where its page is. */
export function urlOf({ addr }: Stock): string {
  return `http://127.0.0.1:${addr.port}/`;
}

/** Opens the page, and waits until it is online. */
export async function online(
  browser: Browser,
  url: string,
  options: TabOptions = {},
): Promise<Tab> {
  // Thirty pictures a second of every tab's trace, drawn without a graphics processor, would slow every test down.
  const tab = await openTab(browser, url, {
    reducedMotion: "reduce",
    ...options,
  });
  await state(tab.page, "open");
  return tab;
}

/** Waits until the page is `connecting`, `open`, `waiting` or `closed`. */
export async function state(page: Page, name: string): Promise<void> {
  await page.locator(`#status[data-state="${name}"]`).waitFor();
}

/** Says something on the page. */
export async function say(page: Page, text: string): Promise<void> {
  await page.fill("#text", text);
  await page.press("#text", "Enter");
}

/** The lines of the feed that have this text. */
export function lines(page: Page, hasText: string | RegExp): Locator {
  return page.locator("#lines-of-feed > li", { hasText });
}

/** What became of the messages since {@linkcode countLines}. */
export interface LineCounts {
  /** Lines that were ever in the feed. */
  readonly drawn: number;
  /** Messages that the page said it left out, or missed. */
  readonly told: number;
  /** Most lines that were in the feed at once. */
  readonly most: number;
}

/** Counts from now on. @returns what was counted so far. */
export async function countLines(
  page: Page,
): Promise<() => Promise<LineCounts>> {
  await page.evaluate(`(() => {
    globalThis.counts = { drawn: 0, told: 0, most: 0 };
    const list = document.querySelector("#lines-of-feed");
    new MutationObserver((changes) => {
      for (const line of changes.flatMap(({ addedNodes }) => [...addedNodes])) {
        const left = /([\\d,]+) messages? not drawn|Missing here: ([\\d,]+)/.exec(line.textContent);
        if (left === null) counts.drawn++;
        else counts.told += Number((left[1] ?? left[2]).replaceAll(",", ""));
      }
      counts.most = Math.max(counts.most, list.childElementCount);
    }).observe(list, { childList: true });
  })()`);
  return () => page.evaluate<LineCounts>("counts");
}

/** Waits until the page says that its message is acknowledged. */
export async function acknowledged(page: Page, text: string): Promise<void> {
  await page.locator("li.own[data-state=acknowledged]", { hasText: text })
    .waitFor();
}

/** Which parts of the page can be scrolled sideways. */
export function sidewaysScroll(page: Page): Promise<string[]> {
  return page.evaluate(`["html", "body", "#scroller", "#drawer", "#frames"]
    .filter((name) => {
      const element = document.querySelector(name);
      return element.scrollWidth > element.clientWidth;
    })`);
}
