import {
  checkNames,
  checkNumber,
  checkOneOf,
  numberOptions,
  type OptionNames,
} from "../common/options.ts";
import type {
  AnyMessages,
  AnyRequests,
  Contract,
  MessageMap,
  RequestMap,
} from "../messages.ts";
import { type ClientClock, webClock } from "./clock.ts";

/** The waits between reconnects: an exponential backoff that doubles, half of it random. */
export interface BackoffOptions {
  /** The full wait before the first retry in ms. @default 500 */
  readonly minMs?: number | undefined;
  /** The longest full wait in ms. @default 10_000 */
  readonly maxMs?: number | undefined;
  /** The number of retries in a row after which the client closes; 0 disables reconnects. @default Infinity */
  readonly attempts?: number | undefined;
}

/** The heartbeat: when the client pings the server, and when it closes a silent connection. */
export interface HeartbeatOptions {
  /** The time between two pings in ms, at least 1. @default the server's value, or 10_000 */
  readonly intervalMs?: number | undefined;
  /** The silence in ms after which the client closes the connection; above `intervalMs`. @default the server's value, or 25_000 */
  readonly timeoutMs?: number | undefined;
}

/** The bounds of the outbox: the messages that wait to be sent or acknowledged. */
export interface OutboxOptions {
  /** The largest number of messages; the next one is refused with the code `limit`. @default 10_000 */
  readonly maxCount?: number | undefined;
  /** The largest size of all messages in bytes; a message that exceeds it is refused with the code `limit`. @default 1_048_576 */
  readonly maxBytes?: number | undefined;
  /**
   * The longest age of a message in ms. An older one fails with `timeout`, or with `indeterminate` if it was sent.
   *
   * @default 60_000
   */
  readonly maxAgeMs?: number | undefined;
}

/** The part of the `WebSocket` constructor that the client uses. */
export type WebSocketConstructor = new (
  url: string,
  protocols?: string | string[],
) => WebSocket;

/**
 * Options of {@linkcode connect}.
 *
 * @typeParam M the contract's messages.
 * @typeParam R the contract's requests.
 * @typeParam P the contract's presence data.
 */
export interface ConnectOptions<
  M extends MessageMap = AnyMessages,
  R extends RequestMap = AnyRequests,
  P = unknown,
> {
  /** The contract made by `defineMessages`, which checks messages before they are sent and when they are received. @default any message */
  readonly contract?: Contract<M, R, P> | undefined;
  /** `v1` for a Drumbeat server; `plain` for any WebSocket server, without topics and resume. @default "v1" */
  readonly dialect?: "v1" | "plain" | undefined;
  /** The subprotocols to offer, for the dialect `plain` only. @default none */
  readonly protocols?: string | readonly string[] | undefined;
  /** Subscribes to the topic `lobby` with the first connection, in the dialect `v1`. @default true */
  readonly lobby?: boolean | undefined;
  /**
   * The token that authenticates this client, in the dialect `v1`. A function is called for each connection, again before
   * its token expires, and once more after a token was refused; a string that expires closes the client. `null` and
   * `undefined` stand for no token.
   *
   * @default none
   */
  readonly token?:
    | string
    | null
    | (() =>
      | string
      | null
      | undefined
      | Promise<string | null | undefined>)
    | undefined;
  /** The waits between reconnects. */
  readonly backoff?: BackoffOptions | undefined;
  /**
   * The time in ms that a connection may take to open, and then the server's answer to the hello. It is two and three times
   * as long after one and two attempts in a row that ended by it. The function `token` has 30 seconds of its own.
   *
   * @default 8_000
   */
  readonly connectTimeoutMs?: number | undefined;
  /**
   * The heartbeat; `false` sends no pings and never closes a silent connection. In the dialect `plain` it starts when the server
   * sends `start`, as a Drumbeat hub does.
   */
  readonly heartbeat?: HeartbeatOptions | false | undefined;
  /** The bounds of the outbox. */
  readonly outbox?: OutboxOptions | undefined;
  /** The constructor of the connections. @default the platform's `WebSocket` */
  readonly WebSocket?: WebSocketConstructor | undefined;
  /** The time and the random numbers. @default the platform's */
  readonly clock?: ClientClock | undefined;
}

/** Options of which none is absent or `undefined`. */
type Settled<T> = { readonly [K in keyof T]-?: Exclude<T[K], undefined> };

/** {@linkcode BackoffOptions} with the defaults filled in. */
export type BackoffSettings = Settled<BackoffOptions>;
/** {@linkcode OutboxOptions} with the defaults filled in. */
export type OutboxSettings = Settled<OutboxOptions>;
/** {@linkcode HeartbeatOptions} with the defaults filled in. */
export type HeartbeatSettings = Settled<HeartbeatOptions>;

/** The defaults and the constants of the client. */
export const DEFAULTS = {
  backoff: { minMs: 500, maxMs: 10_000, attempts: Infinity },
  outbox: { maxCount: 10_000, maxBytes: 1024 * 1024, maxAgeMs: 60_000 },
  heartbeat: { intervalMs: 10_000, timeoutMs: 25_000 },
  connectTimeoutMs: 8_000,
  /** The time that the program's function has to return a token. */
  tokenTimeoutMs: 30_000,
  /** The largest factor of a timeout that ended attempt after attempt: the network may be slow. */
  maxTimeoutFactor: 3,
  /** The attempts in a row without a connection after which a page probes the server by `fetch` before it opens a WebSocket. */
  probeAfter: 3,
  /** The longest time without a WebSocket while the server does not answer the probes of a page. */
  maxProbingMs: { trusted: 300_000, untrusted: 30_000 },
  /** The time after a wake in which the end of an open connection does not count as a failure. */
  wokenMs: 1_000,
  requestTimeoutMs: 10_000,
  /** The largest number of requests without a reply, with those that wait to be sent. */
  maxRequests: 1_000,
  /** The uptime of a connection after which the backoff starts at its shortest wait again. */
  stableAfterMs: 10_000,
  /** The time in which the `close` event of a failed socket has to follow its `error` event. */
  failureTimeoutMs: 100,
  /** The time that a server has to answer a close frame. */
  closeTimeoutMs: 2_000,
  /** The time that a server has to answer a probe: the ping after a sleep, a freeze or a change of network. */
  probeTimeoutMs: 5_000,
  /** The delay of a timer from which on the process counts as frozen: the answer to a ping may wait behind the timer. */
  frozenMs: 1_000,
  /** The longest wait that the client accepts from `goaway`: a server's mistake must not keep it offline for days. */
  maxGoawayMs: 600_000,
  /** The part of its lifetime after which a token is renewed. */
  renewAt: 0.8,
  /** The shortest wait before a token is renewed. */
  minRenewMs: 250,
  /** The shortest heartbeat interval that the client accepts from a server. */
  minHeartbeatMs: 100,
  /** The largest number of records that wait for a slow `for await`. */
  maxWaitingRecords: 1_000,
} as const;

/** {@linkcode ConnectOptions}, checked and with the defaults filled in. */
export interface Settings {
  readonly dialect: "v1" | "plain";
  readonly protocols: string[];
  readonly lobby: boolean;
  readonly token: ConnectOptions["token"];
  readonly backoff: BackoffSettings;
  readonly connectTimeoutMs: number;
  readonly heartbeat: HeartbeatOptions | false;
  readonly outbox: OutboxSettings;
  readonly WebSocket: WebSocketConstructor;
  readonly clock: ClientClock;
}

const CONNECT = "Cannot connect";

const NAMES: OptionNames<ConnectOptions> = {
  contract: true,
  dialect: true,
  protocols: true,
  lobby: true,
  token: true,
  backoff: true,
  connectTimeoutMs: true,
  heartbeat: true,
  outbox: true,
  WebSocket: true,
  clock: true,
};

/**
 * Checks options and fills in the defaults.
 *
 * @param options the options of `connect`.
 * @returns the settings.
 * @throws {TypeError} for an unknown option, a value of the wrong type, or an option of the other dialect.
 * @throws {RangeError} for a number out of bounds.
 */
export function resolveOptions<
  M extends MessageMap,
  R extends RequestMap,
  P,
>(
  options: ConnectOptions<M, R, P>,
): Settings {
  checkNames(CONNECT, options, NAMES);
  const {
    contract,
    dialect = "v1",
    protocols = [],
    lobby = true,
    token,
    backoff,
    connectTimeoutMs = DEFAULTS.connectTimeoutMs,
    heartbeat = {},
    outbox,
    WebSocket = globalThis.WebSocket,
    clock = webClock,
  } = options;
  checkOneOf(CONNECT, "dialect", dialect, ["v1", "plain"]);
  if (typeof WebSocket !== "function") {
    throw new TypeError(
      `${CONNECT}: this runtime has no WebSocket, and the option 'WebSocket' is not a constructor`,
    );
  }
  if (contract !== undefined && typeof contract?.check !== "function") {
    throw new TypeError(
      `${CONNECT}: the option 'contract' must be a contract that defineMessages made`,
    );
  }
  if (
    token !== undefined && token !== null && typeof token !== "string" &&
    typeof token !== "function"
  ) {
    throw new TypeError(
      `${CONNECT}: the option 'token' must be a string, a function or null, not ${typeof token}`,
    );
  }
  if (dialect === "v1" && protocols.length > 0) {
    throw new TypeError(
      `${CONNECT}: the option 'protocols' needs the dialect 'plain'`,
    );
  }
  if (
    dialect === "plain" &&
    ((token ?? undefined) !== undefined || contract !== undefined)
  ) {
    throw new TypeError(
      `${CONNECT}: the dialect 'plain' does not support the options 'token' and 'contract'`,
    );
  }
  checkNumber(CONNECT, "connectTimeoutMs", connectTimeoutMs);
  return {
    dialect,
    protocols: typeof protocols === "string" ? [protocols] : [...protocols],
    lobby,
    token,
    backoff: numberOptions<BackoffSettings>(
      CONNECT,
      "backoff",
      DEFAULTS.backoff,
      backoff,
    ),
    connectTimeoutMs,
    heartbeat: heartbeatOptions(heartbeat),
    outbox: numberOptions<OutboxSettings>(
      CONNECT,
      "outbox",
      DEFAULTS.outbox,
      outbox,
    ),
    WebSocket,
    clock,
  };
}

/** Checks the heartbeat and returns the given values alone: the server's values stand in for the absent ones. */
function heartbeatOptions(
  given: HeartbeatOptions | false,
): HeartbeatOptions | false {
  if (given === false) return false;
  const atLeast1 = { min: 1 };
  numberOptions<HeartbeatSettings>(
    CONNECT,
    "heartbeat",
    DEFAULTS.heartbeat,
    given,
    {
      intervalMs: atLeast1,
      timeoutMs: atLeast1,
    },
  );
  const { intervalMs, timeoutMs } = given;
  if (
    intervalMs !== undefined && timeoutMs !== undefined &&
    timeoutMs <= intervalMs
  ) {
    throw new RangeError(
      `${CONNECT}: the option 'heartbeat.timeoutMs' must be above 'heartbeat.intervalMs' (${intervalMs}), not ${timeoutMs}`,
    );
  }
  return { ...given };
}
