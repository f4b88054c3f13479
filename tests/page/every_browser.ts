/**
 * Tests that run in Chromium, Firefox and WebKit.
 * @module
 */
import { hasChromium, launchChromium } from "./drivers/chromium.ts";
import type { BrowserDriver, BrowserName } from "./drivers/driver.ts";
import { hasFirefox, launchFirefox } from "./drivers/firefox.ts";
import { hasWebKit, launchWebKit } from "./drivers/webkit.ts";

interface Candidate {
  readonly name: BrowserName;
  readonly isInstalled: boolean;
  readonly packages: string;
  readonly launch: () => Promise<BrowserDriver>;
}

const CANDIDATES: readonly Candidate[] = [
  {
    name: "Chromium",
    isInstalled: hasChromium,
    packages: "chromium",
    launch: launchChromium,
  },
  {
    name: "Firefox",
    isInstalled: hasFirefox,
    packages: "firefox-esr",
    launch: launchFirefox,
  },
  {
    name: "WebKit",
    isInstalled: hasWebKit,
    packages: "webkit2gtk-driver and xvfb",
    launch: launchWebKit,
  },
];

/** True if a missing browser fails the tests. */
const required = Deno.env.get("DRUMBEAT_REQUIRE_BROWSER") === "1";

const shared = new Map<BrowserName, Promise<BrowserDriver>>();

Deno.test.afterAll(async () => {
  for (const browser of shared.values()) {
    await (await browser).close();
  }
});

/**
 * Defines a test for each browser. Where a browser is missing its test is ignored and printed as skipped, or fails if
 * `DRUMBEAT_REQUIRE_BROWSER` is 1.
 *
 * @param name the name of the test, without the browser.
 * @param run the test's body.
 * @param browsers the browsers that can run it. Default: every one.
 */
export function everyBrowserTest(
  name: string,
  run: (browser: BrowserDriver) => Promise<void>,
  browsers: readonly BrowserName[] = CANDIDATES.map(({ name }) => name),
): void {
  for (const candidate of CANDIDATES) {
    if (browsers.includes(candidate.name)) {
      defineTest(`${candidate.name}: ${name}`, candidate, run);
    }
  }
}

function defineTest(
  name: string,
  candidate: Candidate,
  run: (browser: BrowserDriver) => Promise<void>,
): void {
  const { isInstalled, packages, launch } = candidate;
  const ignore = !isInstalled && !required;
  if (ignore) {
    console.log(`SKIPPED (no ${candidate.name}: install ${packages}): ${name}`);
  }
  Deno.test({
    name,
    ignore,
    // The browser, and the resources of its driver, live longer than one test.
    sanitizeOps: false,
    sanitizeResources: false,
    async fn() {
      if (!isInstalled) {
        throw new Error(
          `Cannot start ${candidate.name}: install ${packages}`,
        );
      }
      // Starting a browser takes longer than most tests, so all tests of a file share one.
      let launched = shared.get(candidate.name);
      if (launched === undefined) {
        shared.set(candidate.name, launched = launch());
      }
      const browser = await launched;
      try {
        await run(browser);
      } finally {
        await browser.closePages();
      }
    },
  });
}
