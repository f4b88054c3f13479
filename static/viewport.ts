/**
 * Keeps the message box above a phone's keyboard. Safari draws its keyboard over the page and does not change `dvh`, so a
 * style sheet alone cannot do it.
 * @module
 */

/** Sets the page's height to the visible height while a keyboard covers a part of the page. */
export function fitViewport(): void {
  const viewport = globalThis.visualViewport;
  viewport?.addEventListener("resize", () => {
    const root = document.documentElement;
    // While the user has zoomed in, the visible part is smaller than the page, and the page must keep its height.
    if (viewport.scale > 1.01) {
      return;
    }
    const isCovered = globalThis.innerHeight - viewport.height > 1;
    if (isCovered) {
      root.style.setProperty("--visible-height", `${viewport.height}px`);
    } else {
      root.style.removeProperty("--visible-height");
    }
  });
}
