import type { Hub } from "../hub/hub.ts";
import type {
  AnyMessages,
  AnyRequests,
  MessageMap,
  RequestMap,
} from "../messages.ts";
import { plainText } from "./responses.ts";
import { pickOptions } from "../common/options.ts";
import {
  CREATE_HUB_OPTION_NAMES,
  createHubFor,
  type CreateHubOptions,
} from "../hub.ts";
import { type DrainOptions, drainServer, drainTimes } from "./drain.ts";
import { type Handler, type HandlerOptions, handlerWith } from "./handler.ts";
import type { Accept } from "./upgrade.ts";

/** Connections that may wait to be accepted: the runtime's own backlog makes a storm of reconnects take seconds. */
export const TCP_BACKLOG = 4096;

/** What a server needs to speak TLS. */
export interface TlsOptions {
  /** The certificate, and those between it and the root, as PEM text. */
  readonly cert: string;
  /** Its private key, as PEM text. */
  readonly key: string;
}

/** Options of `serve`. */
export interface ServeOptions<
  M extends MessageMap = AnyMessages,
  R extends RequestMap = AnyRequests,
  P = unknown,
  Auth = unknown,
  State = unknown,
> extends CreateHubOptions<M, R, P, Auth, State>, HandlerOptions {
  /** The port to listen on; 0: any free one. Default: 8000. */
  readonly port?: number;
  /** The address to listen on. Default: `127.0.0.1`, this machine only. */
  readonly hostname?: string;
  /** A certificate and its private key: then it speaks TLS itself. Default: none, plain HTTP. */
  readonly tls?: TlsOptions | undefined;
  /**
   * Whether other servers may listen on the same port; then the kernel spreads connections over them. One for each worker:
   * docs/scaling.md. It needs `--unstable-net`, and Linux. Default: `false`.
   */
  readonly reusePort?: boolean;
  /** Drains the server when it aborts. */
  readonly signal?: AbortSignal;
}

/** A running server. */
export interface Server<
  M extends MessageMap = AnyMessages,
  R extends RequestMap = AnyRequests,
  P = unknown,
  Auth = unknown,
  State = unknown,
> extends AsyncDisposable {
  /** The hub behind it. */
  readonly hub: Hub<M, R, P, Auth, State>;
  /** Where it listens. */
  readonly addr: Deno.NetAddr;
  /**
   * Resolves when it has ended. Rejects when it cannot listen any more: after the runtime failed to accept a connection,
   * for want of file descriptors, it listens again, with longer and longer pauses, for about eight minutes.
   * After {@linkcode Server.drain} no stalled peer is waited for; but where a write to one is stuck, the runtime keeps
   * the process alive until that peer is gone: end it with `Deno.exit`.
   */
  readonly finished: Promise<void>;
  /**
   * Says goodbye: newcomers get 503, as does `/readyz`, drumbeat.v1 peers a `goaway`; each is closed at a time of its
   * own, with 1012, plain ones with 1001, and the server ends, with stalled peers left behind at the deadline. What was
   * published before is committed and acknowledged. Idempotent: the first call counts.
   *
   * @throws {RangeError} when an option is no number of ms; nothing has begun then.
   */
  drain(options?: DrainOptions): Promise<void>;
}

/** What a transport has made of a service: something that listens. `Deno.serve` gives one. */
export interface Listening {
  readonly addr: Deno.NetAddr;
  readonly finished: Promise<void>;
  /** Takes no more connections, and resolves when there are none left. */
  shutdown(): Promise<void>;
}

/** Everything of a server but the transport: the hub, the answers, and how it goes down. */
export class Service<
  M extends MessageMap = AnyMessages,
  R extends RequestMap = AnyRequests,
  P = unknown,
  Auth = unknown,
  State = unknown,
> {
  /** The hub. It is the service's: draining closes it. */
  readonly hub: Hub<M, R, P, Auth, State>;
  readonly #options: ServeOptions<M, R, P, Auth, State>;
  readonly #handler: Handler;
  #draining: Promise<void> | undefined;

  /**
   * Makes the hub.
   *
   * @param options see {@linkcode ServeOptions}.
   * @param accept how the transport opens a WebSocket.
   * @throws {TypeError} or {@linkcode RangeError} when an option is none.
   */
  constructor(options: ServeOptions<M, R, P, Auth, State>, accept: Accept) {
    this.#options = options;
    this.hub = createHubFor(
      pickOptions(options, CREATE_HUB_OPTION_NAMES),
      "Cannot serve",
    );
    try {
      this.#handler = handlerWith(accept, this.hub, options);
    } catch (error) {
      this.abandon();
      throw error;
    }
  }

  /** Answers a request. */
  get answer(): Handler {
    return this.#handler;
  }

  /** Answers where {@linkcode answer} threw. */
  readonly failed = (error: unknown): Response => {
    this.hub.report(error, "receive");
    return plainText(500, "Something went wrong here");
  };

  /** The transport does not listen any more, and will again. */
  readonly deaf = (error: unknown): void => this.hub.report(error, "listen");

  /** The transport cannot listen: nothing is left behind. */
  abandon(): void {
    void this.hub.close();
  }

  /** The transport listens. */
  running(listening: Listening): Server<M, R, P, Auth, State> {
    const { signal } = this.#options;
    const drained = Promise.withResolvers<void>();
    const drain = (options?: DrainOptions) => {
      const times = drainTimes(options);
      return this.#draining ??= drainServer(this.hub, listening, times)
        .then(drained.resolve);
    };
    if (signal?.aborted) void drain();
    signal?.addEventListener("abort", () => void drain(), { once: true });
    return {
      hub: this.hub,
      addr: listening.addr,
      // Deno's waits for stalled peers; whoever waits for us need not.
      finished: Promise.race([listening.finished, drained.promise]),
      drain,
      [Symbol.asyncDispose]: () => drain({ overMs: 0 }),
    };
  }
}
