import type { ClientClock } from "../clock.ts";

/** The result of a check: the server answered, or did not answer in time. */
export type Reachability = "reachable" | "unreachable";

/** The part of a page that the probe uses. */
interface PageGlobals {
  readonly document?: EventTarget;
  readonly location?: { readonly origin: string };
  readonly crossOriginIsolated?: boolean;
  readonly fetch?: typeof fetch;
}

/**
 * Checks by `fetch` whether a server answers, before a page opens a WebSocket to it.
 *
 * After failures Firefox delays WebSockets to an address for up to 60 s by itself, for all tabs together, and Chromium for up to
 * 5 s; neither delays a `fetch`. A WebSocket that is opened only when the server answers is not delayed, because the delay runs
 * from the last failure.
 */
export class ReachabilityProbe {
  readonly #url: string;
  readonly #fetch: typeof fetch;
  readonly #clock: ClientClock;
  readonly #document: EventTarget;
  #isTrusted: boolean;
  #isBlocked = false;

  private constructor(
    url: URL,
    page: Required<Pick<PageGlobals, "document" | "fetch">>,
    isTrusted: boolean,
    clock: ClientClock,
  ) {
    this.#url = url.href;
    this.#fetch = page.fetch;
    this.#document = page.document;
    this.#isTrusted = isTrusted;
    this.#clock = clock;
  }

  /**
   * Creates a probe.
   *
   * @param url the URL of the WebSocket.
   * @param clock the client's clock.
   * @returns the probe; `undefined` outside of a page, and if the page may not fetch from the server.
   */
  static create(
    url: string,
    clock: ClientClock,
  ): ReachabilityProbe | undefined {
    const { document, location, crossOriginIsolated, fetch } =
      globalThis as unknown as PageGlobals;
    if (document === undefined || typeof fetch !== "function") return undefined;
    const address = new URL(url);
    address.protocol = address.protocol === "wss:" ? "https:" : "http:";
    const isOwn = location?.origin === address.origin;
    // Such a page may load nothing from another origin that does not permit it.
    if (crossOriginIsolated === true && !isOwn) return undefined;
    return new ReachabilityProbe(address, { document, fetch }, isOwn, clock);
  }

  /** `true` if the page's policy forbids the request. */
  get isBlocked(): boolean {
    return this.#isBlocked;
  }

  /** `true` if a failed check means that the server does not answer: it is the page's own server, or has answered before. */
  get isTrusted(): boolean {
    return this.#isTrusted;
  }

  /**
   * Checks the server. Any response counts.
   *
   * @param timeoutMs the time for the response in ms.
   * @param done called once with the result, unless the check was cancelled.
   * @returns cancels the check; idempotent.
   */
  check(timeoutMs: number, done: (result: Reachability) => void): () => void {
    const abort = new AbortController();
    const { signal } = abort;
    this.#document.addEventListener("securitypolicyviolation", (event) => {
      const { effectiveDirective } = event as { effectiveDirective?: unknown };
      if (effectiveDirective === "connect-src") this.#isBlocked = true;
    }, { signal });
    const end = (result?: Reachability): void => {
      if (signal.aborted) return;
      cancelTimer();
      abort.abort();
      if (result !== undefined) done(result);
    };
    const cancelTimer = this.#clock.after(timeoutMs, () => end("unreachable"));
    // Called without a receiver: a browser's `fetch` refuses another one than the global object.
    const request = this.#fetch;
    request(this.#url, {
      mode: "no-cors",
      cache: "no-store",
      credentials: "omit",
      signal,
    }).then(() => {
      this.#isTrusted = true;
      end("reachable");
    }, () => end("unreachable"));
    return () => end();
  }
}
