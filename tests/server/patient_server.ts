/**
 * A server whose heartbeat waits an hour, without limits, for tests in which a peer does not read for as long as the machine
 * needs: `patient_server.ts deno|strict`.
 *
 * @module
 */
import { NO_LIMITS } from "../../hub/limits.ts";
import { serve } from "../../server.ts";
import { serveStrict } from "../../server/strict/strict.ts";

if (import.meta.main) {
  const listen = Deno.args[0] === "strict" ? serveStrict : serve;
  const server = await listen({
    port: 0,
    hostname: "127.0.0.1",
    limits: NO_LIMITS,
    heartbeat: { intervalMs: 1_200_000, timeoutMs: 3_600_000 },
  });
  Deno.addSignalListener("SIGTERM", async () => {
    await server.drain();
    Deno.exit(0);
  });
  console.log(`listens on http://127.0.0.1:${server.addr.port}/`);
}
