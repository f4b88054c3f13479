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
 * Starts a server: the hub, its WebSockets on `/ws` and `/`, the page, `/healthz` and `/readyz`. It reads no environment.
 *
 * @param options see {@linkcode ServeOptions}.
 * @returns the running server.
 * @throws {Deno.errors.AddrInUse} when the port is taken, {@linkcode RangeError} when a number is not one,
 * {@linkcode Deno.errors.InvalidData} when the certificate or its key is none.
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
  const { port = 8000, hostname = "127.0.0.1", reusePort = false, tls } =
    options;
  const service = new Service(options, acceptWithDeno);
  try {
    const { answer, failed: onError } = service;
    const tcpBacklog = TCP_BACKLOG;
    const open = (port: number) =>
      Deno.serve(
        {
          port,
          hostname,
          reusePort,
          tcpBacklog,
          onListen() {},
          onError,
          ...tls,
        },
        answer,
      );
    return service.running(
      new Listener(port, open, { onFailure: service.deaf }),
    );
  } catch (error) {
    service.abandon();
    throw error;
  }
}
