/**
 * The pages whose WebSockets may connect. A browser sends the page's origin and lets every page connect to any server, so
 * the server has to check (RFC 6455 section 10.2).
 *
 * - `same`: pages of this server: the host of the Origin equals the Host header.
 * - a list of origins such as `https://app.example`: only these.
 * - a function: decides by the origin and the request. It is not called for `null`.
 * - `any`: every page.
 *
 * The origin `null`, which files and sandboxed frames have, is refused unless `any` is allowed.
 */
export type Origins =
  | "same"
  | "any"
  | readonly string[]
  | ((origin: string, request: Request) => boolean);

/** Decides whether a handshake with this Origin header is allowed. */
export type OriginCheck = (origin: string, request: Request) => boolean;

/**
 * Creates the check of an {@linkcode Origins}.
 *
 * @param origins the allowed origins.
 * @returns the check.
 * @throws {TypeError} when the list holds a value that is not an origin (a scheme, a host, and a port where it is not the
 * scheme's default).
 */
export function originCheck(origins: Origins): OriginCheck {
  if (origins === "any") return () => true;
  if (origins === "same") return isSame;
  if (typeof origins === "function") {
    return (origin, request) =>
      origin !== "null" && origins(origin, request) === true;
  }
  if (!Array.isArray(origins)) {
    throw new TypeError(
      `Cannot check origins: the option 'origins' must be 'same', 'any', a list or a function, not ${
        typeof origins === "string" ? `'${origins}'` : typeof origins
      }`,
    );
  }
  const allowed = new Set(origins.map(checkOrigin));
  return (origin) => allowed.has(origin);
}

function checkOrigin(origin: unknown): string {
  const text = String(origin);
  // A star would be compared as a letter; a list with one would silently allow nothing.
  if (URL.parse(text)?.origin !== text || /^null$|\*/.test(text)) {
    throw new TypeError(
      `Not an origin: '${text}'. An origin looks like https://app.example`,
    );
  }
  return text;
}

function isSame(origin: string, request: Request): boolean {
  const page = URL.parse(origin);
  const host = request.headers.get("host");
  if (page === null || page.origin !== origin || host === null) return false;
  // With the page's scheme: behind a proxy that ends TLS, this server's own scheme is a different one.
  return URL.parse(`${page.protocol}//${host}`)?.host === page.host;
}
