/**
 * The server: `serve` starts everything, `createHandler` goes into a server that is there already, and
 * `deno serve server.ts` runs the default export.
 *
 * @module
 */
import { createHub } from "./hub.ts";
import { createHandler, type Handler } from "./server/handler.ts";
import { contract } from "./static/contract.ts";

export {
  createHub,
  type CreateHubOptions,
  type StoreFactory,
  type StoreSettings,
} from "./hub.ts";
export { type AdminOptions } from "./server/admin.ts";
export { type AdmissionOptions } from "./server/admission.ts";
export { type Origins } from "./server/origins.ts";
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

let handler: Handler | undefined;

/** For `deno serve server.ts`: a hub of its own, made on the first request, because importing does nothing. */
const server: { fetch: Handler } = {
  fetch(request, info) {
    handler ??= createHandler(createHub({ contract }));
    return handler(request, info);
  },
};

export default server;
