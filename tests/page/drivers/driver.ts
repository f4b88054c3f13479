/**
 * The interface through which the page's tests drive Chromium, Firefox and WebKit.
 * @module
 */

/** The browsers, by the name of their engine's family. */
export type BrowserName = "Chromium" | "Firefox" | "WebKit";

/** A running browser. */
export interface BrowserDriver {
  /** The browser. */
  readonly name: BrowserName;
  /**
   * Opens a window, visible beside the other windows.
   *
   * @param url the page's URL.
   * @param size the size of the window's content in CSS pixels. Default: 1280 by 800.
   * @returns the page, loaded.
   */
  open(url: string, size?: Size): Promise<PageDriver>;
  /** Closes every window that `open` opened. */
  closePages(): Promise<void>;
  /** Ends the browser. */
  close(): Promise<void>;
}

/** A size in CSS pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** One window with a page. */
export interface PageDriver {
  /** The browser. */
  readonly browser: BrowserName;
  /** Uncaught errors and console errors, without those about WebSockets that a test broke. */
  readonly problems: readonly string[];
  /**
   * Evaluates an expression in the page.
   *
   * @param expression the source of an expression. A promise is awaited.
   * @returns its value, as JSON: `undefined` is null.
   */
  evaluate<T>(expression: string): Promise<T>;
  /** Loads a URL in this window. */
  goto(url: string): Promise<void>;
  /** Moves back in the history of this window, as the button does. */
  back(): Promise<void>;
  /** Types text with the keyboard into the focused element. */
  type(text: string): Promise<void>;
  /** Presses one key, such as "Enter" or "Shift+Tab". */
  press(key: string): Promise<void>;
  /** Clicks the center of the element that a selector matches first. */
  click(selector: string): Promise<void>;
  /** Returns the rendered text of the element that a selector matches first. */
  text(selector: string): Promise<string>;
  /** Changes the size of the window's content. A browser may keep a minimum width. */
  resize(size: Size): Promise<void>;
  /** Returns the window's content as a PNG image. */
  screenshot(): Promise<Uint8Array<ArrayBuffer>>;
  /** Closes the window. */
  close(): Promise<void>;
}

/** The default size of a window's content. */
export const DEFAULT_SIZE: Size = { width: 1280, height: 800 };

/** True for a console error that a broken connection causes: some tests break it. */
export function isConnectionError(text: string): boolean {
  return /WebSocket|can’t establish a connection|connection to wss?:.* was interrupted/
    .test(text);
}
