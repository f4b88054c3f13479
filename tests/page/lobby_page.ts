/**
 * Helpers of the page's tests: start a server, open the page, send a message, read the feed.
 * @module
 */
import type { Browser, Locator, Page } from "playwright-core";
import { serve, type ServeOptions, type Server } from "../../server.ts";
import { contract, type StockMessages } from "../../static/contract.ts";
import { openTab, type Tab, type TabOptions } from "./browser.ts";

/** The narrowest phone that the page supports. */
export const PHONE: { width: number; height: number } = {
  width: 360,
  height: 740,
};
/** A laptop's screen. */
export const WIDE: { width: number; height: number } = {
  width: 1280,
  height: 800,
};

/** A server with the page's own contract. */
export type Stock = Server<StockMessages>;

/** Starts a server on a free port of the loopback address. */
export function start(options: ServeOptions<StockMessages> = {}): Stock {
  return serve({ port: 0, hostname: "127.0.0.1", contract, ...options });
}

/** Returns the URL of a server's page. */
export function urlOf({ addr }: Stock): string {
  return `http://127.0.0.1:${addr.port}/`;
}

/** Opens the page in a new tab, and waits until it is online. */
export async function online(
  browser: Browser,
  url: string,
  options: TabOptions = {},
): Promise<Tab> {
  // Without a graphics processor, thirty drawings of the trace per second and tab would slow every test.
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

/** Sends a chat message from the page. */
export async function send(page: Page, text: string): Promise<void> {
  await page.fill("#text", text);
  await page.press("#text", "Enter");
}

/** Returns the lines of the feed that contain a text. */
export function lines(page: Page, hasText: string | RegExp): Locator {
  return page.locator("#feed > li", { hasText });
}

/** The lines that the feed has shown since {@linkcode countLines}. */
export interface LineCounts {
  /** The number of messages that were drawn. */
  readonly drawn: number;
  /** The number of messages that notes report as skipped or missing. */
  readonly reported: number;
  /** The largest number of lines in the feed at one time. */
  readonly most: number;
}

/** Starts to count lines. @returns a function that returns the counts so far. */
export async function countLines(
  page: Page,
): Promise<() => Promise<LineCounts>> {
  await page.evaluate(`(() => {
    globalThis.counts = { drawn: 0, reported: 0, most: 0 };
    const list = document.querySelector("#feed");
    new MutationObserver((changes) => {
      for (const line of changes.flatMap(({ addedNodes }) => [...addedNodes])) {
        const skipped = /Not shown: ([\\d,]+)|Missing here: ([\\d,]+)/.exec(line.textContent);
        if (skipped === null) counts.drawn++;
        else counts.reported += Number((skipped[1] ?? skipped[2]).replaceAll(",", ""));
      }
      counts.most = Math.max(counts.most, list.childElementCount);
    }).observe(list, { childList: true });
  })()`);
  return () => page.evaluate<LineCounts>("counts");
}

/** Waits until the page shows its message as acknowledged. */
export async function acknowledged(page: Page, text: string): Promise<void> {
  await page.locator("li.own[data-state=acknowledged]", { hasText: text })
    .waitFor();
}

/** Returns the parts of the page that scroll sideways. */
export function sidewaysScroll(page: Page): Promise<string[]> {
  return page.evaluate(`["html", "body", "#scroller", "#drawer", "#frames"]
    .filter((name) => {
      const element = document.querySelector(name);
      return element.scrollWidth > element.clientWidth;
    })`);
}
