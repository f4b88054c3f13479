import type { Buffer } from "node:buffer";
import { isIP } from "node:net";
import { createClient, RESP_TYPES } from "npm:@redis/client@6.3.1";
import { backoffMs } from "../../common/backoff.ts";
import type { Cancel, Clock } from "../../hub/clock.ts";
import {
  commandError,
  RedisConnectionError,
  RedisReplyError,
} from "./errors.ts";
import type { RedisServer, RedisSettings } from "./options.ts";
import type { RedisScript } from "./scripts.ts";

/** The delays before a connection is opened again. */
const BACKOFF = { minMs: 50, maxMs: 1_000 };
/** The interval at which a connection is checked, in ms. */
const CHECK_MS = 500;
/** An idle connection is pinged after this time, in ms. */
const PING_AFTER_MS = 1_000;

/** Replies with strings as bytes. */
const AS_BYTES = { [RESP_TYPES.BLOB_STRING]: globalThis.Buffer };

type Client = ReturnType<typeof newClient>;

/** The ports and callbacks of {@linkcode RedisConnection}. */
export interface RedisConnectionContext {
  readonly clock: Clock;
  readonly settings: RedisSettings;
  /** Sends the first commands of a new connection. When it rejects, the connection is opened again. */
  connected(): Promise<void>;
  /** Called when the connection was closed or could not be opened. */
  disconnected(error: unknown): void;
}

/**
 * One connection to Redis, opened again whenever it is closed or hangs. Commands without an answer then fail with
 * {@linkcode RedisConnectionError}; the caller decides whether to send them again.
 */
export class RedisConnection {
  readonly #context: RedisConnectionContext;
  #client: Client | undefined;
  #isUp = false;
  #isClosed = false;
  #retries = 0;
  /** The commands of the current client without an answer. */
  #pending = 0;
  /** The monotonic time of the last answer or message; of the first unanswered command, if that is later. */
  #activeAt = 0;
  #cancelCheck: Cancel | undefined;
  #cancelRetry: Cancel | undefined;
  #whenUp = Promise.withResolvers<void>();

  constructor(context: RedisConnectionContext) {
    this.#context = context;
  }

  /** `true` while the connection works. */
  get isUp(): boolean {
    return this.#isUp;
  }

  /** Resolves when the connection works, or is closed. */
  get whenUp(): Promise<void> {
    return this.#whenUp.promise;
  }

  /** Starts to connect. */
  start(): void {
    this.#connect();
  }

  /** Sends a command. @throws {RedisConnectionError} or {@linkcode RedisReplyError}. */
  async command<T>(
    args: readonly (string | Buffer)[],
    options: { readonly bytes?: boolean } = {},
  ): Promise<T> {
    const client = this.#client;
    if (client === undefined) throw new RedisConnectionError(false);
    return await this.#answer(
      client,
      client.sendCommand(
        args as (string | Buffer)[],
        options.bytes ? { typeMapping: AS_BYTES } : undefined,
      ) as Promise<unknown> as Promise<T>,
    );
  }

  /** Runs a script, and sends its source to a server that does not have it. */
  async script<T>(
    { sha, source }: RedisScript,
    keys: readonly string[],
    args: readonly (string | Buffer)[],
    options: { readonly bytes?: boolean } = {},
  ): Promise<T> {
    const rest = [`${keys.length}`, ...keys, ...args];
    try {
      return await this.command<T>(["EVALSHA", sha, ...rest], options);
    } catch (error) {
      if (!(error instanceof RedisReplyError && error.code === "NOSCRIPT")) {
        throw error;
      }
      return await this.command<T>(["EVAL", source, ...rest], options);
    }
  }

  /** Subscribes to channels, until this connection is closed. */
  async subscribe(
    channels: string[],
    receive: (message: Buffer, channel: Buffer) => void,
  ): Promise<void> {
    const client = this.#client;
    if (client === undefined) throw new RedisConnectionError(false);
    await this.#answer(
      client,
      client.subscribe(channels, (message: Buffer, channel: Buffer) => {
        this.#activeAt = this.#context.clock.now();
        receive(message, channel);
      }, true),
    );
  }

  /** Unsubscribes from a channel. */
  async unsubscribe(channel: string): Promise<void> {
    const client = this.#client;
    if (client === undefined) return;
    await this.#answer(client, client.unsubscribe(channel));
  }

  /** Closes the connection for good. */
  close(): void {
    this.#isClosed = true;
    this.#isUp = false;
    this.#cancelCheck?.();
    this.#cancelRetry?.();
    const client = this.#client;
    this.#client = undefined;
    if (client !== undefined) destroy(client);
    this.#whenUp.resolve();
  }

  async #answer<T>(client: Client, answer: Promise<T>): Promise<T> {
    const { clock } = this.#context;
    if (this.#pending++ === 0) this.#activeAt = clock.now();
    try {
      return await answer;
    } catch (cause) {
      const error = commandError(cause);
      if (error instanceof RedisReplyError && error.endsConnection) {
        this.#disconnected(client, error);
      }
      throw error;
    } finally {
      if (client === this.#client) {
        this.#pending--;
        this.#activeAt = clock.now();
      }
    }
  }

  async #connect(): Promise<void> {
    const { settings, clock } = this.#context;
    let client: Client | undefined;
    try {
      const credentials = await settings.server.credentials();
      if (this.#isClosed) return;
      client = newClient(settings.server, credentials, settings.hangMs);
      const current = client;
      client.on("error", (error) => this.#disconnected(current, error));
      this.#client = client;
      // The handshake counts as a command: a server that accepts and never answers hangs, too.
      this.#pending = 1;
      this.#activeAt = clock.now();
      this.#scheduleCheck();
      await client.connect();
      // The counter is of the current client: `#connect` sets it for each one.
      if (client !== this.#client) return;
      this.#pending--;
      await this.#context.connected();
      if (client !== this.#client) return;
      this.#retries = 0;
      this.#isUp = true;
      this.#whenUp.resolve();
    } catch (error) {
      if (client === undefined) this.#retry(error);
      else this.#disconnected(client, error);
    }
  }

  #scheduleCheck(): void {
    const { clock, settings: { hangMs } } = this.#context;
    this.#cancelCheck?.();
    this.#cancelCheck = clock.after(CHECK_MS, () => {
      const idleMs = clock.now() - this.#activeAt;
      if (this.#pending > 0 && idleMs >= hangMs) {
        const error = new Error(`No answer for ${hangMs} ms`);
        if (this.#client) this.#disconnected(this.#client, error);
        return;
      }
      if (this.#pending === 0 && idleMs >= PING_AFTER_MS) {
        this.command(["PING"]).catch(() => {});
      }
      this.#scheduleCheck();
    });
  }

  #disconnected(client: Client, error: unknown): void {
    if (client !== this.#client) return;
    this.#client = undefined;
    destroy(client);
    this.#retry(error);
  }

  #retry(error: unknown): void {
    this.#cancelCheck?.();
    if (this.#isUp) this.#whenUp = Promise.withResolvers();
    this.#isUp = false;
    if (this.#isClosed) return;
    this.#context.disconnected(error);
    const ms = backoffMs(this.#retries++, BACKOFF, Math.random());
    this.#cancelRetry = this.#context.clock.after(
      ms,
      () => void this.#connect(),
    );
  }
}

function newClient(
  { host, port, database, tls }: RedisServer,
  credentials: { readonly username?: string; readonly password?: string },
  connectTimeout: number,
) {
  const socket = {
    host,
    port,
    connectTimeout,
    reconnectStrategy: false as const,
  };
  return createClient({
    socket: tls === undefined
      ? socket
      : { ...socket, ...serverNameOf(host), ...tls, tls: true as const },
    database,
    ...credentials,
    // The client's defaults need more permissions than --allow-net.
    maintNotifications: "disabled",
    disableClientInfo: true,
    disableOfflineQueue: true,
  });
}

/** TLS allows names only in the server name (RFC 6066 section 3). */
function serverNameOf(host: string): { readonly servername?: string } {
  return isIP(host) === 0 ? { servername: host } : {};
}

function destroy(client: Client): void {
  try {
    client.destroy();
  } catch {
    // The client is closed.
  }
}
