import type {
  AnyMessages,
  AnyRequests,
  Contract,
  MessageMap,
  RequestMap,
} from "../messages.ts";
import { type ClientClock, webClock } from "./clock.ts";

/** How reconnects are spread out. */
export interface BackoffOptions {
  /** The full wait before the first retry in ms, half of which is random. Default: 500. */
  readonly minMs?: number;
  /** The longest full wait in ms. Default: 15,000. */
  readonly maxMs?: number;
  /** By what the wait grows from retry to retry; at least 1. Default: 2. */
  readonly factor?: number;
  /** A connection that held this long in ms starts the row anew. Default: 10,000. */
  readonly resetAfterMs?: number;
  /** Retries in a row before the client closes for good; 0: never reconnect. Default: `Infinity`. */
  readonly attempts?: number;
}

/** When a silent server counts as dead. */
export interface HeartbeatOptions {
  /** A ping goes out this often, in ms. Default: what the server says, or 10,000. */
  readonly intervalMs?: number;
  /** A server that was not heard for this long, in ms, is dead; above `intervalMs`. Default: what the server says, or 25,000. */
  readonly timeoutMs?: number;
}

/** The bounds of what waits to be sent or acknowledged. */
export interface OutboxOptions {
  /** Most messages; the next one is refused with the code `limit`. Default: 1,000. */
  readonly maxCount?: number;
  /** Most bytes of messages; one that does not fit is refused with the code `limit`. Default: 1 MiB. */
  readonly maxBytes?: number;
  /** How long a message may wait in ms: then it fails with `timeout`, or `unknown` where it was sent. Default: 60,000. */
  readonly maxAgeMs?: number;
}

/** The part of a WebSocket constructor that the client uses. */
export type WebSocketConstructor = new (
  url: string,
  protocols?: string | string[],
) => WebSocket;

/** Options of {@linkcode connect}. */
export interface ConnectOptions<
  M extends MessageMap = AnyMessages,
  R extends RequestMap = AnyRequests,
> {
  /** What may be published, made by `defineMessages`; checked before sending and on receipt. Default: any message. */
  readonly contract?: Contract<M, R>;
  /** `v1`: a Drumbeat server. `plain`: any WebSocket server, without topics, only reconnecting. Default: `v1`. */
  readonly dialect?: "v1" | "plain";
  /** Subprotocols to offer; for the plain dialect only. Default: none. */
  readonly protocols?: string | readonly string[];
  /** Whether to join the lobby without being asked; `v1` only. Default: `true`. */
  readonly lobby?: boolean;
  /**
   * Proves who this is. A function is asked for each connection, again before its token expires, and once more when it was
   * refused; so a string that expires is the end. `v1` only. Default: none.
   */
  readonly token?: string | (() => string | Promise<string>);
  /** How reconnects are spread out. */
  readonly backoff?: BackoffOptions;
  /** How long a connection may take in ms, from the first packet to the server's `start`. Default: 8,000. */
  readonly connectTimeoutMs?: number;
  /** When a silent server counts as dead; `false`: never, and no pings. */
  readonly heartbeat?: HeartbeatOptions | false;
  /** The bounds of what waits to be sent or acknowledged. */
  readonly outbox?: OutboxOptions;
  /** Makes the connections. Default: the platform's `WebSocket`. */
  readonly WebSocket?: WebSocketConstructor;
  /** Time and chance. Default: the platform's. */
  readonly clock?: ClientClock;
}

/** {@linkcode BackoffOptions} with every value filled in. */
export type BackoffSettings = Required<BackoffOptions>;
/** {@linkcode OutboxOptions} with every value filled in. */
export type OutboxSettings = Required<OutboxOptions>;
/** {@linkcode HeartbeatOptions} with every value filled in. */
export type HeartbeatSettings = Required<HeartbeatOptions>;

/** Every default number of the client, in one place. */
export const DEFAULTS = {
  backoff: {
    minMs: 500,
    maxMs: 15_000,
    factor: 2,
    resetAfterMs: 10_000,
    attempts: Infinity,
  },
  outbox: { maxCount: 1_000, maxBytes: 1024 * 1024, maxAgeMs: 60_000 },
  heartbeat: { intervalMs: 10_000, timeoutMs: 25_000 },
  connectTimeoutMs: 8_000,
  requestTimeoutMs: 10_000,
  /** Requests that may wait for their answers. */
  maxRequests: 256,
  /** How long a server may take to answer a close, before the client stops waiting for it. */
  closeTimeoutMs: 2_000,
  /** How long a server may take to answer when its life is in doubt: after a sleep, a freeze, a change of network. */
  probeTimeoutMs: 5_000,
  /** A timer this late was frozen: the answer to a ping may be waiting behind it. */
  frozenMs: 1_000,
  /** The longest wait that `goaway` may ask for: a server's mistake must not keep a client away for days. */
  maxGoawayMs: 600_000,
  /** The part of its time after which a token is renewed. */
  renewAt: 0.8,
  /** The shortest wait before a token is renewed, whatever the server says. */
  minRenewMs: 250,
  /** The shortest heartbeat that a server may ask for. */
  minHeartbeatMs: 100,
  /** Records that wait for a slow `for await`. */
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

/**
 * Checks options and fills in what is not given.
 *
 * @throws {TypeError} when an option does not exist, has the wrong type or does not go with the dialect.
 * @throws {RangeError} when a number is not one, or out of its bounds.
 */
export function resolveOptions<M extends MessageMap, R extends RequestMap>(
  options: ConnectOptions<M, R>,
): Settings {
  const {
    contract,
    dialect = "v1",
    protocols = [],
    lobby = true,
    token,
    backoff = {},
    connectTimeoutMs = DEFAULTS.connectTimeoutMs,
    heartbeat = {},
    outbox = {},
    WebSocket = globalThis.WebSocket,
    clock = webClock,
    ...others
  } = options;
  for (const name of Object.keys(others)) {
    throw new TypeError(`There is no option '${name}'`);
  }
  if (dialect !== "v1" && dialect !== "plain") {
    throw new TypeError(`There is no dialect '${dialect}'`);
  }
  if (typeof WebSocket !== "function") {
    throw new TypeError("There is no WebSocket here: give one as an option");
  }
  if (contract !== undefined && typeof contract?.check !== "function") {
    throw new TypeError(
      "The option 'contract' is not one: make it with defineMessages",
    );
  }
  if (
    token !== undefined && typeof token !== "string" &&
    typeof token !== "function"
  ) {
    throw new TypeError("The option 'token' must be a string or a function");
  }
  if (dialect === "v1" && protocols.length > 0) {
    throw new TypeError("The option 'protocols' is for the plain dialect");
  }
  if (dialect === "plain" && (token !== undefined || contract !== undefined)) {
    throw new TypeError("The plain dialect has no 'token' and no 'contract'");
  }
  const settings: Settings = {
    dialect,
    protocols: typeof protocols === "string" ? [protocols] : [...protocols],
    lobby,
    token,
    backoff: fill("backoff", DEFAULTS.backoff, backoff),
    connectTimeoutMs,
    heartbeat: heartbeat === false ? false : { ...heartbeat },
    outbox: fill("outbox", DEFAULTS.outbox, outbox),
    WebSocket,
    clock,
  };
  bound("connectTimeoutMs", connectTimeoutMs);
  if (settings.backoff.factor < 1) {
    throw new RangeError("The option 'backoff.factor' must be at least 1");
  }
  if (settings.heartbeat !== false) {
    // The server's word fills in what is missing; it cannot be out of order with what is given.
    const { intervalMs, timeoutMs } = fill(
      "heartbeat",
      DEFAULTS.heartbeat,
      settings.heartbeat,
    );
    const both = heartbeat !== false && heartbeat.intervalMs !== undefined &&
      heartbeat.timeoutMs !== undefined;
    if (
      intervalMs <= 0 || timeoutMs <= 0 || (both && timeoutMs <= intervalMs)
    ) {
      throw new RangeError(
        "The option 'heartbeat' needs 0 < intervalMs < timeoutMs",
      );
    }
  }
  return settings;
}

function fill<T extends Readonly<Record<string, number>>>(
  option: string,
  defaults: T,
  given: { readonly [K in keyof T]?: number },
): { [K in keyof T]: number } {
  const filled: Record<string, number> = { ...defaults };
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(defaults, name)) {
      throw new TypeError(`There is no option '${option}.${name}'`);
    }
    bound(`${option}.${name}`, value);
    filled[name] = value;
  }
  return filled as { [K in keyof T]: number };
}

/**
 * Checks a number among options.
 *
 * @throws {TypeError} when it is none.
 * @throws {RangeError} when it is negative or NaN.
 */
export function bound(name: string, value: unknown): asserts value is number {
  if (typeof value !== "number") {
    throw new TypeError(`The option '${name}' must be a number`);
  }
  if (!(value >= 0)) {
    throw new RangeError(`The option '${name}' must not be negative`);
  }
}
