import { numberOptions } from "../common/options.ts";
import { LONGEST_TIMER_MS } from "../common/timer.ts";
import type { WireLimits } from "../messages.ts";

/**
 * The maximum nesting depth of arrays and objects in a message, the frame included. It is not an option: messages of people
 * and programs nest a few levels deep, and recursive code of the program or of another client would overflow its stack at
 * some thousands.
 */
export const MAX_NESTING = 64;

/** The bounds of a hub. */
export interface Limits {
  /**
   * The largest message of a peer, in bytes. A larger one closes the connection with 1009.
   *
   * @default 65_536
   */
  readonly messageBytes: number;
  /**
   * The messages per second of one connection, above a burst of twice `inflight`. More close the connection with 4029. An
   * `ack` that acknowledges new batches does not count.
   *
   * @default 1_000
   */
  readonly messagesPerSecond: number;
  /**
   * The bytes per second of one connection, above a burst of two seconds, or of two messages of `messageBytes` if that is
   * more. More close the connection with 4029.
   *
   * @default 1_048_576
   */
  readonly bytesPerSecond: number;
  /**
   * The bytes of batches that a peer has not acknowledged. Above it, the hub skips the peer until it acknowledges.
   *
   * @default 262_144
   */
  readonly windowBytes: number;
  /**
   * The publishes, requests and history reads of one connection, together, that the hub has not answered. The next one is the
   * error `limit`. The burst of `messagesPerSecond` is twice this number.
   *
   * @default 256
   */
  readonly inflight: number;
  /**
   * The topics that one connection is subscribed to. The next one is the error `limit`.
   *
   * @default 128
   */
  readonly topicsPerPeer: number;
  /**
   * The topics of the hub. A publish or subscribe to the next one is the error `limit`.
   *
   * @default 10_000
   */
  readonly topics: number;
  /**
   * The topics, among those above, that peers of one address created. The next one is the error `limit`. Addresses are as in
   * `peersPerAddress`.
   *
   * @default 1_000
   */
  readonly topicsPerAddress: number;
  /**
   * The bytes of the records of all topics in memory. Each record counts 128 bytes more than in `maxBytes` of its topic. Above
   * it, the hub drops the oldest records of the largest logs. A store that keeps records below the hub's rings still has them.
   *
   * @default 134_217_728
   */
  readonly recordBytes: number;
  /**
   * The same for the topics that peers of one address created.
   *
   * @default 33_554_432
   */
  readonly recordBytesPerAddress: number;
  /**
   * The connections of the hub. The next one is answered with 503.
   *
   * @default 20_000
   */
  readonly peers: number;
  /**
   * The connections of one IPv4 address, or one IPv6 network of 64 bits. The next one is answered with 429. Behind a proxy
   * every connection has the proxy's address, unless `trustedProxies` is set.
   *
   * @default 1_000
   */
  readonly peersPerAddress: number;
  /**
   * The connections of one user, as named by `authorize`. The next one is closed with 4029, or answered with 429.
   *
   * @default 100
   */
  readonly peersPerUser: number;
  /**
   * The sessions without a connection, which can be resumed. Above it, the store forgets the oldest.
   *
   * @default 20_000
   */
  readonly sessions: number;
  /**
   * The largest data of a member of a topic's presence, in bytes of its JSON text. Larger data is the error `large`.
   *
   * @default 1_024
   */
  readonly presenceBytes: number;
  /**
   * The members of one topic's presence. At the limit, the oldest member without a connection leaves; if there is none, the
   * next member is the error `limit`. It counts this hub's members only, as the next two limits do.
   *
   * @default 10_000
   */
  readonly membersPerTopic: number;
  /**
   * The memory of the presence data of one address in all topics, in bytes: for each member of a topic 256, its JSON text, 64
   * for each object and array and 32 for each comma. At the limit, the oldest member of the address without a connection
   * leaves all its topics; if there is none, the next member is the error `limit`. Addresses are as in `peersPerAddress`.
   *
   * @default 16_777_216
   */
  readonly presenceBytesPerAddress: number;
  /**
   * The same for all addresses together.
   *
   * @default 67_108_864
   */
  readonly presenceBytesTotal: number;
  /**
   * The time that a drumbeat.v1 connection has for its hello, in ms. Then it is closed with 4408. The hub has the same time
   * for its answer. Then the connection is closed with 1013: the store does not answer.
   *
   * @default 10_000
   */
  readonly helloMs: number;
  /**
   * The time that `authorize` has for its result, in ms. Then the connection is closed with 1013, or answered with 503.
   *
   * @default 5_000
   */
  readonly authorizeMs: number;
  /**
   * The time that the program's handler of a request has for its reply, in ms. Then the reply is the error `failed`, and the
   * signal of the handler's context aborts.
   *
   * @default 60_000
   */
  readonly requestMs: number;
}

/**
 * The default {@linkcode Limits}.
 *
 * `messagesPerSecond`: a game sends 60 a second, a program that follows a hand 10. A client's full outbox of
 * 1 MiB, in messages of 1 KiB, is sent in a second or two. Reading 1,000 messages costs about a hundredth of a core.
 */
export const DEFAULT_LIMITS: Limits = {
  messageBytes: 64 * 1024,
  messagesPerSecond: 1_000,
  bytesPerSecond: 1024 * 1024,
  windowBytes: 256 * 1024,
  inflight: 256,
  topicsPerPeer: 128,
  topics: 10_000,
  topicsPerAddress: 1_000,
  recordBytes: 128 * 1024 * 1024,
  recordBytesPerAddress: 32 * 1024 * 1024,
  peers: 20_000,
  peersPerAddress: 1_000,
  peersPerUser: 100,
  sessions: 20_000,
  presenceBytes: 1024,
  membersPerTopic: 10_000,
  presenceBytesPerAddress: 16 * 1024 * 1024,
  presenceBytesTotal: 64 * 1024 * 1024,
  helloMs: 10_000,
  authorizeMs: 5_000,
  requestMs: 60_000,
};

/**
 * Limits without bounds on what peers send and how many they are, for load tests. The window and the log keep their bounds:
 * without them, a slow peer could fill the memory.
 */
export const NO_LIMITS: Limits = {
  ...DEFAULT_LIMITS,
  messageBytes: 64 * 1024 * 1024,
  messagesPerSecond: Number.MAX_SAFE_INTEGER,
  bytesPerSecond: Number.MAX_SAFE_INTEGER,
  inflight: Number.MAX_SAFE_INTEGER,
  topicsPerPeer: Number.MAX_SAFE_INTEGER,
  topics: Number.MAX_SAFE_INTEGER,
  topicsPerAddress: Number.MAX_SAFE_INTEGER,
  recordBytesPerAddress: Number.MAX_SAFE_INTEGER,
  peers: Number.MAX_SAFE_INTEGER,
  peersPerAddress: Number.MAX_SAFE_INTEGER,
  peersPerUser: Number.MAX_SAFE_INTEGER,
  sessions: Number.MAX_SAFE_INTEGER,
  membersPerTopic: Number.MAX_SAFE_INTEGER,
  presenceBytesPerAddress: Number.MAX_SAFE_INTEGER,
  presenceBytesTotal: Number.MAX_SAFE_INTEGER,
};

/** The default time for which a session can be resumed after its connection was closed, in ms. */
export const DEFAULT_SESSION_MS = 120_000;

/** Selects the limits that `start` sends to a client. */
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

/** The times of the hub's heartbeat. */
export interface HeartbeatOptions {
  /**
   * The hub pings a peer from which it has received nothing for this time, in ms.
   *
   * @default 10_000
   */
  readonly intervalMs: number;
  /**
   * The hub closes a peer from which it has received nothing for this time, in ms, with 4001. A peer that does not read is
   * closed with 4002.
   *
   * @default 25_000
   */
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
  given?: { readonly [K in keyof Limits]?: number | undefined },
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
  given?: { readonly [K in keyof HeartbeatOptions]?: number | undefined },
  action = "Cannot create the hub",
): HeartbeatOptions {
  return numberOptions(action, "heartbeat", DEFAULT_HEARTBEAT, given, {
    // The heartbeat's timer runs at a fraction of it.
    intervalMs: { min: 1, max: LONGEST_TIMER_MS },
  });
}
