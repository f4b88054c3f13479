import { methodNotAllowed, plainText } from "./responses.ts";

/** The part of the hub that readiness depends on. */
interface Readiness {
  readonly readiness: "ready" | "draining" | "full" | "store-failing";
}

/**
 * Answers `/healthz` (200 while the process runs) and `/readyz` (200 while the hub accepts new connections). They need no
 * token, because the answers contain nothing else.
 *
 * @param request the request.
 * @param path the path of its URL.
 * @param hub the hub.
 * @returns the response, or `undefined` for any other path.
 */
export function health(
  request: Request,
  path: string,
  hub: Readiness,
): Response | undefined {
  if (path !== "/healthz" && path !== "/readyz") return undefined;
  const refused = methodNotAllowed(request);
  if (refused !== undefined) return refused;
  const state = path === "/healthz" ? "ready" : hub.readiness;
  return state === "ready"
    ? plainText(200, "ok")
    : plainText(503, state, { "retry-after": "1" });
}
