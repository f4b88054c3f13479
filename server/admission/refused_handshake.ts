import type { RefusedHandshake } from "../../hub/observer.ts";

/**
 * Copies what observers receive of a refused handshake. The caller copies before the upgrade, after which the request may
 * not be readable. The query is left out: it may hold a secret.
 */
export function refusedHandshake(
  request: Request,
  path: string,
  address: string,
): Omit<RefusedHandshake, "status"> {
  return {
    address,
    path,
    origin: request.headers.get("origin") ?? undefined,
    userAgent: request.headers.get("user-agent") ?? undefined,
  };
}
