/**
 * A server with small limits, so that sessions expire and cursors fall behind the log within a test:
 * `small_server.ts --port 0 '{"sessionMs":300}'`.
 *
 * @module
 */
import { serve, type ServeOptions } from "../../server.ts";

/** Options of {@linkcode smallServer}. */
export interface SmallServerOptions {
  /** The time to live of a session, in ms. Default: 300. */
  readonly sessionMs?: number;
  /** The records that a log keeps. Default: 64. */
  readonly maxRecords?: number;
  /** The heartbeat's timeout, in ms. Default: 25,000. */
  readonly timeoutMs?: number;
  /** The store. Default: in memory. */
  readonly store?: ServeOptions["store"];
}

/** Starts the server in this process. */
export function smallServer(
  options: SmallServerOptions = {},
): ReturnType<typeof serve> {
  const { sessionMs = 300, maxRecords = 64, timeoutMs = 25_000, store } =
    options;
  const server = serve({
    port: 0,
    sessionMs,
    topics: { "*": { maxRecords } },
    heartbeat: { intervalMs: timeoutMs / 2.5, timeoutMs },
    ...(store === undefined ? {} : { store }),
    onError: (error, { stage }) => console.error(stage, error),
  });
  // Sends a direct message to the peer. The reply is its offset in the peer's direct log.
  server.hub.handle(
    "direct",
    (message, { peer }) => peer.send(message as { type: string }),
  );
  return server;
}

if (import.meta.main) {
  const { addr } = smallServer(JSON.parse(Deno.args[2] ?? "{}"));
  console.log(`listens on http://127.0.0.1:${addr.port}`);
}
