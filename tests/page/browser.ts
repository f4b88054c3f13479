/**
 * A browser for tests: Debian's Chromium, driven by playwright-core.
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

/** Time limit of each wait on a page: a machine with two busy cores is slow. */
export const TIMEOUT_MS = 60_000;

/** True if the browser is installed. */
export const hasBrowser: boolean = (() => {
  try {
    return Deno.statSync(EXECUTABLE).isFile;
  } catch {
    return false;
  }
})();

/** True if a missing browser fails the tests. */
const required = Deno.env.get("DRUMBEAT_REQUIRE_BROWSER") === "1";

/**
 * Starts the browser.
 *
 * @returns the browser. Closing it ends its process.
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
 * Defines a test that needs the browser. Without a browser the test is ignored and printed as skipped, or fails if
 * `DRUMBEAT_REQUIRE_BROWSER` is 1.
 *
 * @param name the name of the test.
 * @param run the test's body.
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
    // The browser, and playwright's resources for it, live longer than one test.
    sanitizeOps: false,
    sanitizeResources: false,
    async fn() {
      if (!hasBrowser) {
        throw new Error(
          `Cannot start the browser: no Chromium at ${EXECUTABLE}`,
        );
      }
      // Starting a browser takes longer than most tests, so all tests of a file share one.
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

/** A tab, with the problems that it had. */
export interface Tab {
  readonly page: Page;
  /** Uncaught errors, console errors, violations of the Content-Security-Policy, requests to other hosts, dialogs. */
  readonly problems: string[];
}

/** Options of {@linkcode openTab}. */
export interface TabOptions extends BrowserContextOptions {
  /** A script that runs in the page before the page's own scripts. */
  readonly initScript?: string;
}

/**
 * Opens a tab in a new context: it shares no storage with other tabs.
 *
 * @param browser the browser.
 * @param url the page's URL.
 * @param options the size, the color scheme and so on, and a script to run first.
 * @returns the tab, loaded.
 */
export async function openTab(
  browser: Browser,
  url: string,
  options: TabOptions = {},
): Promise<Tab> {
  const { initScript = "", ...rest } = options;
  const context = await browser.newContext(rest);
  context.setDefaultTimeout(TIMEOUT_MS);
  const page = await context.newPage();
  const problems: string[] = [];
  const { host } = new URL(url);
  page.on("pageerror", (error) => problems.push(`uncaught: ${error.message}`));
  page.on("console", (message) => {
    // Some tests break the connection, and the browser then logs an error.
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
  await page.exposeFunction("reportViolation", (text: string) => {
    problems.push(`violation: ${text}`);
  });
  await page.addInitScript(
    `addEventListener("securitypolicyviolation", (event) => {
      reportViolation(event.violatedDirective + " " + event.blockedURI);
    });`,
  );
  await page.addInitScript(initScript);
  await page.goto(url);
  return { page, problems };
}
