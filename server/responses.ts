import { STATUS_TEXT, type StatusCode } from "jsr:@std/http@^1/status";

/**
 * A plain text answer: what is wrong, or what there is, in one sentence.
 *
 * @param status the HTTP status.
 * @param text the body, without the line's end. Default: the status in words.
 * @param headers more headers.
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
      ...headers,
    },
  });
}
