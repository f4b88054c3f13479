/** The stock server's hub with one handler of requests, which gives back what it gets. */
import { NO_LIMITS } from "../../hub/limits.ts";
import { serve } from "../../server/serve.ts";
import { contract } from "../../static/contract.ts";

const { hub, addr } = serve({ port: 0, contract, limits: NO_LIMITS });
hub.handle("echo", (_data: unknown): _data is unknown => true, (data) => data);
console.log(`listens on http://127.0.0.1:${addr.port}`);
