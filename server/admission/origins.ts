/**
 * The pages whose WebSockets may connect. A browser sends the page's origin and lets every page connect to any server, so
 * the server has to check (RFC 6455 section 10.2).
 *
 * - `same`: pages of this server: the host of the Origin equals the Host header.
 * - a list of origins such as `https://app.example`: only these.
 * - a function, which may be async: decides by the origin and the request; only `true` allows. It is not called for `null`.
 *   After an exception or a rejection, which goes to `onError`, the response is 503.
 * - `any`: every page.
 *
 * The origin `null`, which files and sandboxed frames have, is refused unless `any` is allowed.
 */
export type Origins =
  | "same"
  | "any"
  | readonly string[]
  | ((origin: string, request: Request) => boolean | Promise<boolean>);

/** Decides whether a handshake with this Origin header is allowed. */
export type OriginCheck = (
  origin: string,
  request: Request,
) => boolean | Promise<boolean>;

/**
 * Creates the check of an {@linkcode Origins}.
 *
 * @param origins the allowed origins.
 * @param action the action that the option is for, which begins the error message.
 * @param trustedProxies the number of proxies whose `X-Forwarded-Host` and `X-Forwarded-Proto` count for `same`. Default: 0.
 * @returns the check.
 * @throws {TypeError} for a value of the wrong type, or a list with a value that is not an origin: a scheme, a host, and a
 * port if it is not the default of the scheme.
 */
export function originCheck(
  origins: Origins,
  action = "Cannot serve",
  trustedProxies = 0,
): OriginCheck {
  if (origins === "any") return () => true;
  if (origins === "same") {
    return (origin, request) => isSame(origin, request, trustedProxies);
  }
  if (typeof origins === "function") {
    return async (origin, request) =>
      origin !== "null" && await origins(origin, request) === true;
  }
  if (!Array.isArray(origins)) {
    throw new TypeError(
      `${action}: the option 'origins' must be 'same', 'any', a list or a function, not ${
        typeof origins === "string" ? `'${origins}'` : typeof origins
      }`,
    );
  }
  for (const origin of origins) {
    const problem = originProblem(origin);
    if (problem !== undefined) throw new TypeError(`${action}: ${problem}`);
  }
  const allowed = new Set<string>(origins);
  return (origin) => allowed.has(origin);
}

/** Returns the reason why a value is not an origin, or `undefined`. */
export function originProblem(origin: unknown): string | undefined {
  const text = String(origin);
  // A star would be compared as a letter, so a pattern would match nothing.
  return typeof origin === "string" && !/^null$|\*/.test(text) &&
      (URL.parse(text)?.origin === text || isAppOrigin(text))
    ? undefined
    : `'${text}' is not an origin such as https://app.example`;
}

/** The schemes whose origins a URL parser returns in their only form. */
const WEB_SCHEME = /^(?:https?|wss?|ftp|blob|file|data|javascript|about):/;

/**
 * Returns true for the origin of an app or an extension, such as `capacitor://localhost` or `chrome-extension://abc`. A URL
 * parser gives these no origin, so they are compared as text.
 */
function isAppOrigin(text: string): boolean {
  return !WEB_SCHEME.test(text) &&
    /^[a-z][a-z\d+.-]*:\/\/[\w.~-]+(?::\d{1,5})?$/.test(text);
}

/** The origin has the scheme and the host that the request was sent to, as far as they are known. */
function isSame(origin: string, request: Request, proxies: number): boolean {
  const page = URL.parse(origin);
  const host = requestedHost(request, proxies);
  if (page === null || page.origin !== origin || host === null) return false;
  if (isEncrypted(request, proxies) && page.protocol !== "https:") return false;
  // With the page's scheme: behind a proxy that ends TLS, this server's own scheme is a different one.
  return URL.parse(`${page.protocol}//${host}`)?.host === page.host;
}

/**
 * Returns the host that the browser sent the request to: that of the last `X-Forwarded-Host` behind a trusted proxy, which a
 * page cannot set on a WebSocket, otherwise the `Host` header.
 */
export function requestedHost(
  request: Request,
  proxies: number,
): string | null {
  const forwarded = lastForwarded(request, "x-forwarded-host", proxies);
  const host = forwarded ?? request.headers.get("host");
  if (host !== null) return host;
  // HTTP/2, which browsers use with TLS only, has no Host header: the URL has its `:authority` (RFC 9113 section 8.3.1).
  const url = URL.parse(request.url);
  return url?.protocol === "https:" ? url.host : null;
}

/** Returns true if the browser's connection is known to use TLS: a page over http is another origin. */
function isEncrypted(request: Request, proxies: number): boolean {
  // Some proxies write the scheme of the WebSocket.
  return proxies > 0
    ? /^(?:https|wss)$/i.test(
      lastForwarded(request, "x-forwarded-proto", proxies) ?? "",
    )
    : URL.parse(request.url)?.protocol === "https:";
}

function lastForwarded(
  request: Request,
  header: string,
  proxies: number,
): string | undefined {
  if (proxies === 0) return undefined;
  return request.headers.get(header)?.split(",").at(-1)?.trim() || undefined;
}
