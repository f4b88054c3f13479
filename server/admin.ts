import { timingSafeEqual } from "node:crypto";
import type { Metrics, Observer } from "../hub/observer.ts";
import { plainText } from "./responses.ts";

/** Options of `createHandler` for those who look after the server. */
export interface AdminOptions {
  /**
   * What `/metrics` needs: whoever asks sends it as `Authorization: Bearer …`. At least 16 characters. Without one there
   * is no `/metrics`.
   */
  readonly adminToken?: string | undefined;
  /** The metrics that `/metrics` answers with, such as `prometheus()`. Default: none, `/metrics` is a 404. */
  readonly metrics?: Metrics | undefined;
}

/** Guessing a shorter token would be a matter of time: there is no limit on tries. */
const MIN_TOKEN_LENGTH = 16;

/**
 * Makes the answer to `/metrics`.
 *
 * @returns `undefined` for any other path, or where there are no metrics.
 * @throws {TypeError} when there are metrics and no token, or the token is too short.
 */
export function adminOf(
  hub: { observe(observer: Observer): unknown },
  { adminToken, metrics }: AdminOptions,
): (request: Request, path: string) => Promise<Response> | undefined {
  if (adminToken !== undefined && adminToken.length < MIN_TOKEN_LENGTH) {
    throw new TypeError(
      `The option 'adminToken' has at least ${MIN_TOKEN_LENGTH} characters`,
    );
  }
  if (metrics === undefined) return () => undefined;
  if (adminToken === undefined) {
    throw new TypeError("The option 'metrics' needs an 'adminToken'");
  }
  const wanted = digest(`Bearer ${adminToken}`);
  hub.observe(metrics);
  return (request, path) =>
    path === "/metrics" ? answer(request, wanted, metrics) : undefined;
}

async function answer(
  request: Request,
  wanted: Promise<Uint8Array>,
  metrics: Metrics,
): Promise<Response> {
  const given = digest(request.headers.get("authorization") ?? "");
  // Digests are of one length, and say nothing of how much of the token was right.
  if (!timingSafeEqual(await given, await wanted)) {
    return plainText(401, "Only with the admin token", {
      "www-authenticate": "Bearer",
    });
  }
  if (request.method !== "GET" && request.method !== "HEAD") {
    return plainText(405, "Only GET and HEAD", { allow: "GET, HEAD" });
  }
  const text = await metrics.text();
  return new Response(request.method === "HEAD" ? null : text, {
    headers: {
      "content-type": metrics.contentType,
      "cache-control": "no-store",
    },
  });
}

async function digest(text: string): Promise<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}
