import type { Hub } from "../hub/hub.ts";
import type { MessageMap, RequestMap } from "../messages.ts";
import { adminOf, type AdminOptions } from "./admin.ts";
import { type AdmissionOptions, admissionRules } from "./admission.ts";
import { plainText } from "./responses.ts";
import { serveAsset } from "./assets.ts";
import { health } from "./health.ts";
import { refusedOf } from "./refused_handshake.ts";
import { type Accept, acceptWithDeno, upgrade } from "./upgrade.ts";

/** Options of {@linkcode createHandler}. */
export interface HandlerOptions extends AdmissionOptions, AdminOptions {
  /** Whether the page, `client.ts` and `messages.ts` are served. Default: `true`. */
  readonly page?: boolean;
}

/** What the handler wants to know of a connection: the second argument that `Deno.serve` gives. */
export interface HandlerInfo {
  /** The other side. */
  readonly remoteAddr?: Deno.Addr;
}

/** A request handler, as `Deno.serve` and any Deno framework takes it. */
export type Handler = (
  request: Request,
  info?: HandlerInfo,
) => Response | Promise<Response>;

/**
 * Makes the request handler of a hub: WebSockets on `/ws` and `/`, the page, `/healthz` and `/readyz`.
 *
 * @param hub where connections go.
 * @param options see {@linkcode HandlerOptions}.
 * @returns a handler to give to `Deno.serve`, or to mount in a framework. Whatever it does not know is a 404.
 * @throws {TypeError} or {@linkcode RangeError} when an option is none.
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createHub } from "../hub.ts";
 * import { createHandler } from "./handler.ts";
 *
 * await using hub = createHub();
 * const handler = createHandler(hub);
 * const response = await handler(new Request("http://localhost/healthz"));
 * assertEquals(await response.text(), "ok\n");
 * ```
 */
export function createHandler<M extends MessageMap, R extends RequestMap>(
  hub: Hub<M, R>,
  options: HandlerOptions = {},
): Handler {
  return handlerWith(acceptWithDeno, hub, options);
}

/**
 * The same for another transport.
 *
 * @param accept how it opens a WebSocket.
 * @param hub where connections go.
 * @param options see {@linkcode HandlerOptions}.
 */
export function handlerWith<M extends MessageMap, R extends RequestMap>(
  accept: Accept,
  hub: Hub<M, R>,
  options: HandlerOptions,
): Handler {
  const { page = true } = options;
  const rules = admissionRules(options);
  const admin = adminOf(hub, options);
  return async (request, info) => {
    const path = pathOf(request);
    if (path === undefined) return plainText(400, "Not a URL's host or path");
    const aside = health(request, path, hub) ?? admin(request, path);
    if (aside !== undefined) return aside;
    const wantsUpgrade =
      request.headers.get("upgrade")?.toLowerCase() === "websocket";
    if (wantsUpgrade && (path === "/ws" || path === "/")) {
      const remote = info?.remoteAddr;
      const address = remote !== undefined && "hostname" in remote
        ? remote.hostname
        : "";
      const handshake = refusedOf(request, path, address);
      const answer = hub.isDraining
        ? draining()
        : await upgrade(request, address, { hub, rules, accept });
      const { status } = answer;
      if (status >= 400) hub.refused({ ...handshake, status });
      return answer;
    }
    if (hub.isDraining) return draining();
    if (path === "/ws") {
      return plainText(
        426,
        "This is a WebSocket endpoint: ask for an upgrade",
        {
          upgrade: "websocket",
          connection: "upgrade",
        },
      );
    }
    const asset = page ? await serveAsset(request, path) : undefined;
    return asset ?? plainText(404, "There is nothing here");
  };
}

function draining(): Response {
  return plainText(503, "Draining", { "retry-after": "1" });
}

/** The path asked for; `undefined` where the Host header that came does not make a URL of it. */
function pathOf(request: Request): string | undefined {
  try {
    return new URL(request.url).pathname;
  } catch {
    return undefined;
  }
}
