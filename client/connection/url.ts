import { parseUrl } from "../../common/platform.ts";

/**
 * Resolves the URL of a WebSocket.
 *
 * @param url an absolute `ws:`, `wss:`, `http:` or `https:` URL, or a path on the page's own host.
 * @param base the page's address, if there is a page.
 * @returns an absolute `ws:` or `wss:` URL.
 * @throws {DOMException} `SyntaxError`, as of `new WebSocket(url)`: for an invalid URL, another scheme, a fragment, or a
 * path if there is no page.
 */
export function resolveUrl(
  url: string | URL,
  base: string | undefined = pageAddress(),
): string {
  const resolved = parseUrl(String(url), base);
  if (resolved === undefined) {
    const cause = base === undefined
      ? "a relative URL needs a page"
      : `the URL is not valid relative to '${base}'`;
    throw new DOMException(
      `Cannot connect to '${url}': ${cause}`,
      "SyntaxError",
    );
  }
  if (resolved.protocol === "http:") resolved.protocol = "ws:";
  if (resolved.protocol === "https:") resolved.protocol = "wss:";
  if (resolved.protocol !== "ws:" && resolved.protocol !== "wss:") {
    throw new DOMException(
      `Cannot connect to '${url}': its scheme is not ws, wss, http or https`,
      "SyntaxError",
    );
  }
  if (resolved.hash !== "" || resolved.href.endsWith("#")) {
    throw new DOMException(
      `Cannot connect to '${url}': a WebSocket URL has no fragment`,
      "SyntaxError",
    );
  }
  return resolved.href;
}

/** The names of URL parameters that hold a token. */
const TOKEN = /^(?:access_?|auth_?)?token$/i;

/**
 * Refuses a URL with a token: every server and proxy on the way writes URLs to its logs.
 *
 * @param url an absolute URL.
 * @throws {TypeError} if a parameter holds a token; the message does not contain the token.
 */
export function refuseToken(url: string): void {
  for (const name of new URL(url).searchParams.keys()) {
    if (!TOKEN.test(name)) continue;
    throw new TypeError(
      `Cannot connect: the URL contains the parameter '${name}', and servers write URLs to logs; use the option 'token'`,
    );
  }
}

function pageAddress(): string | undefined {
  // A page may set another base for its relative URLs; a worker has a location only; Deno and Node have neither.
  const { document, location } = globalThis as {
    document?: { baseURI?: string };
    location?: { href: string };
  };
  return document?.baseURI ?? location?.href;
}
