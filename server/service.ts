import { defaultPorts } from "../adapters/default_ports.ts";
import {
  checkBoolean,
  checkNames,
  checkNumber,
  type OptionNames,
  pickOptions,
} from "../common/options.ts";
import {
  CREATE_HUB_OPTION_NAMES,
  createHubFor,
  type CreateHubOptions,
} from "../hub/create_hub.ts";
import type { Hub } from "../hub/hub.ts";
import type {
  AnyMessages,
  AnyRequests,
  MessageMap,
  RequestMap,
} from "../messages.ts";
import {
  awaitDrain,
  type DrainOptions,
  drainServer,
  drainTimes,
} from "./drain.ts";
import {
  createHandlerFor,
  type Handler,
  HANDLER_OPTION_NAMES,
  type HandlerOptions,
} from "./handler.ts";
import { plainText } from "./responses.ts";
import type { Accept } from "./upgrade.ts";

/** Connections that may wait to be accepted: with the runtime's own backlog, many reconnects at once take seconds. */
export const TCP_BACKLOG = 4096;

/** The certificate and the key of a server with TLS. */
export interface TlsOptions {
  /** The certificate and its intermediates, as PEM text. */
  readonly cert: string;
  /** The private key, as PEM text. */
  readonly key: string;
}

/**
 * Options of {@linkcode serve}.
 *
 * @typeParam M the message types.
 * @typeParam R the request methods, with their data and replies.
 * @typeParam P the data of a member of a topic's presence.
 * @typeParam Auth the `auth` of the grants that `authorize` returns.
 * @typeParam State the program's own data of each peer.
 */
export interface ServeOptions<
  M extends MessageMap = AnyMessages,
  R extends RequestMap = AnyRequests,
  P = unknown,
  Auth = unknown,
  State = unknown,
> extends CreateHubOptions<M, R, P, Auth, State>, HandlerOptions {
  /**
   * The port to listen on; 0 for any free port.
   *
   * @default 8_000
   */
  readonly port?: number | undefined;
  /**
   * The address to listen on. The default accepts connections of this machine only.
   *
   * @default "127.0.0.1"
   */
  readonly hostname?: string | undefined;
  /**
   * The certificate and the key for TLS.
   *
   * @default none, plain HTTP
   */
  readonly tls?: TlsOptions | undefined;
  /**
   * Shares the port with other servers that set it: the kernel distributes the connections, as among one server for each
   * worker (docs/scaling.md). It needs `--unstable-net` and Linux.
   *
   * @default false
   */
  readonly reusePort?: boolean | undefined;
  /**
   * Drains the server when it aborts.
   *
   * @default none
   */
  readonly signal?: AbortSignal | undefined;
}

/** The part of {@linkcode ServeOptions} for listening. */
type ListenOptions = Pick<
  ServeOptions,
  "port" | "hostname" | "tls" | "reusePort" | "signal"
>;

/** The names of {@linkcode ServeOptions}. */
export const SERVE_OPTION_NAMES: OptionNames<ServeOptions> = {
  ...CREATE_HUB_OPTION_NAMES,
  ...HANDLER_OPTION_NAMES,
  port: true,
  hostname: true,
  tls: true,
  reusePort: true,
  signal: true,
};

const TLS_OPTION_NAMES: OptionNames<TlsOptions> = { cert: true, key: true };

/**
 * A running server.
 *
 * @typeParam M the message types.
 * @typeParam R the request methods, with their data and replies.
 * @typeParam P the data of a member of a topic's presence.
 * @typeParam Auth the `auth` of the grants that `authorize` returns.
 * @typeParam State the program's own data of each peer.
 */
export interface Server<
  M extends MessageMap = AnyMessages,
  R extends RequestMap = AnyRequests,
  P = unknown,
  Auth = unknown,
  State = unknown,
> extends AsyncDisposable {
  /** The hub of the server. */
  readonly hub: Hub<M, R, P, Auth, State>;
  /** The address that the server listens on. */
  readonly addr: Deno.NetAddr;
  /**
   * Resolves when the server is closed. Rejects when it can no longer listen: after a failure to accept a connection, as
   * without a free file descriptor, it listens again, with growing pauses, for about eight minutes.
   *
   * After {@linkcode Server.drain} it does not wait for stalled peers. If a write to a stalled peer is blocked, the runtime
   * keeps the process alive until that peer closes; `Deno.exit` ends it.
   */
  readonly finished: Promise<void>;
  /**
   * Drains and closes the server. New connections and `/readyz` get 503. Each drumbeat.v1 peer receives a `goaway` with its
   * time; at that time the hub disconnects it with 1012, and plain peers with 1001. Messages that were published before are
   * committed and acknowledged. At the deadline the server is closed, even if peers have not answered. Idempotent: the times of
   * the first call count.
   *
   * @param options see {@linkcode DrainOptions}.
   * @returns a promise that resolves when the server is closed.
   * @throws {TypeError} for an unknown option or a value of the wrong type; then nothing has changed.
   * @throws {RangeError} for a time that is negative or not finite; then nothing has changed.
   */
  drain(options?: DrainOptions): Promise<void>;
}

/** A transport that listens. `Deno.serve` returns one. */
export interface Listening {
  readonly addr: Deno.NetAddr;
  readonly finished: Promise<void>;
  /** Stops listening, and resolves when every connection is closed. */
  shutdown(): Promise<void>;
}

/** The parts of a server that do not depend on the transport: the hub, the request handler and the drain. */
export class Service<
  M extends MessageMap = AnyMessages,
  R extends RequestMap = AnyRequests,
  P = unknown,
  Auth = unknown,
  State = unknown,
> {
  /** The hub. The service owns it: draining closes it. */
  readonly hub: Hub<M, R, P, Auth, State>;
  /** The request handler. */
  readonly handler: Handler;
  readonly #signal: AbortSignal | undefined;
  #draining: Promise<void> | undefined;

  /**
   * Creates the hub and the request handler.
   *
   * @param options see {@linkcode ServeOptions}.
   * @param accept opens a WebSocket with the transport.
   * @param names the names of the options. Default: those of {@linkcode ServeOptions}.
   * @throws {TypeError} for an unknown option or a value of the wrong type.
   * @throws {RangeError} for a number out of bounds.
   */
  constructor(
    options: ServeOptions<M, R, P, Auth, State>,
    accept: Accept,
    names: Readonly<Record<string, true>> = SERVE_OPTION_NAMES,
  ) {
    const action = "Cannot serve";
    checkNames(action, options, names);
    checkListenOptions(action, options);
    this.#signal = options.signal;
    this.hub = createHubFor(
      pickOptions(options, CREATE_HUB_OPTION_NAMES),
      action,
      defaultPorts(),
    );
    try {
      this.handler = createHandlerFor(
        this.hub,
        pickOptions<HandlerOptions>(options, HANDLER_OPTION_NAMES),
        { action, accept },
      );
    } catch (error) {
      this.abandon();
      throw error;
    }
  }

  /** Responds if the handler threw. */
  readonly onError = (error: unknown): Response => {
    this.hub.transport.report(error, "receive");
    return plainText(500, "Internal error");
  };

  /** Reports that the transport stopped listening and will try again. */
  readonly onListenError = (error: unknown): void =>
    this.hub.transport.report(error, "listen");

  /** Closes the hub if the transport cannot listen. */
  abandon(): void {
    void this.hub.close();
  }

  /** Creates the server of a transport that listens. */
  run(listening: Listening): Server<M, R, P, Auth, State> {
    const signal = this.#signal;
    const drained = Promise.withResolvers<void>();
    const drain = (options?: DrainOptions) => {
      const times = drainTimes(options);
      signal?.removeEventListener("abort", onAbort);
      this.#draining ??= drainServer(this.hub, listening, times)
        .then(drained.resolve);
      return awaitDrain(this.#draining, options?.signal);
    };
    const onAbort = () => void drain();
    if (signal?.aborted) void drain();
    else signal?.addEventListener("abort", onAbort, { once: true });
    return {
      hub: this.hub,
      addr: listening.addr,
      // The runtime's promise waits for stalled peers; this one does not.
      finished: Promise.race([listening.finished, drained.promise]),
      drain,
      [Symbol.asyncDispose]: () => drain({ overMs: 0 }),
    };
  }
}

function checkListenOptions(action: string, options: ListenOptions): void {
  const { port = 0, hostname, tls, reusePort, signal } = options;
  checkNumber(action, "port", port, { max: 65_535, integer: true });
  if (hostname !== undefined && typeof hostname !== "string") {
    throw new TypeError(`${action}: the option 'hostname' must be text`);
  }
  checkBoolean(action, "reusePort", reusePort);
  if (tls !== undefined) {
    checkNames(action, tls, TLS_OPTION_NAMES, "tls");
    for (const name of ["cert", "key"] as const) {
      if (typeof tls[name] === "string") continue;
      throw new TypeError(
        `${action}: the option 'tls.${name}' must be PEM text`,
      );
    }
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new TypeError(
      `${action}: the option 'signal' must be an AbortSignal`,
    );
  }
}
