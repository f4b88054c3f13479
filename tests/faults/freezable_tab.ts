import type { Browser, CDPSession } from "playwright-core";

/** A response of the DevTools protocol. */
interface Answer {
  readonly id?: number;
  readonly error?: { readonly message: string };
  readonly result?: {
    readonly result?: { readonly value?: unknown };
    readonly exceptionDetails?: {
      readonly exception?: { readonly description?: string };
    };
  };
}

/**
 * A browser tab that can be frozen. Playwright's own pages cannot be frozen, because it emulates focus in them and Chromium
 * freezes no visible page. This tab is opened in the browser's default context, which Playwright does not control.
 */
export class FreezableTab {
  readonly #devtools: CDPSession;
  readonly #sessionId: string;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #lastId = 0;

  private constructor(devtools: CDPSession, sessionId: string) {
    this.#devtools = devtools;
    this.#sessionId = sessionId;
    devtools.on("Target.receivedMessageFromTarget", (event) => {
      if (event.sessionId !== sessionId) return;
      const answer: Answer = JSON.parse(event.message);
      if (answer.id !== undefined) this.#waiting.get(answer.id)?.(answer);
    });
  }

  /** Opens a page. */
  static async open(browser: Browser, url: string): Promise<FreezableTab> {
    const devtools = await browser.newBrowserCDPSession();
    const { targetId } = await devtools.send("Target.createTarget", { url });
    const { sessionId } = await devtools.send("Target.attachToTarget", {
      targetId,
      flatten: false,
    });
    const tab = new FreezableTab(devtools, sessionId);
    await tab.until(
      `location.href.startsWith("http") && document.readyState === "complete"`,
    );
    return tab;
  }

  /** Evaluates an expression, also while the tab is frozen. A promise is awaited. */
  async evaluate(expression: string): Promise<unknown> {
    const { result, error } = await this.#send("Runtime.evaluate", {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    const exception = result?.exceptionDetails?.exception?.description ??
      error?.message;
    if (exception !== undefined) throw new Error(exception);
    return result?.result?.value;
  }

  /** Resolves when an expression has become true. */
  async until(expression: string): Promise<void> {
    while (!await this.evaluate(`Boolean(${expression})`).catch(() => false)) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Stops the tab's timers and handlers, as Chromium does in background tabs. */
  async freeze(): Promise<void> {
    await this.#send("Page.setWebLifecycleState", { state: "frozen" });
  }

  /** Ends the freeze. The tab stays hidden: it receives a `resume` event and no `visibilitychange`. */
  async unfreeze(): Promise<void> {
    await this.#send("Page.setWebLifecycleState", { state: "active" });
  }

  async #send(method: string, params: object): Promise<Answer> {
    const id = ++this.#lastId;
    const answered = new Promise<Answer>((resolve) =>
      this.#waiting.set(id, resolve)
    );
    await this.#devtools.send("Target.sendMessageToTarget", {
      sessionId: this.#sessionId,
      message: JSON.stringify({ id, method, params }),
    });
    const answer = await answered;
    this.#waiting.delete(id);
    return answer;
  }
}
