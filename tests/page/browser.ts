/**
 * A real browser for tests: Debian's Chromium, driven by playwright-core.
 * @module
 */
import {
  type Browser,
  type BrowserContextOptions,
  chromium,
  type Page,
} from "playwright-core";

const EXECUTABLE = Deno.env.get("CHROMIUM") ?? "/usr/bin/chromium";

const ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** How long anything on a page may take: a machine with two busy cores is slow, not wrong. */
export const PATIENCE_MS = 15_000;

/** Whether there is a browser. */
export const hasBrowser: boolean = (() => {
  try {
    return Deno.statSync(EXECUTABLE).isFile;
  } catch {
    return false;
  }
})();

/** Whether it is an error that there is none. */
const required = Deno.env.get("DRUMBEAT_REQUIRE_BROWSER") === "1";

/**
 * Starts the browser.
 *
 * @returns the browser; disposing of it ends its process.
 */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: EXECUTABLE, args: ARGS });
}

let shared: Promise<Browser> | undefined;

Deno.test.afterAll(async () => {
  const browser = await shared;
  await browser?.close();
});

/**
 * A test that needs the browser. Without one it is ignored, in a clear word, or fails where `DRUMBEAT_REQUIRE_BROWSER`
 * is 1.
 *
 * @param name a sentence.
 * @param run the test.
 */
export function browserTest(
  name: string,
  run: (browser: Browser) => Promise<void>,
): void {
  const ignore = !hasBrowser && !required;
  if (ignore) {
    console.log(`SKIPPED (no Chromium): ${name}`);
  }
  Deno.test({
    name,
    ignore,
    // The browser outlives the test; what playwright holds for it does too.
    sanitizeOps: false,
    sanitizeResources: false,
    async fn() {
      if (!hasBrowser) {
        throw new Error(`There is no Chromium at ${EXECUTABLE}`);
      }
      // Starting one takes longer than most tests; tabs share nothing but its process.
      shared ??= launchBrowser();
      const browser = await shared;
      try {
        await run(browser);
      } finally {
        await Promise.all(browser.contexts().map((context) => context.close()));
      }
    },
  });
}

/** A tab, and everything that went wrong in it. */
export interface Tab {
  readonly page: Page;
  /** Uncaught errors, console errors, refusals of the Content-Security-Policy, requests to other hosts. */
  readonly problems: string[];
}

/** Options of {@linkcode openTab}. */
export interface TabOptions extends BrowserContextOptions {
  /** Runs in the page before its own scripts do. */
  readonly initScript?: string;
}

/**
 * Opens a tab of its own: it shares nothing with another one.
 *
 * @param browser where.
 * @param url the page.
 * @param options size, colour scheme and so on; a script to run first.
 * @returns the tab, loaded.
 */
export async function openTab(
  browser: Browser,
  url: string,
  options: TabOptions = {},
): Promise<Tab> {
  const { initScript = "", ...rest } = options;
  const context = await browser.newContext(rest);
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const problems: string[] = [];
  const { host } = new URL(url);
  page.on("pageerror", (error) => problems.push(`uncaught: ${error.message}`));
  page.on("console", (message) => {
    // A browser reports a network that is gone as an error of the page; so it shall be, in some tests.
    if (
      message.type() === "error" && !/WebSocket connection/.test(message.text())
    ) {
      problems.push(`console: ${message.text()}`);
    }
  });
  context.on("request", (request) => {
    if (new URL(request.url()).host !== host) {
      problems.push(`request: ${request.url()}`);
    }
  });
  page.on("websocket", (socket) => {
    if (new URL(socket.url()).host !== host) {
      problems.push(`socket: ${socket.url()}`);
    }
  });
  page.on("dialog", async (dialog) => {
    problems.push(`dialog: ${dialog.message()}`);
    await dialog.dismiss();
  });
  await page.exposeFunction("tellRefusal", (text: string) => {
    problems.push(`refused: ${text}`);
  });
  await page.addInitScript(
    `addEventListener("securitypolicyviolation", (event) => {
      tellRefusal(event.violatedDirective + " " + event.blockedURI);
    });`,
  );
  await page.addInitScript(initScript);
  await page.goto(url);
  return { page, problems };
}
