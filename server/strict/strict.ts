/**
 * The strict server: the hub, page and answers of `serve`, over `node:http` and the npm package `ws` instead of
 * `Deno.serve`. It bounds what the runtime's own WebSockets cannot: docs/security.md. Nothing in `mod.ts` needs it.
 *
 * @module
 */
import { loadWs } from "./load_ws.ts";
import { checkNumber } from "../../common/options.ts";
import { limitOptions } from "../../hub/limits.ts";
import type {
  AnyMessages,
  AnyRequests,
  MessageMap,
  RequestMap,
} from "../../messages.ts";
import { NodeServer } from "./node_server.ts";
import { type ServeOptions, type Server, Service } from "../service.ts";

/** How long a request may take to come, in ms, unless an option says otherwise. */
export const DEFAULT_HANDSHAKE_MS = 10_000;

/** Connections above `limits.peers`: requests that are on their way, the page's, and what is being refused. */
const SPARE_CONNECTIONS = 1_000;

/** Options of {@linkcode serveStrict}: those of `serve`, and one more. */
export interface StrictOptions<
  M extends MessageMap = AnyMessages,
  R extends RequestMap = AnyRequests,
  P = unknown,
  Auth = unknown,
  State = unknown,
> extends ServeOptions<M, R, P, Auth, State> {
  /** How long a request may take to come, in ms; then the connection is ended. Default: 10,000. */
  readonly handshakeMs?: number;
}

/**
 * Starts a server that drops who stalls, takes no more into memory than a message may have, and closes with the code that
 * says why. It reads no environment, and needs no permission but `--allow-net`.
 *
 * @param options see {@linkcode StrictOptions}.
 * @returns the running server, once it listens.
 * @throws {Deno.errors.AddrInUse} (as a rejection) when the port is taken, {@linkcode RangeError} when a number is not one.
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { serveStrict } from "./strict.ts";
 *
 * await using server = await serveStrict({ port: 0 });
 * const response = await fetch(`http://127.0.0.1:${server.addr.port}/healthz`);
 * assertEquals(await response.text(), "ok\n");
 * ```
 */
export async function serveStrict<
  M extends MessageMap = AnyMessages,
  R extends RequestMap = AnyRequests,
  P = unknown,
  Auth = unknown,
  State = unknown,
>(
  options: StrictOptions<M, R, P, Auth, State> = {},
): Promise<Server<M, R, P, Auth, State>> {
  const {
    port = 8000,
    hostname = "127.0.0.1",
    handshakeMs = DEFAULT_HANDSHAKE_MS,
  } = options;
  checkNumber("Cannot serve", "handshakeMs", handshakeMs);
  const { messageBytes, peers } = limitOptions(options.limits, "Cannot serve");
  const listening = new NodeServer(await loadWs(), {
    messageBytes,
    connections: peers + SPARE_CONNECTIONS,
    handshakeMs,
    tls: options.tls,
  });
  const service = new Service(options, listening.accept);
  try {
    const { answer: handler, failed: onError } = service;
    await listening.listen({ port, hostname, handler, onError });
  } catch (error) {
    service.abandon();
    throw error;
  }
  return service.running(listening);
}
