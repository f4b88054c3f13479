import type { ErrorStage } from "../hooks.ts";
import type { HubStats } from "./stats.ts";
import type { Peer, PeerClose } from "../peer.ts";

/** A handshake that was refused. Every field but the status comes from the client and is untrusted. */
export interface RefusedHandshake {
  /** The HTTP status. */
  readonly status: number;
  /** The client's address, without the port. */
  readonly address: string;
  /** The path of the request, without the query. */
  readonly path: string;
  /** The `Origin` header, if there was one. */
  readonly origin?: string | undefined;
  /** The host that the `Origin` is compared with: the `Host` header, or `X-Forwarded-Host` of a trusted proxy. */
  readonly host?: string | undefined;
  /** The `User-Agent` header, if there was one. */
  readonly userAgent?: string | undefined;
}

/** A request that a handler has answered. */
export interface AnsweredRequest {
  /** The request's method. */
  readonly method: string;
  /** The time from the request to the answer, in ms. */
  readonly ms: number;
  /** `true` when the answer is an error. */
  readonly isRefused: boolean;
}

/** A hub, as an observer sees it. */
export interface ObservedHub {
  /** Reads the hub's numbers. It visits every topic and every connection: not for a hot path. */
  stats(): HubStats;
}

/**
 * An observer of a hub, for metrics and logs: `hub.observe(observer)`. No method is called for a delivery. An error that
 * a method throws, or rejects with, goes to `onError` with the stage `observe`; it is not counted, and no observer receives it.
 * What {@linkcode Observer.start} throws, `hub.observe` throws.
 */
export interface Observer {
  /**
   * Starts the observation. `hub.observe` calls it once, and throws what it throws.
   *
   * @param hub the hub.
   * @returns a function that releases what the observer holds, such as a timer. It is called once: when the hub is closed,
   * or when the observer is removed.
   */
  start?(hub: ObservedHub): (() => void) | undefined;
  /** A connection was opened. It has not sent a hello yet. */
  opened?(peer: Peer): void;
  /** A connection was closed, with or without a hello. */
  closed?(peer: Peer, close: PeerClose): void;
  /** A handshake was refused. */
  refused?(handshake: RefusedHandshake): void;
  /** A failure was reported to `onError`. */
  failed?(error: unknown, context: { readonly stage: ErrorStage }): void;
  /** The store fails, or works again. */
  store?(works: boolean): void;
  /** The hub drains this number of connections. */
  draining?(connections: number): void;
  /** The hub is closed. The transports of this number of connections have not reported their end. */
  ended?(connections: number): void;
  /** A flush took this time, in ms. */
  flushed?(ms: number): void;
  /** A request that has a handler was answered. */
  answered?(request: AnsweredRequest): void;
  /** A peer answered a ping after this time, in ms. */
  roundTrip?(ms: number): void;
}

/** An observer that renders the hub's numbers as text, for `/metrics`: `prometheus()` of `./metrics` is one. */
export interface Metrics extends Observer {
  /** The media type of the text. */
  readonly contentType: string;
  /**
   * Renders the numbers of now.
   *
   * @throws {Error} (as a rejection) before the observer is given to `hub.observe`.
   */
  text(): Promise<string>;
}
