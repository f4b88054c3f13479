/**
 * A server whose bounds are small, so that sessions end and cursors fall off the log within a test:
 * `small_server.ts --port 0 '{"sessionMs":300}'`.
 *
 * @module
 */
import { serve, type ServeOptions } from "../../server.ts";

/** What a test may set. */
export interface SmallServerOptions {
  /** How long a session can be resumed. Default: 300. */
  readonly sessionMs?: number;
  /** Records that a log keeps. Default: 64. */
  readonly maxRecords?: number;
  /** After how long a silent peer is dead. Default: 25,000. */
  readonly timeoutMs?: number;
  /** Its store. Default: in memory. */
  readonly store?: ServeOptions["store"];
}

/** The same server in this process. */
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
  // What the hub sends to one peer alone: the answer is the offset in that peer's own log.
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
