/**
 * Which pages' WebSockets may connect. A browser says where a page is from and lets it connect to anybody: it is the
 * server that has to look (RFC 6455 section 10.2).
 *
 * - `same`: pages that this server's own host sent: the Origin's host is the Host that was asked.
 * - a list of origins such as `https://app.example`: these and no others.
 * - a function: decides by the origin and the request. It is not asked about `null`.
 * - `any`: every page of the Web.
 *
 * The origin `null`, of files and of sandboxed frames, is refused unless `any` may come.
 */
export type Origins =
  | "same"
  | "any"
  | readonly string[]
  | ((origin: string, request: Request) => boolean);

/** Whether a handshake with this Origin header may go on. */
export type OriginCheck = (origin: string, request: Request) => boolean;

/**
 * Makes the check of an {@linkcode Origins}.
 *
 * @param origins what may come.
 * @returns the check.
 * @throws {TypeError} when the list holds what is no origin: a scheme, a host, a port where it is not the scheme's own,
 * and nothing else.
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
      `The option 'origins' is same, any, a list or a function, not ${origins}`,
    );
  }
  const known = new Set(origins.map(checked));
  return (origin) => known.has(origin);
}

function checked(origin: unknown): string {
  const text = String(origin);
  // A star is a letter like any other here, which is not what whoever writes one means.
  if (URL.parse(text)?.origin !== text || /^null$|\*/.test(text)) {
    throw new TypeError(
      `Not an origin: '${text}'. One looks like https://app.example`,
    );
  }
  return text;
}

function isSame(origin: string, request: Request): boolean {
  const from = URL.parse(origin);
  const host = request.headers.get("host");
  if (from === null || from.origin !== origin || host === null) return false;
  // By the page's scheme: behind a proxy that ends TLS, ours says nothing of theirs.
  return URL.parse(`${from.protocol}//${host}`)?.host === from.host;
}
