/**
 * The parts of the Web platform that some supported runtimes lack: `Promise.withResolvers` and `URL.canParse` in Node 20, Chrome
 * before 120 and Safari before 17.4, `String.prototype.isWellFormed` in Chrome before 111 and Firefox before 119. The client and the
 * messages use these functions in place of the platform's.
 *
 * @module
 */

/** A promise and the functions that settle it. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T | PromiseLike<T>) => void;
  readonly reject: (reason?: unknown) => void;
}

type Executor<T> = (
  resolve: Deferred<T>["resolve"],
  reject: Deferred<T>["reject"],
) => void;

/**
 * Creates a promise with the functions that settle it, as `Promise.withResolvers` does.
 *
 * @typeParam T the promise's value.
 * @param constructor the class of the promise. Default: `Promise`.
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { deferred } from "./platform.ts";
 *
 * const { promise, resolve } = deferred<number>();
 * resolve(1);
 * assertEquals(await promise, 1);
 * ```
 */
export function deferred<T>(
  constructor: new (executor: Executor<T>) => Promise<T> = Promise,
): Deferred<T> {
  let resolve!: Deferred<T>["resolve"];
  let reject!: Deferred<T>["reject"];
  const promise = new constructor((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}

/**
 * Parses a URL.
 *
 * @param url the URL.
 * @param base the base of a relative URL; `undefined` for none.
 * @returns the parsed URL, or `undefined` if it is not valid.
 */
export function parseUrl(
  url: string,
  base: string | undefined,
): URL | undefined {
  try {
    return new URL(url, base);
  } catch {
    return undefined;
  }
}

/** A high surrogate without a low one, or a low surrogate without a high one. */
const LONE_SURROGATE =
  /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?:[^\uD800-\uDBFF]|^)[\uDC00-\uDFFF]/;

/** Returns true for a string without lone surrogates, as `String.prototype.isWellFormed` does. */
export function isWellFormed(text: string): boolean {
  return !LONE_SURROGATE.test(text);
}
