import type {
  AnyMessages,
  AnyRequests,
  MessageMap,
  RequestMap,
} from "../messages.ts";
import { Listener } from "./listener.ts";
import {
  type ServeOptions,
  type Server,
  Service,
  TCP_BACKLOG,
} from "./service.ts";
import { acceptWithDeno } from "./upgrade.ts";

export { type ServeOptions, type Server, type TlsOptions } from "./service.ts";

/**
 * Starts a server: the hub, its WebSockets on `/ws` and `/`, the page, `/healthz` and `/readyz`. It reads no environment
 * variables.
 *
 * @typeParam M the message types.
 * @typeParam R the request methods, with their data and replies.
 * @typeParam P the data of a member of a topic's presence.
 * @typeParam Auth the `auth` of the grants that `authorize` returns.
 * @typeParam State the program's own data of each peer.
 * @param options see {@linkcode ServeOptions}.
 * @returns the running server.
 * @throws {TypeError} for an unknown option or a value of the wrong type.
 * @throws {RangeError} for a number out of bounds.
 * @throws {Deno.errors.AddrInUse} when the port is in use.
 * @throws {Deno.errors.InvalidData} when the certificate or its key is invalid.
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { serve } from "./serve.ts";
 *
 * await using server = serve({ port: 0 });
 * const response = await fetch(`http://127.0.0.1:${server.addr.port}/healthz`);
 * assertEquals(await response.text(), "ok\n");
 * ```
 */
export function serve<
  M extends MessageMap = AnyMessages,
  R extends RequestMap = AnyRequests,
  P = unknown,
  Auth = unknown,
  State = unknown,
>(
  options: ServeOptions<M, R, P, Auth, State> = {},
): Server<M, R, P, Auth, State> {
  const service = new Service(options, acceptWithDeno);
  const { port = 8000, hostname = "127.0.0.1", reusePort = false, tls } =
    options;
  const { handler, onError, onListenError } = service;
  const listen = (port: number) =>
    Deno.serve(
      {
        port,
        hostname,
        reusePort,
        tcpBacklog: TCP_BACKLOG,
        onListen() {},
        onError,
        ...tls,
      },
      handler,
    );
  try {
    return service.run(new Listener(port, listen, onListenError));
  } catch (error) {
    service.abandon();
    throw error;
  }
}
