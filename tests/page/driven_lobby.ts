/**
 * Helpers of the tests that run in every browser: open the page, send a message, wait for lines of the feed.
 * @module
 */
import { TIMEOUT_MS } from "./browser.ts";
import type { BrowserDriver, PageDriver, Size } from "./drivers/driver.ts";

/** Opens the page in a new window, and waits until it is online. */
export async function online(
  browser: BrowserDriver,
  url: string,
  size?: Size,
): Promise<PageDriver> {
  const page = await browser.open(url, size);
  await state(page, "open");
  return page;
}

/** Waits until an expression is true in the page. */
export async function until(
  page: PageDriver,
  expression: string,
): Promise<void> {
  const failure = JSON.stringify(`Timed out: ${expression}`);
  const wait = `new Promise((resolve, reject) => {
    const deadline = performance.now() + ${TIMEOUT_MS};
    const check = () => {
      if (${expression}) resolve();
      else if (performance.now() < deadline) setTimeout(check, 20);
      else reject(new Error(${failure} + "\\n" + document.body.innerText));
    };
    check();
  })`;
  for (;;) {
    try {
      return await page.evaluate(wait);
    } catch (error) {
      if (!isNavigation(error)) throw error;
    }
  }
}

/** Returns true if a script ended because the page was reloaded or replaced: each browser has a text of its own. */
function isNavigation(error: unknown): boolean {
  return /context was destroyed|before the unload event|AbortError|navigated away/
    .test(String(error));
}

/** Waits until the page is `connecting`, `open`, `waiting` or `closed`. */
export function state(page: PageDriver, name: string): Promise<void> {
  return visible(page, `#status[data-state="${name}"]`);
}

/** Waits until a selector matches a visible element. */
export function visible(page: PageDriver, selector: string): Promise<void> {
  return until(
    page,
    `document.querySelector(${JSON.stringify(selector)})?.checkVisibility()`,
  );
}

/** Waits until a selector matches no visible element. */
export function hidden(page: PageDriver, selector: string): Promise<void> {
  return until(
    page,
    `!document.querySelector(${JSON.stringify(selector)})?.checkVisibility()`,
  );
}

/** Waits until an element that a selector matches contains a text. */
export function shows(
  page: PageDriver,
  selector: string,
  text: string | RegExp,
): Promise<void> {
  return until(page, `${matching(selector, text)}.length > 0`);
}

/** Waits until the feed has a line that contains a text. */
export function line(page: PageDriver, text: string | RegExp): Promise<void> {
  return shows(page, "#feed > li", text);
}

/** Returns the number of lines of the feed that contain a text. */
export function lineCount(
  page: PageDriver,
  text: string | RegExp,
): Promise<number> {
  return page.evaluate(`${matching("#feed > li", text)}.length`);
}

/** Replaces the text of a field, as typing does. The field has the focus then. */
export async function fill(
  page: PageDriver,
  selector: string,
  text: string,
): Promise<void> {
  await page.evaluate(`(() => {
    const field = document.querySelector(${JSON.stringify(selector)});
    field.focus();
    field.value = ${JSON.stringify(text)};
    field.dispatchEvent(new Event("input", { bubbles: true }));
  })()`);
}

/** Sends a chat message from the page. */
export async function send(page: PageDriver, text: string): Promise<void> {
  await fill(page, "#text", text);
  await page.press("Enter");
}

/** Waits until the page shows its message as acknowledged. */
export function acknowledged(page: PageDriver, text: string): Promise<void> {
  return shows(page, "li.own[data-state=acknowledged]", text);
}

/** Returns the value of a field. */
export function valueOf(page: PageDriver, selector: string): Promise<string> {
  return page.evaluate(
    `document.querySelector(${JSON.stringify(selector)}).value`,
  );
}

/** Returns the id of the focused element, or its class. */
export function focused(page: PageDriver): Promise<string> {
  return page.evaluate(
    "document.activeElement.id || document.activeElement.className",
  );
}

/** Returns the parts of the page that scroll sideways. */
export function sidewaysScroll(page: PageDriver): Promise<string[]> {
  return page.evaluate(`["html", "body", "#scroller", "#drawer", "#frames"]
    .filter((name) => {
      const element = document.querySelector(name);
      return element.scrollWidth > element.clientWidth;
    })`);
}

/** The source that runs axe and returns its findings. */
export const AXE_FINDINGS: string = `axe.run().then(({ violations }) =>
  violations.map(({ id, nodes }) =>
    id + ": " + nodes.map(({ html }) => html.slice(0, 120)).join(" | ")))`;

/** Returns the source of an array of the elements that contain a text. */
function matching(selector: string, text: string | RegExp): string {
  const test = typeof text === "string"
    ? `textContent.includes(${JSON.stringify(text)})`
    : `textContent.match(${text})`;
  return `[...document.querySelectorAll(${
    JSON.stringify(selector)
  })].filter((element) => element.${test})`;
}
