import type { ErrorStage } from "./hooks.ts";
import type { Peer, PeerClose } from "./peer.ts";

/** A handshake that was refused. All of it is the other side's word. */
export interface RefusedHandshake {
  /** The HTTP status. */
  readonly status: number;
  /** The other side's address, without the port. */
  readonly address: string;
  /** The path that was asked for, without the query. */
  readonly path: string;
  /** The Origin header, where there was one. */
  readonly origin?: string | undefined;
  /** The User-Agent header, where there was one. */
  readonly userAgent?: string | undefined;
}

/**
 * Watches a hub, for metrics and logs: `hub.observe(observer)`. Nothing here is called for a delivery, and what an
 * observer throws goes no further.
 */
export interface Observer {
  /** A connection is there. It has not said hello yet. */
  opened?(peer: Peer): void;
  /** A connection is over, whether it had said hello or not. */
  closed?(peer: Peer, departure: PeerClose): void;
  /** A handshake was refused. */
  refused?(handshake: RefusedHandshake): void;
  /** Something failed: the same that `onError` is told. */
  failed?(error: unknown, context: { readonly stage: ErrorStage }): void;
  /** The store fails, or works again. */
  store?(works: boolean): void;
  /** The hub says goodbye to so many connections, and then is closed. */
  going?(step: "draining" | "closed", connections: number): void;
  /** A flush took so many ms. */
  flushed?(ms: number): void;
  /** A request that has a handler was answered after so many ms, or refused. */
  answered?(method: string, ms: number, isRefused: boolean): void;
  /** A peer answered a ping after so many ms. */
  roundTrip?(ms: number): void;
}
