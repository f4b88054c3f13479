import { timingSafeEqual } from "node:crypto";
import type { OptionNames } from "../common/options.ts";
import type { Metrics, Observer } from "../hub/observe/observer.ts";
import { methodNotAllowed, plainText } from "./responses.ts";

/** Options of {@linkcode createHandler} for the operation of a server. */
export interface AdminOptions {
  /**
   * The token that `/metrics` requires as `Authorization: Bearer …`; at least 16 characters.
   *
   * @default none
   */
  readonly adminToken?: string | undefined;
  /**
   * The metrics that `/metrics` answers with, such as `prometheus()`. They need an `adminToken`.
   *
   * @default none, `/metrics` is a 404
   */
  readonly metrics?: Metrics | undefined;
}

/** The names of {@linkcode AdminOptions}. */
export const ADMIN_OPTION_NAMES: OptionNames<AdminOptions> = {
  adminToken: true,
  metrics: true,
};

/** The number of tries is not limited, so a shorter token could be guessed. */
const MIN_TOKEN_LENGTH = 16;

/**
 * Creates the handler of `/metrics`, and observes the hub with the metrics.
 *
 * @param hub the hub to observe.
 * @param options see {@linkcode AdminOptions}.
 * @param action the action that they are for, which begins the error message.
 * @returns a function that returns `undefined` for any other path, or if there are no metrics.
 * @throws {TypeError} when metrics are given without a token, or the token is too short.
 */
export function adminHandler(
  hub: { observe(observer: Observer): unknown },
  { adminToken, metrics }: AdminOptions,
  action: string,
): (request: Request, path: string) => Promise<Response> | undefined {
  if (
    adminToken !== undefined &&
    !(typeof adminToken === "string" && adminToken.length >= MIN_TOKEN_LENGTH)
  ) {
    throw new TypeError(
      `${action}: the option 'adminToken' must be text of at least ${MIN_TOKEN_LENGTH} characters`,
    );
  }
  if (metrics === undefined) return () => undefined;
  if (adminToken === undefined) {
    throw new TypeError(
      `${action}: the option 'metrics' needs the option 'adminToken'`,
    );
  }
  const expected = digest(`Bearer ${adminToken}`);
  hub.observe(metrics);
  return (request, path) =>
    path === "/metrics" ? answer(request, expected, metrics) : undefined;
}

async function answer(
  request: Request,
  expected: Promise<Uint8Array>,
  metrics: Metrics,
): Promise<Response> {
  const given = digest(request.headers.get("authorization") ?? "");
  // Digests have one length, so the comparison does not reveal how much of the token was right.
  if (!timingSafeEqual(await given, await expected)) {
    return plainText(401, "The admin token is missing or wrong", {
      "www-authenticate": "Bearer",
    });
  }
  const refused = methodNotAllowed(request);
  if (refused !== undefined) return refused;
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
