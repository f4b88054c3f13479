/**
 * Chromium, driven by playwright-core.
 * @module
 */
import type { Browser, BrowserContext, Page } from "playwright-core";
import { hasBrowser, launchBrowser, TIMEOUT_MS } from "../browser.ts";
import {
  type BrowserDriver,
  DEFAULT_SIZE,
  isConnectionError,
  type PageDriver,
  type Size,
} from "./driver.ts";

/** True if Chromium is installed. */
export const hasChromium: boolean = hasBrowser;

/** Starts Chromium without a display. */
export async function launchChromium(): Promise<BrowserDriver> {
  const browser: Browser = await launchBrowser();
  return {
    name: "Chromium",
    async open(url, viewport = DEFAULT_SIZE) {
      const context = await browser.newContext({ viewport });
      context.setDefaultTimeout(TIMEOUT_MS);
      const page = new ChromiumPage(context, await context.newPage());
      await page.goto(url);
      return page;
    },
    async closePages() {
      await Promise.all(browser.contexts().map((context) => context.close()));
    },
    close: () => browser.close(),
  };
}

class ChromiumPage implements PageDriver {
  readonly browser = "Chromium";
  readonly problems: string[] = [];
  readonly #context: BrowserContext;
  readonly #page: Page;

  constructor(context: BrowserContext, page: Page) {
    this.#context = context;
    this.#page = page;
    page.on("pageerror", ({ message }) => this.problems.push(message));
    page.on("console", (message) => {
      if (message.type() === "error" && !isConnectionError(message.text())) {
        this.problems.push(message.text());
      }
    });
  }

  async evaluate<T>(expression: string): Promise<T> {
    const json: string = await this.#page.evaluate(
      `(async () => JSON.stringify((await (${expression})) ?? null))()`,
    );
    return JSON.parse(json);
  }

  async goto(url: string): Promise<void> {
    await this.#page.goto(url);
  }

  async back(): Promise<void> {
    await this.#page.goBack();
  }

  type(text: string): Promise<void> {
    return this.#page.keyboard.type(text);
  }

  press(key: string): Promise<void> {
    return this.#page.keyboard.press(key);
  }

  click(selector: string): Promise<void> {
    return this.#page.click(selector);
  }

  text(selector: string): Promise<string> {
    return this.#page.locator(selector).first().innerText();
  }

  resize(size: Size): Promise<void> {
    return this.#page.setViewportSize({ ...size });
  }

  async screenshot(): Promise<Uint8Array<ArrayBuffer>> {
    return new Uint8Array(await this.#page.screenshot());
  }

  close(): Promise<void> {
    return this.#context.close();
  }
}
