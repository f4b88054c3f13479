/**
 * Watches for the moments when a waiting client should not wait any longer, and an open one should doubt its connection:
 * the network is back, the tab is looked at again, the page comes out of the back/forward cache, or it was frozen and runs
 * again (the Page Lifecycle's `resume`: a hidden tab may be thawed without being looked at).
 *
 * @param wake called at each of them.
 * @returns stops watching.
 */
export function watchWake(wake: () => void): () => void {
  // Neither is there in every runtime: Deno has no document, a worker neither document nor `pageshow`.
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
