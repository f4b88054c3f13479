import { numberOptions } from "../common/options.ts";
import { LONGEST_TIMER_MS } from "../common/timer.ts";
import type { WireLimits } from "../messages.ts";

/**
 * The maximum nesting depth of arrays and objects in a message, the frame included. It is not an option: messages of people
 * and programs nest a few levels deep, and recursive code of the program or of another client would overflow its stack at
 * some thousands.
 */
export const MAX_NESTING = 64;

/** The hub's bounds. Each says what happens at it. */
export interface Limits {
  /** Largest inbound message in bytes; above it the connection is closed with 1009. Default: 65,536. */
  readonly messageBytes: number;
  /**
   * Inbound messages a second from one connection, above a burst of twice `inflight`: then it is closed with 4029. An `ack`
   * that acknowledges something does not count. Default: 1,000.
   */
  readonly messagesPerSecond: number;
  /**
   * The same in bytes, above a burst of two seconds' worth, or of two messages of `messageBytes` where that is more.
   * Default: 1,048,576.
   */
  readonly bytesPerSecond: number;
  /** Bytes of batches that may be sent and unacknowledged before the hub skips the peer. Default: 262,144. */
  readonly windowBytes: number;
  /**
   * Publishes, requests and histories of one connection that may be without an answer; the next one is the error `limit`.
   * Default: 256.
   */
  readonly inflight: number;
  /** Topics that one connection may be in; the next one is the error `limit`. Default: 128. */
  readonly topicsPerPeer: number;
  /** Topics in all; publishing or subscribing to the next one is the error `limit`. Default: 10,000. */
  readonly topics: number;
  /**
   * Topics that peers of one address made and nobody of another address has used yet, of all those above; the next one is
   * the error `limit`. Addresses are as in `peersPerAddress`. Default: 1,000.
   */
  readonly topicsPerAddress: number;
  /** Connections in all; the handler answers 503 to the next one. Default: 20,000. */
  readonly peers: number;
  /**
   * Connections from one IPv4 address, or one IPv6 network of 64 bits; the handler answers 429 to the next one. Behind a
   * proxy all have the proxy's address, unless `trustedProxies` says otherwise. Default: 1,000.
   */
  readonly peersPerAddress: number;
  /**
   * Connections of one user, as `authorize` names it; the next one is closed with 4029, or answered 429. Default: 100.
   */
  readonly peersPerUser: number;
  /**
   * Sessions whose connection is gone and that wait to be resumed; when there are more, those that wait longest are
   * forgotten. Default: 20,000.
   */
  readonly sessions: number;
  /** Largest data of a member of a topic's presence, in bytes as JSON; above it the error `large`. Default: 1,024. */
  readonly presenceBytes: number;
  /** How long a drumbeat.v1 connection has to say hello, in ms; then it is closed with 4408. Default: 10,000. */
  readonly helloMs: number;
  /** How long `authorize` may take, in ms; then nobody is let in. Default: 5,000. */
  readonly authorizeMs: number;
  /**
   * How long the program's handler of a request may take, in ms; then the answer is the error `failed`, and what the
   * handler still does is not waited for. Default: 60,000.
   */
  readonly requestMs: number;
}

/** The default {@linkcode Limits}. */
export const DEFAULT_LIMITS: Limits = {
  messageBytes: 64 * 1024,
  // A game sends 60 a second, a hand at a keyboard 10. What a client's full outbox holds, 1,000 messages of 1 MiB in all, is
  // through in a second or two. To read 1,000 messages costs about a hundredth of a core.
  messagesPerSecond: 1_000,
  bytesPerSecond: 1024 * 1024,
  windowBytes: 256 * 1024,
  inflight: 256,
  topicsPerPeer: 128,
  topics: 10_000,
  topicsPerAddress: 1_000,
  peers: 20_000,
  peersPerAddress: 1_000,
  peersPerUser: 100,
  sessions: 20_000,
  presenceBytes: 1024,
  helloMs: 10_000,
  authorizeMs: 5_000,
  requestMs: 60_000,
};

/** No inbound limits and no caps, for load tests. The window and the log keep their bounds, or memory would have none. */
export const NO_LIMITS: Limits = {
  ...DEFAULT_LIMITS,
  messageBytes: 64 * 1024 * 1024,
  messagesPerSecond: Number.MAX_SAFE_INTEGER,
  bytesPerSecond: Number.MAX_SAFE_INTEGER,
  inflight: Number.MAX_SAFE_INTEGER,
  topicsPerPeer: Number.MAX_SAFE_INTEGER,
  topics: Number.MAX_SAFE_INTEGER,
  topicsPerAddress: Number.MAX_SAFE_INTEGER,
  peers: Number.MAX_SAFE_INTEGER,
  peersPerAddress: Number.MAX_SAFE_INTEGER,
  peersPerUser: Number.MAX_SAFE_INTEGER,
  sessions: Number.MAX_SAFE_INTEGER,
};

/** What a client is told of them, in `start`. */
export function wireLimits(limits: Limits): WireLimits {
  return {
    messageBytes: limits.messageBytes,
    windowBytes: limits.windowBytes,
    inflight: limits.inflight,
    topicsPerPeer: limits.topicsPerPeer,
    messagesPerSecond: limits.messagesPerSecond,
    bytesPerSecond: limits.bytesPerSecond,
  };
}

/** When a peer counts as dead. */
export interface HeartbeatOptions {
  /** A ping goes out when nothing was heard for this long, in ms. Default: 10,000. */
  readonly intervalMs: number;
  /** A peer that was not heard for this long is closed with 4001, in ms. Default: 25,000. */
  readonly timeoutMs: number;
}

/** The default {@linkcode HeartbeatOptions}. */
export const DEFAULT_HEARTBEAT: HeartbeatOptions = {
  intervalMs: 10_000,
  timeoutMs: 25_000,
};

/**
 * Checks limits and fills in the defaults.
 *
 * @param given the limits as given.
 * @param action the action that they are for, which begins the error message.
 * @throws {TypeError} for an unknown name, or a value that is not a number.
 * @throws {RangeError} for a negative number.
 */
export function limitOptions(
  given?: Partial<Limits>,
  action = "Cannot create the hub",
): Limits {
  return numberOptions(action, "limits", DEFAULT_LIMITS, given);
}

/**
 * Checks the heartbeat's times and fills in the defaults.
 *
 * @param given the times as given.
 * @param action the action that they are for, which begins the error message.
 * @throws {TypeError} for an unknown name, or a value that is not a number.
 * @throws {RangeError} for a time out of bounds.
 */
export function heartbeatOptions(
  given?: Partial<HeartbeatOptions>,
  action = "Cannot create the hub",
): HeartbeatOptions {
  return numberOptions(action, "heartbeat", DEFAULT_HEARTBEAT, given, {
    // The heartbeat's timer runs at a fraction of it.
    intervalMs: { min: 1, max: LONGEST_TIMER_MS },
  });
}
