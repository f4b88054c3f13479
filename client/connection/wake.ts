/**
 * Watches for the moments when a waiting client should reconnect at once, and an open one should probe its connection: the
 * network is back, the tab becomes visible, the page returns from the back/forward cache, or a frozen page runs again (the
 * event `resume` of the Page Lifecycle, which a hidden tab receives as well).
 *
 * @param wake called at each of these moments.
 * @returns stops watching.
 */
export function watchWake(wake: () => void): () => void {
  // Deno has no document; a worker has neither a document nor `pageshow`.
  const { document, addEventListener } = globalThis as {
    document?: EventTarget & { visibilityState?: string };
    addEventListener?: unknown;
  };
  const watching = new AbortController();
  const { signal } = watching;
  if (typeof addEventListener === "function") {
    globalThis.addEventListener("online", wake, { signal });
    globalThis.addEventListener("pageshow", wake, { signal });
  }
  document?.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") wake();
  }, { signal });
  document?.addEventListener("resume", wake, { signal });
  return () => watching.abort();
}
