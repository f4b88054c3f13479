import {
  checkBoolean,
  checkNames,
  type OptionNames,
} from "../common/options.ts";
import type { Hub } from "../hub/hub.ts";
import type { MessageMap, RequestMap } from "../messages.ts";
import {
  ADMISSION_OPTION_NAMES,
  type AdmissionOptions,
  admissionRules,
  refuseOrigin,
} from "./admission/admission.ts";
import { refusedHandshake } from "./admission/refused_handshake.ts";
import {
  ADMIN_OPTION_NAMES,
  adminHandler,
  type AdminOptions,
} from "./admin.ts";
import { health } from "./health.ts";
import { plainText } from "./responses.ts";
import { type Accept, acceptWithDeno, upgrade } from "./upgrade.ts";

/** Options of {@linkcode createHandler}. */
export interface HandlerOptions extends AdmissionOptions, AdminOptions {
  /**
   * Serves the page, `client.ts` and `messages.ts`.
   *
   * @default true
   */
  readonly page?: boolean | undefined;
}

/** The names of {@linkcode HandlerOptions}. */
export const HANDLER_OPTION_NAMES: OptionNames<HandlerOptions> = {
  ...ADMISSION_OPTION_NAMES,
  ...ADMIN_OPTION_NAMES,
  page: true,
};

/** The second argument of a {@linkcode Handler}, as `Deno.serve` passes it. */
export interface HandlerInfo {
  /**
   * The address of the other side. Without it, the limits per address count all connections as those of one address.
   *
   * @default none
   */
  readonly remoteAddr?: Deno.Addr;
}

/** A request handler for `Deno.serve` and for frameworks on Deno. */
export type Handler = (
  request: Request,
  info?: HandlerInfo,
) => Response | Promise<Response>;

/**
 * Creates the request handler of a hub: WebSockets on `/ws` and `/`, the page, `/healthz`, `/readyz` and `/metrics`.
 *
 * @typeParam M the message types of the hub's contract.
 * @typeParam R the requests of the hub's contract.
 * @param hub the hub that the connections are attached to.
 * @param options see {@linkcode HandlerOptions}.
 * @returns a handler to pass to `Deno.serve`, or to mount in a framework. It responds with 404 to unknown paths.
 * @throws {TypeError} for an unknown option or a value of the wrong type.
 * @throws {RangeError} for a number out of bounds.
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
  return createHandlerFor(hub, options, {
    action: "Cannot create the handler",
    accept: acceptWithDeno,
  });
}

/**
 * Creates the request handler of a hub for a server of any transport.
 *
 * @param hub the hub that the connections are attached to.
 * @param options see {@linkcode HandlerOptions}.
 * @param server the action that the options are for, which begins the error messages, and a function that opens a WebSocket
 * with the transport.
 */
export function createHandlerFor<M extends MessageMap, R extends RequestMap>(
  hub: Hub<M, R>,
  options: HandlerOptions,
  { action, accept }: { readonly action: string; readonly accept: Accept },
): Handler {
  checkNames(action, options, HANDLER_OPTION_NAMES);
  const { page = true } = options;
  checkBoolean(action, "page", page);
  const rules = admissionRules(options, action);
  const admin = adminHandler(hub, options, action);
  return async (request, info) => {
    const path = pathOf(request);
    if (path === undefined) return plainText(400, "Invalid host or path");
    const operational = health(request, path, hub) ?? admin(request, path);
    if (operational !== undefined) return operational;
    const isUpgrade =
      request.headers.get("upgrade")?.toLowerCase() === "websocket";
    if (isUpgrade && (path === "/ws" || path === "/")) {
      const remote = info?.remoteAddr;
      const address = remote !== undefined && "hostname" in remote
        ? remote.hostname
        : "";
      const handshake = refusedHandshake(request, path, address);
      const response = hub.isDraining
        ? draining()
        : await upgrade(request, address, { hub, rules, accept });
      const { status } = response;
      if (status >= 400) hub.refused({ ...handshake, status });
      return response;
    }
    if (hub.isDraining) return draining();
    if (path === "/ws") {
      // A page cannot read the status of a refused handshake: it sends a POST to ask for the reason.
      return refuseOrigin(request, rules) ??
        plainText(426, "This endpoint accepts WebSocket handshakes only", {
          upgrade: "websocket",
          connection: "upgrade",
        });
    }
    const asset = page ? await servePage(request, path) : undefined;
    return asset ?? plainText(404, "Not found");
  };
}

/**
 * Serves the page and its files. Their modules are loaded at the first request: a literal `import()` is part of the module
 * graph, so it needs no permission and no download at run time. docs/decisions/0027.
 */
async function servePage(
  request: Request,
  path: string,
): Promise<Response | undefined> {
  const { serveAsset } = await import("./page/assets.ts");
  return await serveAsset(request, path);
}

function draining(): Response {
  return plainText(503, "Draining", { "retry-after": "1" });
}

/** Returns the path of the URL; `undefined` where the Host header and the path do not form a URL. */
function pathOf(request: Request): string | undefined {
  try {
    return new URL(request.url).pathname;
  } catch {
    return undefined;
  }
}
