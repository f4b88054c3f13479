import { STATUS_TEXT, type StatusCode } from "jsr:@std/http@^1/status";

/**
 * Creates a plain text response of one sentence. A refusal asks to close the connection, which would stay idle.
 *
 * @param status the HTTP status.
 * @param text the body, without a line end. Default: the status text.
 * @param headers more headers. Default: none.
 */
export function plainText(
  status: StatusCode,
  text: string = STATUS_TEXT[status],
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(`${text}\n`, {
    status,
    headers: {
      "content-type": "text/plain; charset=utf-8",
      "cache-control": "no-store",
      ...(status >= 400 ? { connection: "close" } : {}),
      ...headers,
    },
  });
}

/** Returns a 405 for every method but GET and HEAD, and `undefined` for these two. */
export function methodNotAllowed({ method }: Request): Response | undefined {
  if (method === "GET" || method === "HEAD") return undefined;
  return plainText(405, "Method not allowed: use GET or HEAD", {
    allow: "GET, HEAD",
  });
}
