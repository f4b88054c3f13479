import { checkNames, checkNumber } from "../common/options.ts";
import { LONGEST_TIMER_MS } from "../common/timer.ts";
import {
  type AnyMessages,
  type AnyRequests,
  CloseCode,
  type ListenerOptions,
  LOBBY,
  type MessageHandler,
  type MessageInput,
  type MessageMap,
  type MessageOf,
  type OutputOf,
  type ReplyInputOf,
  type RequestMap,
  type Validator,
} from "../messages.ts";
import { isSendable } from "../messages/close_codes.ts";
import type { Clock } from "./clock.ts";
import { Core } from "./core.ts";
import { closeCodeFor, Drain } from "./drain.ts";
import type { HubMessageContext } from "./log/handlers.ts";
import { HubPeer } from "./hub_peer.ts";
import { HubTopic } from "./hub_topic.ts";
import {
  type HubCloseOptions,
  type HubDrainOptions,
  type HubOptions,
  type HubPorts,
  hubSettings,
} from "./options.ts";
import type { Observer } from "./observe/observer.ts";
import { isPeerId } from "./ids.ts";
import type { Peer } from "./peer.ts";
import type { HubStats } from "./observe/stats.ts";
import type {
  HandleOptions,
  RequestContext,
  RequestHandler,
} from "./protocol/request_handler.ts";
import type { Store } from "./log/store.ts";
import { tieredStore } from "./log/tiered_store.ts";
import {
  hasEphemeralTopics,
  type TopicOptionsByName,
} from "./log/topic_options.ts";
import { HubTransport } from "./transport.ts";

/**
 * The hub: topics that are logs, peers that are cursors.
 *
 * @typeParam M the message types.
 * @typeParam R the request methods, with their data and replies.
 * @typeParam P the data of a member of a topic's presence.
 * @typeParam Auth the `auth` of the grants that `authorize` returns.
 * @typeParam State the program's own data of each peer.
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { connect, serve } from "../mod.ts";
 *
 * await using server = serve({ port: 0 });
 * const { hub } = server;
 * hub.handle("add", (data) => {
 *   const [a, b] = data as [number, number];
 *   return a + b;
 * });
 * const chat = Promise.withResolvers<unknown>();
 * hub.on("chat", ({ text }, { topic }) => chat.resolve([topic, text]));
 *
 * await using client = connect(`ws://127.0.0.1:${server.addr.port}/ws`);
 * await client.opened();
 * assertEquals(await client.request("add", [1, 2]), 3);
 * client.send(JSON.stringify({ type: "chat", text: "hello" }));
 * assertEquals(await chat.promise, ["lobby", "hello"]);
 * assertEquals(hub.peers.size, 1);
 * ```
 */
export class Hub<
  M extends MessageMap = AnyMessages,
  R extends RequestMap = AnyRequests,
  P = unknown,
  Auth = unknown,
  State = unknown,
> implements AsyncDisposable {
  /** The side of the hub that a transport uses, which connects sockets to it. A program does not need it. */
  readonly transport: HubTransport;
  readonly #core: Core;
  readonly #store: Store;
  readonly #clock: Clock;
  #drain: Drain | undefined;
  #closed: Promise<void> | undefined;

  /**
   * Creates a hub with a clock of its own; `createHub` has one.
   *
   * @param ports the clock, and a function that makes the store.
   * @param options see {@linkcode HubOptions}.
   * @throws {TypeError} for an unknown option or a value of the wrong type.
   * @throws {RangeError} for a number out of bounds.
   */
  constructor(ports: HubPorts, options: HubOptions<M, R, P, Auth, State> = {}) {
    const action = "Cannot create the hub";
    const settings = hubSettings(options, action);
    const { sessionMs, topics, limits: { sessions } } = settings;
    const { clock, ephemeral } = ports;
    const make =
      ephemeral && hasEphemeralTopics(options.topics as TopicOptionsByName)
        ? tieredStore(
          ports.store,
          ephemeral,
          (name) => !topics(name).durable,
          action,
        )
        : ports.store;
    const store = make(clock, { sessionMs, sessions });
    this.#store = store;
    this.#clock = clock;
    try {
      this.#core = new Core({ clock, store, ...settings });
    } catch (error) {
      void store[Symbol.asyncDispose]();
      throw error;
    }
    this.transport = new HubTransport(this.#core, () => this.isDraining);
  }

  /** The open peers: `onOpen` was called, and `onClose` was not. */
  get peers(): ReadonlySet<Peer<M, Auth, State>> {
    return this.#core.connections.peers as ReadonlySet<Peer<M, Auth, State>>;
  }

  /** `true` once the hub drains or is closed: it accepts no connections. */
  get isDraining(): boolean {
    return this.#drain !== undefined || this.#closed !== undefined;
  }

  /**
   * Publishes to the lobby as the hub. A peer is subscribed to the lobby unless its hello names other topics.
   *
   * @typeParam T the message's type.
   * @param message a message that the contract accepts, or a binary payload.
   * @returns the record's offset, once the record is committed. An ignored rejection goes to `onError`.
   * @throws {DrumbeatError} (as a rejection) when the hub refuses the message.
   */
  broadcast<T extends keyof M & string>(
    message: MessageInput<M, T> | Uint8Array<ArrayBuffer>,
  ): Promise<number> {
    return this.topic(LOBBY).publish(message);
  }

  /**
   * Returns a topic.
   *
   * @param name the topic's name.
   */
  topic(name: string): HubTopic<M, P, Auth, State> {
    return new HubTopic(this.#core, name);
  }

  /**
   * Returns a peer, connected or not, of any of the hubs that share the store.
   *
   * @param id the peer's public id: the `from` of its records, or {@linkcode Peer.id}.
   * @throws {TypeError} for text that cannot be an id.
   */
  peer(id: string): HubPeer<M> {
    if (!isPeerId(id)) {
      throw new TypeError(
        `Cannot find the peer '${id}': it is not a peer's id`,
      );
    }
    return new HubPeer(this.#core, id);
  }

  /**
   * Adds a handler of the messages of one type in all topics. It is called after a message is committed, for messages that
   * were published through this hub. An exception or rejection goes to `onError`, with the stage `handler`.
   *
   * @typeParam T the messages' type.
   * @param type the messages' type.
   * @param handler receives each message, with the output of the contract's validator as its fields, and its context.
   * @param options a signal, and whether the handler runs once.
   * @returns removes the handler; idempotent.
   * @throws {TypeError} for an unknown option.
   */
  on<T extends keyof M & string>(
    type: T,
    handler: MessageHandler<MessageOf<M, T>, HubMessageContext<M, Auth, State>>,
    options?: ListenerOptions,
  ): () => void {
    return this.#core.handlers.add(undefined, type, handler as never, options);
  }

  /**
   * Adds the handler of a request method: `await client.request(method, data)`.
   *
   * @typeParam K the method.
   * @typeParam Reply the reply's type. `const`, so that literals in it keep their types.
   * @param method the method's name; with a contract, one of its requests.
   * @param handler receives the data, as the output of the contract's validator, and the context; returns the reply, or a
   * promise of it.
   * @param options a signal that removes the handler.
   * @returns removes the handler; idempotent.
   * @throws {TypeError} when the method has a handler, and for an unknown option.
   */
  handle<K extends keyof R & string, const Reply extends ReplyInputOf<R[K]>>(
    method: K,
    handler: RequestHandler<
      R[K]["data"],
      Reply,
      RequestContext<M, Auth, State>
    >,
    options?: HandleOptions & { readonly data?: undefined },
  ): () => void;
  /**
   * Adds the handler of a request method that the contract does not name, with a validator of its data.
   *
   * @typeParam V the validator.
   * @param method the method's name.
   * @param handler receives the data, as the output of the validator, and the context; returns the reply, or a promise of
   * it.
   * @param options the validator `data`, and a signal that removes the handler.
   * @returns removes the handler; idempotent.
   * @throws {TypeError} when the method has a handler, and for an unknown option.
   */
  handle<V extends Validator>(
    method: string,
    handler: RequestHandler<
      OutputOf<V>,
      unknown,
      RequestContext<M, Auth, State>
    >,
    options: HandleOptions & { readonly data: V },
  ): () => void;
  handle(
    method: string,
    handler: RequestHandler<never, unknown, never>,
    options?: HandleOptions,
  ): () => void {
    return this.#core.requests.handle(method, handler as never, options);
  }

  /**
   * Adds an observer.
   *
   * @param observer receives the hub's events. What it throws is ignored, except for `start`.
   * @returns removes the observer.
   * @throws what `observer.start` throws.
   */
  observe(observer: Observer): () => void {
    return this.#core.monitor.observe(observer, this);
  }

  /** `"ready"` if the hub accepts connections; otherwise the reason why it does not. */
  get readiness(): "ready" | "draining" | "full" | "store-failing" {
    if (this.isDraining) return "draining";
    if (!this.#core.storeWorks) return "store-failing";
    return this.transport.hasCapacity ? "ready" : "full";
  }

  /** Reads the hub's numbers: of this hub only, also if it shares its store. */
  stats(): HubStats {
    return this.#core.stats();
  }

  /**
   * Drains the hub: it accepts no connections, and closes each peer at its own time: drumbeat.v1 peers with 1012, after a
   * `goaway` that names the time; plain peers with 1001. What a peer published before is committed and acknowledged first.
   *
   * @param options the time over which the peers are closed, and a signal that stops the wait.
   * @returns a promise that resolves when all peers are closed, or the hub is. Idempotent: the options of the first call
   * count, except for the signal.
   * @throws {TypeError} for an unknown option, or a value of the wrong type.
   * @throws {RangeError} for a number out of bounds.
   */
  drain(options: HubDrainOptions = {}): Promise<void> {
    const action = "Cannot drain the hub";
    checkNames(action, options, { overMs: true, signal: true });
    const { overMs = 1000, signal } = options;
    checkNumber(action, "overMs", overMs, { max: LONGEST_TIMER_MS });
    if (this.#closed !== undefined) return Promise.resolve();
    const { monitor, connections } = this.#core;
    this.#drain ??= new Drain({
      clock: this.#clock,
      monitor,
      connections,
      flush: () => this.#core.flush(),
    }, overMs);
    return this.#drain.wait(signal);
  }

  /**
   * Closes the hub: closes every connection, waits for the transports to report their ends, then closes the store and the
   * clock. Idempotent: the options of the first call count.
   *
   * @param options the close code, and the time to wait.
   * @returns a promise that resolves when the hub is closed, and rejects when the store cannot be closed. An ignored
   * rejection goes to `onError`.
   * @throws {TypeError} for an unknown option, or a value of the wrong type.
   * @throws {RangeError} for a number out of bounds.
   */
  close(options: HubCloseOptions = {}): Promise<void> {
    const action = "Cannot close the hub";
    checkNames(action, options, { code: true, graceMs: true });
    const { code = CloseCode.goingAway, graceMs = 1000 } = options;
    checkNumber(action, "code", code);
    if (!isSendable(code)) {
      throw new RangeError(
        `${action}: code ${code} must not be sent (RFC 6455 section 7.4)`,
      );
    }
    checkNumber(action, "graceMs", graceMs);
    return this.#closed ??= this.#core.mayIgnore(
      this.#close(code, graceMs),
      "store",
    );
  }

  async #close(code: number, graceMs: number): Promise<void> {
    const core = this.#core;
    this.#drain?.stop();
    core.stop();
    for (const connection of core.connections.all) {
      connection.disconnect(closeCodeFor(connection, code), "Hub closing");
    }
    await core.connections.allClosed(graceMs);
    core.close();
    this.#clock.close();
    try {
      await this.#store[Symbol.asyncDispose]();
    } finally {
      core.monitor.ended(core.connections.closing);
    }
  }

  /** Closes the hub with the default options of {@linkcode Hub.close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
