import { deadline } from "jsr:@std/async@^1/deadline";
import type { Hub } from "../hub/hub.ts";
import {
  type AnyMessages,
  type AnyRequests,
  CloseCode,
  type MessageMap,
  type RequestMap,
} from "../messages.ts";
import { createHub, type CreateHubOptions } from "./create_hub.ts";
import { createHandler, type HandlerOptions } from "./handler.ts";
import { plainText } from "./answers.ts";

/** Connections that may wait to be accepted: the runtime's own backlog makes a storm of reconnects take seconds. */
const TCP_BACKLOG = 4096;

/** Options of {@linkcode serve}. */
export interface ServeOptions<
  M extends MessageMap = AnyMessages,
  R extends RequestMap = AnyRequests,
> extends CreateHubOptions<M, R>, HandlerOptions {
  /** The port to listen on; 0: any free one. Default: 8000. */
  readonly port?: number;
  /** The address to listen on. Default: `127.0.0.1`, this machine only. */
  readonly hostname?: string;
  /** Drains the server when it aborts. */
  readonly signal?: AbortSignal;
}

/** Options of {@linkcode Server.drain}. */
export interface DrainOptions {
  /** drumbeat.v1 peers are told to come back spread over this many ms. Default: 1,000. */
  readonly overMs?: number;
  /** After this many ms nobody is waited for any more. Default: 3,000. */
  readonly deadlineMs?: number;
}

/** A running server. */
export interface Server<
  M extends MessageMap = AnyMessages,
  R extends RequestMap = AnyRequests,
> extends AsyncDisposable {
  /** The hub behind it. */
  readonly hub: Hub<M, R>;
  /** Where it listens. */
  readonly addr: Deno.NetAddr;
  /** Resolves when it has ended. */
  readonly finished: Promise<void>;
  /**
   * Says goodbye: newcomers get 503, drumbeat.v1 peers a `goaway`, then all are closed, with 1012 or 1001, and the
   * server ends, with stalled peers left behind at the deadline. Idempotent.
   */
  drain(options?: DrainOptions): Promise<void>;
}

/**
 * Starts a server: the hub, its WebSockets on `/ws` and `/`, the page and `/healthz`. It reads no environment.
 *
 * @param options see {@linkcode ServeOptions}.
 * @returns the running server.
 * @throws {Deno.errors.AddrInUse} when the port is taken, {@linkcode RangeError} when a number is not one.
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
>(
  options: ServeOptions<M, R> = {},
): Server<M, R> {
  const { port = 8000, hostname = "127.0.0.1", signal } = options;
  const hub = createHub(options);
  let draining: Promise<void> | undefined;
  let listening: Deno.HttpServer<Deno.NetAddr>;
  try {
    const handler = createHandler(hub, options);
    listening = Deno.serve(
      {
        port,
        hostname,
        tcpBacklog: TCP_BACKLOG,
        onListen() {},
        onError(error) {
          options.onError?.(error, { stage: "receive" });
          return plainText(500, "Something went wrong here");
        },
      },
      (request, info) =>
        draining === undefined
          ? handler(request, info)
          : plainText(503, "Draining", { "retry-after": "1" }),
    );
  } catch (error) {
    void hub.close();
    throw error;
  }

  async function end({ overMs = 1000, deadlineMs = 3000 }: DrainOptions) {
    const endsAt = performance.now() + deadlineMs;
    hub.goaway(overMs);
    await hub.close(CloseCode.restart, deadlineMs);
    const leftMs = Math.max(0, endsAt - performance.now());
    // It waits for peers that stalled for as long as they please; aborting it as well throws in Deno 2.9.
    await deadline(listening.shutdown(), leftMs).catch(() => {});
  }

  const server: Server<M, R> = {
    hub,
    addr: listening.addr,
    finished: listening.finished,
    drain: (options = {}) => draining ??= end(options),
    [Symbol.asyncDispose]: () => server.drain({ overMs: 0 }),
  };
  if (signal?.aborted) void server.drain();
  signal?.addEventListener("abort", () => void server.drain(), { once: true });
  return server;
}
