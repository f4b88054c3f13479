import {
  checkFunction,
  checkNames,
  checkOneOf,
  numberOptions,
} from "../../common/options.ts";
import {
  DEFAULT_STORE_SETTINGS,
  type StoreSettings,
} from "../../hub/log/store.ts";

/** Options of {@linkcode redisStore}. */
export interface RedisStoreOptions {
  /**
   * The prefix of every key and channel, so that several hubs can share a server.
   *
   * @default the `?prefix=` of the URL, or `drumbeat:`
   */
  readonly prefix?: string;
  /**
   * Maximum number of records of a topic's log.
   *
   * @default 100_000
   */
  readonly maxRecords?: number;
  /**
   * Maximum bytes of a topic's log as they are stored, trimmed in steps of a 64th.
   *
   * @default 67_108_864 (64 MiB)
   */
  readonly maxBytes?: number;
  /**
   * The greatest age of a record, in ms, trimmed in steps of a 64th.
   *
   * @default 604_800_000 (7 days)
   */
  readonly maxAgeMs?: number;
  /**
   * The time after which a publish that waits for Redis is rejected, and a read fails, in ms.
   *
   * @default 5_000
   */
  readonly waitMs?: number;
  /**
   * Maximum bytes of publishes that wait for Redis. Above it, a publish is rejected at once.
   *
   * @default 16_777_216 (16 MiB)
   */
  readonly maxQueueBytes?: number;
  /**
   * The time without an answer after which a connection is closed and opened again, in ms.
   *
   * @default 2_500
   */
  readonly hangMs?: number;
  /**
   * The durability of Redis.
   *
   * - `relaxed`: a restart or a failover may lose acknowledged records. When another process of Redis answers, every log
   *   begins a new epoch and every session ends.
   * - `full`: Redis keeps every acknowledged record (`appendfsync always`, and no failover to a replica that may lag).
   *   Logs and sessions continue.
   *
   * @default "relaxed"
   */
  readonly durability?: "full" | "relaxed";
  /**
   * Returns the credentials of a new connection, for passwords that change.
   *
   * @default the credentials of the URL
   */
  readonly credentials?: () => RedisCredentials | Promise<RedisCredentials>;
  /**
   * The certificates for `rediss:`.
   *
   * @default the certificates that the runtime trusts
   */
  readonly tls?: RedisTls;
}

/** The credentials of a connection to Redis. */
export interface RedisCredentials {
  /**
   * The user.
   *
   * @default "default"
   */
  readonly username?: string;
  /** The password. */
  readonly password: string;
}

/** Certificates for TLS, in PEM. */
export interface RedisTls {
  /** The certificates that may have signed the server's. */
  readonly ca?: string;
  /** The client's certificate. */
  readonly cert?: string;
  /** The client's private key. */
  readonly key?: string;
  /**
   * The name in the server's certificate.
   *
   * @default the URL's host
   */
  readonly servername?: string;
}

/** Options of {@linkcode RedisStore}: those of the server, and the settings of the hub. */
export type RedisOptions = RedisStoreOptions & Partial<StoreSettings>;

const NUMBERS = {
  maxRecords: 100_000,
  maxBytes: 64 * 1024 * 1024,
  maxAgeMs: 7 * 24 * 60 * 60 * 1000,
  waitMs: 5_000,
  maxQueueBytes: 16 * 1024 * 1024,
  hangMs: 2_500,
};

const NAMES = {
  ...NUMBERS,
  prefix: true,
  durability: true,
  credentials: true,
  tls: true,
};

const ACTION = "Cannot connect to Redis";

/** {@linkcode RedisOptions} with their defaults, and the parsed URL. */
export interface RedisSettings extends Readonly<typeof NUMBERS>, StoreSettings {
  readonly prefix: string;
  readonly durability: "full" | "relaxed";
  readonly server: RedisServer;
}

/** The address of a Redis, and how to connect to it. */
export interface RedisServer {
  readonly host: string;
  readonly port: number;
  readonly database: number;
  readonly tls: RedisTls | undefined;
  credentials(): Promise<Partial<RedisCredentials>>;
  /** The address without credentials, for error messages. */
  readonly name: string;
}

/**
 * Rejects unknown options. `sessionMs` and `sessions` are unknown here: the hub owns them.
 *
 * @throws {TypeError} for an unknown option.
 */
export function checkRedisNames(options: RedisStoreOptions): void {
  checkNames(ACTION, options, NAMES);
}

/**
 * Checks the URL and the options, and fills in the defaults.
 *
 * @throws {TypeError} for a malformed URL, an unknown option or a wrong type, {@linkcode RangeError} for a number out of
 * bounds. A message never contains the URL, which may contain a password.
 */
export function redisSettings(
  url: string,
  options: RedisOptions,
): RedisSettings {
  checkNames(ACTION, options, { ...NAMES, ...DEFAULT_STORE_SETTINGS });
  const { credentials, tls, prefix, durability = "relaxed", ...given } =
    options;
  checkOneOf(ACTION, "durability", durability, ["full", "relaxed"]);
  checkFunction(ACTION, "credentials", credentials);
  if (tls !== undefined) {
    checkNames(ACTION, tls, TLS_NAMES, "tls");
  }
  const parsed = parseUrl(url);
  const positive = Object.fromEntries(
    Object.keys(NUMBERS).map((name) => [name, { min: 1 }]),
  );
  return {
    ...numberOptions(
      ACTION,
      "",
      { ...NUMBERS, ...DEFAULT_STORE_SETTINGS },
      given,
      positive,
    ),
    prefix: prefix ?? parsed.searchParams.get("prefix") ?? "drumbeat:",
    durability,
    server: serverOf(parsed, credentials, tls),
  };
}

const TLS_NAMES = { ca: true, cert: true, key: true, servername: true };

function parseUrl(url: string): URL {
  // Not `new URL` alone: its error quotes the URL.
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (
    parsed === undefined || !/^rediss?:$/.test(parsed.protocol) ||
    parsed.hostname === "" || !/^(\/\d*)?$/.test(parsed.pathname)
  ) {
    throw new TypeError(
      `${ACTION}: the URL must be redis://[user:password@]host[:port][/database][?prefix=…], or rediss:// for TLS`,
    );
  }
  checkParameters(parsed.searchParams);
  return parsed;
}

function checkParameters(parameters: URLSearchParams): void {
  const names = [...parameters.keys()];
  const unknown = names.find((name) => name !== "prefix");
  if (unknown !== undefined) {
    throw new TypeError(
      `${ACTION}: unknown parameter '${unknown}' in the URL (only 'prefix' is known; a database is the path, as in redis://host/1)`,
    );
  }
  if (names.length > 1) {
    throw new TypeError(`${ACTION}: the URL has ${names.length} prefixes`);
  }
}

function serverOf(
  url: URL,
  credentials: RedisStoreOptions["credentials"],
  tls: RedisTls = {},
): RedisServer {
  const port = Number(url.port || "6379");
  // An IPv6 address has brackets in a URL only.
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const username = decodeURIComponent(url.username);
  const password = decodeURIComponent(url.password);
  const fixed: Partial<RedisCredentials> = {
    ...(username === "" ? {} : { username }),
    ...(password === "" ? {} : { password }),
  };
  return {
    host,
    port,
    database: Number(url.pathname.slice(1) || "0"),
    tls: url.protocol === "rediss:" ? tls : undefined,
    credentials: async () => await credentials?.() ?? fixed,
    name: `${url.protocol}//${url.hostname}:${port}`,
  };
}
