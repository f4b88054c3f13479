/**
 * Keeps the message box above a phone's keyboard where the style sheet cannot: Safari lays its keyboard over the page and
 * leaves `dvh` as it was.
 * @module
 */

/** Gives the page the height that can be seen. */
export function fitViewport(): void {
  const viewport = globalThis.visualViewport;
  viewport?.addEventListener("resize", () => {
    const root = document.documentElement;
    // Pinched: what can be seen is a part of the page then, and the page must not follow.
    if (viewport.scale > 1.01) {
      return;
    }
    const covered = globalThis.innerHeight - viewport.height > 1;
    if (covered) {
      root.style.setProperty("--height", `${viewport.height}px`);
    } else {
      root.style.removeProperty("--height");
    }
  });
}
