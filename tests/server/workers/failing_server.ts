/**
 * A server with two workers that fail on request. It has its own process, because that of the tests cannot share a port.
 *
 * @module
 */
import { DEFAULT_LIMITS } from "../../../hub/limits.ts";
import { serveWorkers } from "../../../server/workers/workers.ts";

const [worker = "failing_worker.ts"] = Deno.args;
const server = await serveWorkers({
  workers: 2,
  port: 0,
  hostname: "127.0.0.1",
  limits: DEFAULT_LIMITS,
  origins: "any",
  trustedProxies: 0,
  url: new URL(worker, import.meta.url),
  onError: (error, { stage }) => console.log(`${stage}: ${error}`),
});
console.log(`http://localhost:${server.addr.port}`);
Deno.addSignalListener("SIGTERM", async () => {
  await server.drain();
  Deno.exit(0);
});
