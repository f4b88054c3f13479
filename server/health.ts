import { plainText } from "./answers.ts";

/** Why a server should be sent no newcomers; `undefined`: it should. */
type Unready = "draining" | "full" | undefined;

/** The hub, as far as its health goes. */
interface Alive {
  readonly isDraining: boolean;
  readonly hasRoom: boolean;
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
  const why = path === "/readyz" ? unready(hub) : undefined;
  return why === undefined
    ? plainText(200, "ok")
    : plainText(503, why, { "retry-after": "1" });
}

function unready(hub: Alive): Unready {
  if (hub.isDraining) return "draining";
  return hub.hasRoom ? undefined : "full";
}
