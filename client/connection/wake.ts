/** The event of a wake, by its name. */
export type WakeEvent = "online" | "pageshow" | "visible" | "resume";

/** The receiver of the events of a page's life. */
export interface WakeHandler {
  /**
   * Called when a waiting client should reconnect at once, and an open one should probe its connection: the network is back,
   * the tab becomes visible, the page returns from the back/forward cache, or a frozen page runs again (the event `resume` of
   * the Page Lifecycle, which a hidden tab receives as well).
   */
  wake(event: WakeEvent): void;
  /**
   * Called when the browser keeps the page in its back/forward cache. Chromium keeps the connections of such a page, and answers
   * pings, but the page receives nothing; WebKit closes them.
   */
  suspend(): void;
}

/**
 * Watches the events of a page's life.
 *
 * @param handler receives the events.
 * @returns stops watching.
 */
export function watchWake(handler: WakeHandler): () => void {
  // Deno has no document; a worker has neither a document nor `pageshow`.
  const { document, addEventListener } = globalThis as {
    document?: EventTarget & { visibilityState?: string };
    addEventListener?: unknown;
  };
  const watching = new AbortController();
  const { signal } = watching;
  if (typeof addEventListener === "function") {
    for (const type of ["online", "pageshow"] as const) {
      globalThis.addEventListener(type, () => handler.wake(type), { signal });
    }
    globalThis.addEventListener("pagehide", (event: Event) => {
      if ((event as { persisted?: unknown }).persisted === true) {
        handler.suspend();
      }
    }, { signal });
  }
  document?.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") handler.wake("visible");
  }, { signal });
  document?.addEventListener("resume", () => handler.wake("resume"), {
    signal,
  });
  return () => watching.abort();
}
