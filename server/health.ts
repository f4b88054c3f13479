import { plainText } from "./responses.ts";

/** The hub, as far as its health goes. */
interface Alive {
  readonly readiness: "ready" | "draining" | "full" | "store";
}

/**
 * Answers the questions of those who look after the process: `/healthz`, whether it lives, and `/readyz`, whether it
 * takes newcomers. Both without a token: they tell nothing else.
 *
 * @returns `undefined` for any other path.
 */
export function health(
  request: Request,
  path: string,
  hub: Alive,
): Response | undefined {
  if (path !== "/healthz" && path !== "/readyz") return undefined;
  if (request.method !== "GET" && request.method !== "HEAD") {
    return plainText(405, "Only GET and HEAD", { allow: "GET, HEAD" });
  }
  const state = path === "/healthz" ? "ready" : hub.readiness;
  return state === "ready"
    ? plainText(200, "ok")
    : plainText(503, state, { "retry-after": "1" });
}
