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
  type AdmissionRules,
  admissionRules,
  refuseOrigin,
} from "./admission/admission.ts";
import { requestedHost } from "./admission/origins.ts";
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
  /**
   * The path that everything is below: with `/realtime`, WebSockets connect to `/realtime/ws` and `/realtime/`, and the page is
   * at `/realtime/`. It begins with a slash and does not end with one.
   *
   * @default "", the root
   */
  readonly path?: string | undefined;
}

/** The names of {@linkcode HandlerOptions}. */
export const HANDLER_OPTION_NAMES: OptionNames<HandlerOptions> = {
  ...ADMISSION_OPTION_NAMES,
  ...ADMIN_OPTION_NAMES,
  page: true,
  path: true,
};

/** The second argument of a {@linkcode Handler}, as `Deno.serve` passes it. */
export interface HandlerInfo {
  /**
   * The address of the other side. Without it, the limits per address do not apply, which is reported once to `onError`.
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
  const { page = true, path: prefix = "" } = options;
  checkBoolean(action, "page", page);
  checkPath(action, prefix);
  const rules = admissionRules(
    options,
    action,
    (error) => hub.transport.report(error, "authorize"),
  );
  const admin = adminHandler(hub, options, action);
  let hasReported = false;
  const reportMissingAddress = () => {
    if (hasReported) return;
    hasReported = true;
    const text =
      "No remote address: the limits per address do not apply. Pass on the second argument of Deno.serve: handler(request, info)";
    hub.transport.report(new Error(text), "receive");
  };
  return async (request, info) => {
    const requested = pathOf(request);
    if (requested === undefined) return plainText(400, "Invalid host or path");
    const path = below(prefix, requested);
    if (path === undefined) return plainText(404, "Not found");
    const operational = health(request, path, hub) ?? admin(request, path);
    if (operational !== undefined) return operational;
    const isUpgrade =
      request.headers.get("upgrade")?.toLowerCase() === "websocket";
    if (isUpgrade && SOCKET_PATHS.has(path)) {
      const remote = info?.remoteAddr;
      const address = remote !== undefined && "hostname" in remote
        ? remote.hostname
        : "";
      const host = requestedHost(request, rules.trustedProxies);
      const handshake = refusedHandshake(request, requested, { address, host });
      const response = hub.isDraining
        ? draining()
        : await upgrade(request, address, { hub, rules, accept });
      const { status } = response;
      // A Unix socket has an address without a hostname: nothing is missing there.
      if (remote === undefined && status === 101) reportMissingAddress();
      if (status >= 400) hub.transport.refused({ ...handshake, status });
      return response;
    }
    if (hub.isDraining) return draining();
    if (path === "/ws") {
      // A page cannot read the status of a refused handshake: it sends a POST to ask for the reason.
      return await refuseOrigin(request, rules) ??
        plainText(426, "This endpoint accepts WebSocket handshakes only", {
          upgrade: "websocket",
          connection: "upgrade, close",
        });
    }
    const asset = page ? await servePage(request, path) : undefined;
    if (asset === undefined) return plainText(404, "Not found");
    if (path === "/" && requested === prefix) {
      // The page's links are relative. So is this one: a proxy may have removed a part of the path.
      const location = `./${prefix.slice(prefix.lastIndexOf("/") + 1)}/`;
      return plainText(308, "See the page", { location });
    }
    if (path.endsWith(".ts")) await allowOrigin(request, asset, rules);
    return asset;
  };
}

/** The paths below the prefix that accept WebSockets. */
const SOCKET_PATHS: ReadonlySet<string> = new Set(["/ws", "/ws/", "/"]);

function checkPath(action: string, path: unknown): void {
  if (path === "") return;
  if (
    typeof path === "string" && /^(?:\/[^/?#\s]+)+$/.test(path) &&
    URL.parse(path, "http://host")?.pathname === path
  ) return;
  throw new TypeError(
    `${action}: the option 'path' must be a path such as '/realtime', not ${
      typeof path === "string" ? `'${path}'` : typeof path
    }`,
  );
}

/** Returns the path below a prefix; `undefined` for a path that is not below it. */
function below(prefix: string, path: string): string | undefined {
  if (prefix === "") return path;
  if (path === prefix) return "/";
  return path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : undefined;
}

/** Lets the pages that may connect import the client: modules of another origin need CORS (Fetch Standard, section 3.2). */
async function allowOrigin(
  request: Request,
  { headers }: Response,
  rules: AdmissionRules,
): Promise<void> {
  headers.append("vary", "origin");
  const origin = request.headers.get("origin");
  if (origin === null) return;
  const refusal = await refuseOrigin(request, rules);
  if (refusal === undefined) headers.set("access-control-allow-origin", origin);
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

/** Returns the path of the URL; `undefined` if the Host header and the path do not form a URL. */
function pathOf(request: Request): string | undefined {
  try {
    return new URL(request.url).pathname;
  } catch {
    return undefined;
  }
}
