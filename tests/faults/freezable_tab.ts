import type { Browser, CDPSession } from "playwright-core";

/** An answer of the DevTools protocol. */
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
 * A tab that can be frozen. Playwright's own pages cannot: it emulates focus in them, and Chromium does not freeze what is
 * visible. So this one is opened in the browser's default context, which Playwright leaves alone, and driven by hand.
 */
export class Tab {
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
  static async open(browser: Browser, url: string): Promise<Tab> {
    const devtools = await browser.newBrowserCDPSession();
    const { targetId } = await devtools.send("Target.createTarget", { url });
    const { sessionId } = await devtools.send("Target.attachToTarget", {
      targetId,
      flatten: false,
    });
    const tab = new Tab(devtools, sessionId);
    await tab.until(
      `location.href.startsWith("http") && document.readyState === "complete"`,
    );
    return tab;
  }

  /** Evaluates an expression, frozen or not; a promise is awaited. */
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

  /** Resolves when an expression is true. */
  async until(expression: string): Promise<void> {
    while (!await this.evaluate(`Boolean(${expression})`).catch(() => false)) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Stops its timers and its handlers, as Chromium does with tabs in the background. */
  async freeze(): Promise<void> {
    await this.#send("Page.setWebLifecycleState", { state: "frozen" });
  }

  /** Wakes it. Nobody looks at it: there is a `resume` event and no `visibilitychange`. */
  async thaw(): Promise<void> {
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
