/**
 * Explains why no WebSocket opens. A browser does not show the HTTP status of a refused handshake to the page, so the page
 * asks again with a request of its own.
 * @module
 */

/** The parts of a response that the explanation depends on. */
export interface Answer {
  /** The HTTP status. */
  readonly status: number;
  /** True if the response is a redirect. */
  readonly isRedirect: boolean;
}

/**
 * Explains the answer to an HTTP request for the WebSocket's URL.
 *
 * @param answer the answer; undefined if there was none.
 * @param origin the page's origin.
 * @returns what is wrong and what to do, in sentences.
 */
export function handshakeProblem(
  answer: Answer | undefined,
  origin: string,
): string {
  if (answer === undefined) {
    return "The server cannot be reached. The page keeps trying.";
  }
  if (answer.isRedirect) {
    return "The server answers with a redirect, for example to a login page. Reload the page.";
  }
  const { status } = answer;
  switch (status) {
    case 401:
      return "The server requires a login (status 401). Reload the page.";
    case 403:
      return `The server refuses WebSockets of pages of ${origin} (status 403). If a proxy is in front of the server, it has to pass the Host header on unchanged. Otherwise start the server with --origins ${origin}.`;
    case 404:
      return "The server has no WebSocket endpoint at this URL (status 404). If a proxy adds or removes a path prefix, its route for “ws” has to match that of the page.";
    case 426:
      return "The server receives no WebSocket handshake (status 426). The proxy in front of it has to pass the headers Upgrade and Connection on.";
    case 429:
      return "The server has too many connections from this address (status 429). Close other tabs, or wait.";
    case 502:
    case 504:
      return `The proxy does not reach the server (status ${status}). Start the server, or correct the proxy’s address for it.`;
    case 503:
      return "The server is full or is restarting (status 503). The page keeps trying.";
    default:
      return `The server answers the request for the WebSocket with the status ${status}.`;
  }
}

/**
 * Requests the WebSocket's URL by HTTP.
 *
 * @param url the `ws:` or `wss:` URL.
 * @returns the answer; undefined if there was none.
 */
export async function askServer(url: string): Promise<Answer | undefined> {
  try {
    const response = await fetch(url.replace(/^ws/, "http"), {
      // A browser sends no Origin with a GET request to the page's own host, and the server decides by the origin.
      method: "POST",
      redirect: "manual",
      cache: "no-store",
    });
    await response.body?.cancel();
    return {
      status: response.status,
      isRedirect: response.type === "opaqueredirect",
    };
  } catch {
    return undefined;
  }
}
