/** The stock server's hub with one request handler, which returns the data. */
import { NO_LIMITS } from "../../hub/limits.ts";
import { serve } from "../../server/serve.ts";
import { contract } from "../../static/contract.ts";

const { hub, addr } = serve({ port: 0, contract, limits: NO_LIMITS });
const anything = (_data: unknown): _data is unknown => true;
hub.handle("echo", (data) => data, { data: anything });
console.log(`listens on http://127.0.0.1:${addr.port}`);
