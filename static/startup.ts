/**
 * Reports why the page did not start: a file was not loaded, or the browser lacks a feature. This is a classic script. It
 * runs before the modules, and also in a browser that cannot run them.
 * @module
 */
{
  const report = (text: string): void => {
    if (document.readyState === "loading") {
      document.addEventListener("DOMContentLoaded", () => report(text));
      return;
    }
    const status = document.getElementById("status");
    const problem = document.getElementById("startup-problem");
    const isStarted = document.documentElement.hasAttribute("data-started");
    if (isStarted || status === null || problem === null || !problem.hidden) {
      return;
    }
    status.setAttribute("data-state", "closed");
    status.textContent = "not started";
    problem.hidden = false;
    // A live region announces only what changes after it became visible.
    problem.firstElementChild!.textContent = text;
    problem.querySelector("button")!.onclick = () => location.reload();
  };
  const reportError = (error: unknown): void =>
    report(
      `This browser cannot run the page (${error}). The page works in Chrome and Edge 120, Firefox 121, Safari 17.4, and newer versions.`,
    );
  if (!("noModule" in HTMLScriptElement.prototype)) {
    reportError("it has no JavaScript modules");
  }
  // An element that was not loaded fires an event that does not bubble.
  addEventListener("error", (event) => {
    const { target } = event;
    if (
      target instanceof HTMLScriptElement || target instanceof HTMLLinkElement
    ) {
      report("A file of the page was not loaded.");
    } else if (event instanceof ErrorEvent) {
      reportError(event.error || event.message);
    }
  }, true);
  addEventListener(
    "unhandledrejection",
    (event) => reportError(event.reason),
  );
}
