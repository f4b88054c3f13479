import type { Buffer } from "node:buffer";
import { createClient, RESP_TYPES } from "npm:@redis/client@6.3.1";
import type { Cancel, Clock } from "../../hub/clock.ts";
import { redisError, RedisLost, RedisRefused } from "./errors.ts";
import type { RedisServer, RedisSettings } from "./options.ts";
import type { RedisScript } from "./scripts.ts";

/** The first wait before a connection is made again, and the longest, in ms; half of it is random. */
const MIN_WAIT_MS = 50;
const MAX_WAIT_MS = 1_000;
/** How often a connection is looked at, in ms. */
const LOOK_MS = 500;
/** A connection that is silent for so long is asked for a sign of life, in ms. */
const PING_AFTER_MS = 1_000;

/** Replies in which strings are bytes. */
const AS_BYTES = { [RESP_TYPES.BLOB_STRING]: globalThis.Buffer };

type Client = ReturnType<typeof newClient>;

/** What {@linkcode RedisLink} needs of its owner. */
export interface RedisLinkContext {
  readonly clock: Clock;
  readonly settings: RedisSettings;
  /** The connection is there: the first that goes over it. Where it rejects, the connection is made again. */
  up(): Promise<void>;
  /** It is there no more, or could not be had. */
  down(error: unknown): void;
}

/**
 * One connection to Redis, which is made again whenever it ends, or hangs. Commands that are under way then fail with
 * {@linkcode RedisLost}; whether they are sent again is for their owners to say.
 */
export class RedisLink {
  readonly #context: RedisLinkContext;
  #client: Client | undefined;
  #isUp = false;
  #closed = false;
  #attempts = 0;
  /** Commands without an answer. */
  #waiting = 0;
  #heardAt = 0;
  #cancelLook: Cancel | undefined;
  #cancelWait: Cancel | undefined;
  #whenUp = Promise.withResolvers<void>();

  constructor(context: RedisLinkContext) {
    this.#context = context;
  }

  /** Whether it is there. */
  get isUp(): boolean {
    return this.#isUp;
  }

  /** Resolves when it is there, or closed for good. */
  get whenUp(): Promise<void> {
    return this.#whenUp.promise;
  }

  /** Starts connecting. */
  start(): void {
    this.#dial();
  }

  /** Sends a command. @throws {RedisLost} or {@linkcode RedisRefused}. */
  async command<T>(
    args: readonly (string | Buffer)[],
    options: { readonly bytes?: boolean } = {},
  ): Promise<T> {
    const client = this.#client;
    if (client === undefined) throw new RedisLost(false);
    return await this.#waited(
      client,
      client.sendCommand(
        args as (string | Buffer)[],
        options.bytes ? { typeMapping: AS_BYTES } : undefined,
      ) as Promise<unknown> as Promise<T>,
    );
  }

  /** Runs a script, and sends its source where the server does not have it. */
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
      if (!(error instanceof RedisRefused && error.code === "NOSCRIPT")) {
        throw error;
      }
      return await this.command<T>(["EVAL", source, ...rest], options);
    }
  }

  /** Hears a channel, for as long as this connection lasts. */
  async subscribe(
    channels: string[],
    heard: (message: Buffer, channel: Buffer) => void,
  ): Promise<void> {
    const client = this.#client;
    if (client === undefined) throw new RedisLost(false);
    await this.#waited(
      client,
      client.subscribe(channels, (message: Buffer, channel: Buffer) => {
        this.#heardAt = this.#context.clock.now();
        heard(message, channel);
      }, true),
    );
  }

  /** Hears it no more. */
  async unsubscribe(channel: string): Promise<void> {
    const client = this.#client;
    if (client === undefined) return;
    await this.#waited(client, client.unsubscribe(channel));
  }

  /** Ends the connection: it is made again. */
  drop(why: unknown): void {
    const client = this.#client;
    if (client !== undefined) this.#lost(client, why);
  }

  /** Ends it for good. */
  close(): void {
    this.#closed = true;
    this.#isUp = false;
    this.#cancelLook?.();
    this.#cancelWait?.();
    const client = this.#client;
    this.#client = undefined;
    if (client !== undefined) destroy(client);
    this.#whenUp.resolve();
  }

  async #waited<T>(client: Client, answer: Promise<T>): Promise<T> {
    const { clock } = this.#context;
    if (this.#waiting++ === 0) this.#heardAt = clock.now();
    try {
      return await answer;
    } catch (error) {
      const problem = redisError(error);
      if (problem instanceof RedisRefused && problem.endsConnection) {
        this.#lost(client, problem);
      }
      throw problem;
    } finally {
      if (client === this.#client) {
        this.#waiting--;
        this.#heardAt = clock.now();
      }
    }
  }

  async #dial(): Promise<void> {
    const { settings, clock } = this.#context;
    let client: Client | undefined;
    try {
      const credentials = await settings.server.credentials();
      if (this.#closed) return;
      client = newClient(settings.server, credentials, settings.hangMs);
      const dialed = client;
      client.on("error", (error) => this.#lost(dialed, error));
      this.#client = client;
      this.#waiting = 0;
      this.#heardAt = clock.now();
      // From here on: a server that takes the connection and says nothing hangs, too.
      this.#waiting++;
      this.#look();
      await client.connect();
      this.#waiting--;
      if (client !== this.#client) return;
      await this.#context.up();
      if (client !== this.#client) return;
      this.#attempts = 0;
      this.#isUp = true;
      this.#whenUp.resolve();
    } catch (error) {
      if (client === undefined) this.#again(error);
      else this.#lost(client, error);
    }
  }

  #look(): void {
    const { clock, settings } = this.#context;
    this.#cancelLook?.();
    this.#cancelLook = clock.after(LOOK_MS, () => {
      const silentMs = clock.now() - this.#heardAt;
      if (this.#waiting > 0 && silentMs >= settings.hangMs) {
        return this.drop(new Error(`No answer for ${settings.hangMs} ms`));
      }
      if (this.#waiting === 0 && silentMs >= PING_AFTER_MS) {
        this.command(["PING"]).catch(() => {});
      }
      this.#look();
    });
  }

  #lost(client: Client, error: unknown): void {
    if (client !== this.#client) return;
    this.#client = undefined;
    destroy(client);
    this.#again(error);
  }

  #again(error: unknown): void {
    this.#cancelLook?.();
    if (this.#isUp) this.#whenUp = Promise.withResolvers();
    this.#isUp = false;
    if (this.#closed) return;
    this.#context.down(error);
    const longest = Math.min(MIN_WAIT_MS * 2 ** this.#attempts++, MAX_WAIT_MS);
    // All nodes lost it at the same moment: they do not come back at the same moment.
    const ms = longest * (0.5 + Math.random() / 2);
    this.#cancelWait = this.#context.clock.after(ms, () => void this.#dial());
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
      : { ...socket, servername: host, ...tls, tls: true as const },
    database,
    ...credentials,
    // Otherwise it asks for more than --allow-net.
    maintNotifications: "disabled",
    disableClientInfo: true,
    disableOfflineQueue: true,
  });
}

function destroy(client: Client): void {
  try {
    client.destroy();
  } catch {
    // It has ended.
  }
}
