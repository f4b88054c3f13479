/**
 * The server: {@linkcode serve} starts a hub with its page, {@linkcode createHandler} mounts a hub in another server, and
 * `deno serve server.ts` runs the default export.
 *
 * @module
 */
import { createHub } from "./hub.ts";
import { createHandler, type Handler } from "./server/handler.ts";

export { createHub, type CreateHubOptions } from "./hub.ts";
export { type AdminOptions } from "./server/admin.ts";
export { type AdmissionOptions } from "./server/admission/admission.ts";
export { type Origins } from "./server/admission/origins.ts";
export { type DrainOptions } from "./server/drain.ts";
export {
  createHandler,
  type Handler,
  type HandlerInfo,
  type HandlerOptions,
} from "./server/handler.ts";
export {
  serve,
  type ServeOptions,
  type Server,
  type TlsOptions,
} from "./server/serve.ts";

let handler: Promise<Handler> | undefined;

/** Creates the handler of the default export. It imports the contract here, because programs that import `serve` have their own. */
async function createStockHandler(): Promise<Handler> {
  const { contract } = await import("./static/contract.ts");
  return createHandler(createHub({ contract }));
}

/**
 * The server of `deno serve server.ts`: a hub with its page. The hub is created at the first request, because importing a
 * module must have no effect.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import server from "./server.ts";
 *
 * const response = await server.fetch(new Request("http://localhost/healthz"));
 * assertEquals(await response.text(), "ok\n");
 * ```
 */
const server: { fetch: Handler } = {
  async fetch(request, info) {
    return await (await (handler ??= createStockHandler()))(request, info);
  },
};

export default server;
