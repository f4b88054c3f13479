/**
 * The strict server: the hub, page and responses of `serve`, on `node:http` and the npm package `ws` instead of
 * `Deno.serve`. It bounds what the runtime's own WebSockets cannot (docs/security.md). No module of `mod.ts` imports it.
 *
 * @module
 */
import { checkNumber, type OptionNames } from "../../common/options.ts";
import { limitOptions } from "../../hub/limits.ts";
import type {
  AnyMessages,
  AnyRequests,
  MessageMap,
  RequestMap,
} from "../../messages.ts";
import {
  SERVE_OPTION_NAMES,
  type ServeOptions,
  type Server,
  Service,
} from "../service.ts";
import { loadWs } from "./load_ws.ts";
import { NodeServer } from "./node_server.ts";

/** The default time for a request to arrive, in ms. */
export const DEFAULT_HANDSHAKE_MS = 10_000;

/** Connections above `limits.peers`: incoming requests, those of the page, and those that are being refused. */
const SPARE_CONNECTIONS = 1_000;

/**
 * Options of {@linkcode serveStrict}: those of `serve` without `reusePort`, and `handshakeMs`.
 *
 * @typeParam M the message types.
 * @typeParam R the request methods, with their data and replies.
 * @typeParam P the data of a member of a topic's presence.
 * @typeParam Auth the `auth` of the grants that `authorize` returns.
 * @typeParam State the program's own data of each peer.
 */
export interface StrictOptions<
  M extends MessageMap = AnyMessages,
  R extends RequestMap = AnyRequests,
  P = unknown,
  Auth = unknown,
  State = unknown,
> extends Omit<ServeOptions<M, R, P, Auth, State>, "reusePort"> {
  /**
   * The time in which a request has to arrive, in ms; then the connection is closed.
   *
   * @default 10_000
   */
  readonly handshakeMs?: number | undefined;
}

// `node:http` cannot share a port.
const { reusePort: _, ...SHARED_NAMES } = SERVE_OPTION_NAMES;

const STRICT_OPTION_NAMES: OptionNames<StrictOptions> = {
  ...SHARED_NAMES,
  handshakeMs: true,
};

/**
 * Starts a server that drops stalled connections, bounds the memory of an incoming message, and closes with the code of the
 * reason. It reads no environment variables, and needs no permission but `--allow-net`.
 *
 * @typeParam M the message types.
 * @typeParam R the request methods, with their data and replies.
 * @typeParam P the data of a member of a topic's presence.
 * @typeParam Auth the `auth` of the grants that `authorize` returns.
 * @typeParam State the program's own data of each peer.
 * @param options see {@linkcode StrictOptions}.
 * @returns the running server, once it listens.
 * @throws {TypeError} (as a rejection) for an unknown option or a value of the wrong type.
 * @throws {RangeError} (as a rejection) for a number out of bounds.
 * @throws {Deno.errors.AddrInUse} (as a rejection) when the port is in use.
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
  const action = "Cannot serve";
  const {
    port = 8000,
    hostname = "127.0.0.1",
    handshakeMs = DEFAULT_HANDSHAKE_MS,
  } = options;
  checkNumber(action, "handshakeMs", handshakeMs);
  const { messageBytes, peers } = limitOptions(options.limits, action);
  const listening = new NodeServer(await loadWs(), {
    messageBytes,
    connections: peers + SPARE_CONNECTIONS,
    handshakeMs,
    tls: options.tls,
  });
  const service = new Service(options, listening.accept, STRICT_OPTION_NAMES);
  try {
    const { handler, onError } = service;
    await listening.listen({ port, hostname, handler, onError });
  } catch (error) {
    service.abandon();
    throw error;
  }
  return service.run(listening);
}
