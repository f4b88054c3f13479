/** Where a store in Redis is, and what it may cost. */
export interface RedisStoreOptions {
  /** Before every key and channel, so that several hubs share a server. Default: `drumbeat:`, or the URL's `?prefix=`. */
  readonly prefix?: string;
  /** Most records of a topic's log. Default: 100,000. */
  readonly maxRecords?: number;
  /** Most bytes of a topic's log, as they are stored, about: it is trimmed by 64ths. Default: 64 MiB. */
  readonly maxBytes?: number;
  /** Greatest age of a record in ms, about: it is trimmed by 64ths. Default: 7 days. */
  readonly maxAgeMs?: number;
  /** How long a session can be resumed after its connection, or its node, ended, in ms. Default: the hub's. */
  readonly sessionMs?: number;
  /** How long a publish waits for Redis before it is refused, and a read before it fails, in ms. Default: 5,000. */
  readonly waitMs?: number;
  /** Most bytes of publishes that wait for Redis; the next one is refused at once. Default: 16 MiB. */
  readonly maxQueueBytes?: number;
  /** A connection that gave no answer for so long is dropped and made anew, in ms. Default: 2,500. */
  readonly hangMs?: number;
  /**
   * Whether Redis keeps over a restart, or a failover, all that it acknowledged. Default: `relaxed`.
   *
   * - `relaxed`: it may not. When another process answers, every log begins a new epoch and every session ends.
   * - `full`: it does (`appendfsync always`, and no failover to a replica that may lag): logs and sessions go on.
   */
  readonly durability?: "full" | "relaxed";
  /** Asked for at every connection: for passwords that change. Default: those of the URL. */
  readonly credentials?: () => RedisCredentials | Promise<RedisCredentials>;
  /** For `rediss:`: what is trusted, and what proves who we are. Default: the certificates that the runtime trusts. */
  readonly tls?: RedisTls;
}

/** Who connects to Redis. */
export interface RedisCredentials {
  /** Default: the user `default`. */
  readonly username?: string;
  /** The password. */
  readonly password: string;
}

/** Certificates in PEM. */
export interface RedisTls {
  /** Who may have signed the server's. */
  readonly ca?: string;
  /** Our own. */
  readonly cert?: string;
  /** Our own key. */
  readonly key?: string;
  /** The name that the server's certificate must have. Default: the URL's host. */
  readonly servername?: string;
}

/** {@linkcode RedisStoreOptions} with no default left open. */
export interface RedisSettings {
  readonly prefix: string;
  readonly maxRecords: number;
  readonly maxBytes: number;
  readonly maxAgeMs: number;
  readonly sessionMs: number;
  readonly waitMs: number;
  readonly maxQueueBytes: number;
  readonly hangMs: number;
  readonly durability: "full" | "relaxed";
  readonly server: RedisServer;
}

/** Where to connect to, and as whom. */
export interface RedisServer {
  readonly host: string;
  readonly port: number;
  readonly database: number;
  readonly tls: RedisTls | undefined;
  credentials(): Promise<Partial<RedisCredentials>>;
  /** What may be printed of it. */
  readonly name: string;
}

const NUMBERS = {
  maxRecords: 100_000,
  maxBytes: 64 * 1024 * 1024,
  maxAgeMs: 7 * 24 * 60 * 60 * 1000,
  sessionMs: 120_000,
  waitMs: 5_000,
  maxQueueBytes: 16 * 1024 * 1024,
  hangMs: 2_500,
};

/**
 * Checks the options once and fills in the defaults.
 *
 * @throws {TypeError} for a URL that is none; what it says never holds the URL, which may hold a password.
 * @throws {RangeError} for a number that is not one.
 */
export function redisSettings(
  url: string,
  options: RedisStoreOptions,
): RedisSettings {
  const { credentials, tls, prefix, durability = "relaxed", ...given } =
    options;
  const numbers: Record<string, number> = { ...NUMBERS };
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(NUMBERS, name)) {
      throw new TypeError(`There is no option '${name}' of the store in Redis`);
    }
    if (typeof value !== "number" || !(value > 0)) {
      throw new RangeError(
        `The option '${name}' of the store in Redis must be a number above 0, not ${value}`,
      );
    }
    numbers[name] = value;
  }
  if (durability !== "full" && durability !== "relaxed") {
    throw new RangeError(
      `The option 'durability' is full or relaxed, not ${durability}`,
    );
  }
  const parsed = parseUrl(url);
  return {
    ...numbers as typeof NUMBERS,
    prefix: prefix ?? parsed.searchParams.get("prefix") ?? "drumbeat:",
    durability,
    server: serverOf(parsed, credentials, tls),
  };
}

function parseUrl(url: string): URL {
  // Never the error of URL itself: it quotes what it was given.
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (
    parsed === undefined || !/^rediss?:$/.test(parsed.protocol) ||
    parsed.hostname === "" || !/^(\/\d*)?$/.test(parsed.pathname)
  ) {
    throw new TypeError(
      "The address of Redis is redis://[user:password@]host[:port][/database][?prefix=…], or rediss:// for TLS",
    );
  }
  return parsed;
}

function serverOf(
  url: URL,
  credentials: RedisStoreOptions["credentials"],
  tls: RedisTls = {},
): RedisServer {
  const port = Number(url.port || "6379");
  // An IPv6 address is in brackets in a URL, and nowhere else.
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
