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
 * @param action the action that the option is for, which begins the error message.
 * @returns the check.
 * @throws {TypeError} for a value of the wrong type, or a list with a value that is not an origin: a scheme, a host, and a
 * port where it is not the default of the scheme.
 */
export function originCheck(
  origins: Origins,
  action = "Cannot serve",
): OriginCheck {
  if (origins === "any") return () => true;
  if (origins === "same") return isSame;
  if (typeof origins === "function") {
    return (origin, request) =>
      origin !== "null" && origins(origin, request) === true;
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
  return typeof origin === "string" && URL.parse(text)?.origin === text &&
      !/^null$|\*/.test(text)
    ? undefined
    : `'${text}' is not an origin such as https://app.example`;
}

function isSame(origin: string, request: Request): boolean {
  const page = URL.parse(origin);
  const host = request.headers.get("host");
  if (page === null || page.origin !== origin || host === null) return false;
  // With the page's scheme: behind a proxy that ends TLS, this server's own scheme is a different one.
  return URL.parse(`${page.protocol}//${host}`)?.host === page.host;
}
