/**
 * The WebSocket URL for what the user wrote.
 *
 * @param url an absolute `ws:`, `wss:`, `http:` or `https:` URL, or a path on the page's own host.
 * @param base the page's address, where there is a page.
 * @returns an absolute `ws:` or `wss:` URL.
 * @throws {DOMException} `SyntaxError`, as `new WebSocket(url)` throws it: no valid URL, another scheme, a fragment, or a
 * path where there is no page.
 */
export function resolveUrl(
  url: string | URL,
  base: string | undefined = pageAddress(),
): string {
  if (!URL.canParse(String(url), base)) {
    const why = base === undefined
      ? "there is no page it could be relative to"
      : `it is no URL relative to '${base}'`;
    throw new DOMException(`Cannot connect to '${url}': ${why}`, "SyntaxError");
  }
  const resolved = new URL(url, base);
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

/** What a parameter that holds a token is called. */
const TOKEN = /^(?:access_?|auth_?)?token$/i;

/**
 * Refuses a URL with a token in it: URLs are written to logs by every server and proxy on the way, tokens must not be.
 *
 * @throws {TypeError} without the token in its words.
 */
export function refuseToken(url: string): void {
  for (const name of new URL(url).searchParams.keys()) {
    if (!TOKEN.test(name)) continue;
    throw new TypeError(
      `Cannot connect: the URL has a '${name}' in it, and would be written to logs with it. Give it as the option 'token'`,
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
