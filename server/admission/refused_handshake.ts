import type { RefusedHandshake } from "../../hub/observer.ts";

/**
 * Copies the fields of a handshake that observers receive if it is refused. It has to be called before the upgrade, after
 * which the request may not be readable. The query is not copied: it may contain a secret.
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
