/**
 * Drumbeat with one request that answers with what it was asked. The stock server has none; every other scenario runs
 * that. `drumbeat.ts PORT`.
 *
 * @module
 */
import { NO_LIMITS } from "../../hub/limits.ts";
import { serve } from "../../server.ts";
import { contract } from "../../static/contract.ts";

const { hub } = serve({
  port: Number(Deno.args[0]),
  limits: NO_LIMITS,
  contract,
});
hub.handle("echo", () => true, (data) => data);
