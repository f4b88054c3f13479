import { deadline } from "jsr:@std/async@^1/deadline";
import { Reporter } from "../hub/hooks.ts";
import type { Hub } from "../hub/hub.ts";
import {
  type AnyMessages,
  type AnyRequests,
  CloseCode,
  type MessageMap,
  type RequestMap,
} from "../messages.ts";
import { plainText } from "./answers.ts";
import { createHub, type CreateHubOptions } from "./create_hub.ts";
import { type Handler, type HandlerOptions, handlerWith } from "./handler.ts";
import type { Accept } from "./upgrade.ts";

/** Connections that may wait to be accepted: the runtime's own backlog makes a storm of reconnects take seconds. */
export const TCP_BACKLOG = 4096;

/** Options of `serve`. */
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
  /**
   * Resolves when it has ended. Rejects when it cannot listen any more: after the runtime failed to accept a connection,
   * for want of file descriptors, it listens again, with longer and longer pauses, for about eight minutes.
   */
  readonly finished: Promise<void>;
  /**
   * Says goodbye: newcomers get 503, drumbeat.v1 peers a `goaway`, then all are closed, with 1012 or 1001, and the
   * server ends, with stalled peers left behind at the deadline. Idempotent.
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
> {
  /** The hub. It is the service's: draining closes it. */
  readonly hub: Hub<M, R>;
  readonly #options: ServeOptions<M, R>;
  readonly #handler: Handler;
  readonly #reporter: Reporter;
  #draining: Promise<void> | undefined;

  /**
   * Makes the hub.
   *
   * @param options see {@linkcode ServeOptions}.
   * @param accept how the transport opens a WebSocket.
   * @throws {TypeError} or {@linkcode RangeError} when an option is none.
   */
  constructor(options: ServeOptions<M, R>, accept: Accept) {
    this.#options = options;
    this.#reporter = new Reporter(options);
    this.hub = createHub(options);
    try {
      this.#handler = handlerWith(accept, this.hub, options);
    } catch (error) {
      this.abandon();
      throw error;
    }
  }

  /** Answers a request, with 503 while the server drains. */
  readonly answer: Handler = (request, info) =>
    this.#draining === undefined
      ? this.#handler(request, info)
      : plainText(503, "Draining", { "retry-after": "1" });

  /** Answers where {@linkcode answer} threw. */
  readonly failed = (error: unknown): Response => {
    this.#reporter.report(error, "receive");
    return plainText(500, "Something went wrong here");
  };

  /** The transport does not listen any more, and will again. */
  readonly deaf = (error: unknown): void =>
    this.#reporter.report(error, "listen");

  /** The transport cannot listen: nothing is left behind. */
  abandon(): void {
    void this.hub.close();
  }

  /** The transport listens. */
  running(listening: Listening): Server<M, R> {
    const { signal } = this.#options;
    const server: Server<M, R> = {
      hub: this.hub,
      addr: listening.addr,
      finished: listening.finished,
      drain: (options = {}) => this.#draining ??= this.#end(listening, options),
      [Symbol.asyncDispose]: () => server.drain({ overMs: 0 }),
    };
    if (signal?.aborted) void server.drain();
    signal?.addEventListener("abort", () => void server.drain(), {
      once: true,
    });
    return server;
  }

  async #end(
    listening: Listening,
    { overMs = 1000, deadlineMs = 3000 }: DrainOptions,
  ): Promise<void> {
    const endsAt = performance.now() + deadlineMs;
    this.hub.goaway(overMs);
    await this.hub.close(CloseCode.restart, deadlineMs);
    const leftMs = Math.max(0, endsAt - performance.now());
    // Deno's waits for peers that stalled for as long as they please; aborting it as well throws in Deno 2.9.
    await deadline(listening.shutdown(), leftMs).catch(() => {});
  }
}
