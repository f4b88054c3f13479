import type { RefusedHandshake } from "../hub/observer.ts";

/**
 * What is told of a handshake, should it be refused: copied before the upgrade, after which the request may be dead. The
 * query is left out: it may hold what is nobody's business.
 */
export function refusedOf(
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
