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
  PROTOCOL,
  type RequestMap,
  type Validator,
} from "../messages.ts";
import type { Denial } from "./access/authorizer.ts";
import { Ticket } from "./access/ticket.ts";
import type { Clock } from "./clock.ts";
import type { ErrorStage } from "./hooks.ts";
import { Core } from "./core.ts";
import { attach } from "./attach.ts";
import { closeCodeFor, Drain } from "./drain.ts";
import type { HubMessageContext } from "./log/handlers.ts";
import { HubPeer } from "./hub_peer.ts";
import { HubTopic } from "./hub_topic.ts";
import { type HubOptions, hubSettings } from "./options.ts";
import type { Observer, RefusedHandshake } from "./observer.ts";
import { isPeerId } from "./ids.ts";
import type { Peer } from "./peer.ts";
import type { ConnectionRequest, Inbound, Socket } from "./socket.ts";
import type { HubStats } from "./observe/stats.ts";
import type {
  HandleOptions,
  RequestContext,
  RequestHandler,
} from "./protocol/requests.ts";
import type { Store } from "./log/store.ts";

/** What a hub stands on. `createHub` fills these in. */
export interface HubPorts {
  /** Where logs and sessions live. */
  readonly store: Store;
  /** Time. */
  readonly clock: Clock;
}

/**
 * The hub: topics that are logs, peers that are cursors.
 *
 * @typeParam M the message types.
 * @typeParam R the request methods, with their data and replies.
 * @typeParam P the data of a member of a topic's presence.
 * @typeParam Auth the `data` of the grants that `authorize` returns.
 * @typeParam State the program's own data of each peer.
 */
export class Hub<
  M extends MessageMap = AnyMessages,
  R extends RequestMap = AnyRequests,
  P = unknown,
  Auth = unknown,
  State = unknown,
> implements AsyncDisposable {
  readonly #core: Core;
  readonly #ports: HubPorts;
  #drain: Drain | undefined;
  #closed: Promise<void> | undefined;

  /**
   * Use `createHub` unless you bring a clock of your own.
   *
   * @param ports the store and the clock. The hub owns them: closing it closes them.
   * @param options see {@linkcode HubOptions}.
   * @throws {TypeError} for an unknown option or a value of the wrong type.
   * @throws {RangeError} for a number out of bounds.
   */
  constructor(ports: HubPorts, options: HubOptions<M, R, P, Auth, State> = {}) {
    const settings = hubSettings(options, "Cannot create the hub");
    this.#ports = ports;
    this.#core = new Core({ ...ports, ...settings });
  }

  /** The peers that have joined and not left. */
  get peers(): ReadonlySet<Peer<M, Auth, State>> {
    return this.#core.connections.peers as ReadonlySet<Peer<M, Auth, State>>;
  }

  /** Whether the hub says goodbye, or is closed: it takes no connections any more. */
  get isDraining(): boolean {
    return this.#drain !== undefined || this.#closed !== undefined;
  }

  /** Whether the hub takes another connection. Those that have left and are not gone count, too. */
  get hasRoom(): boolean {
    return !this.isDraining &&
      this.#core.connections.hasCapacity;
  }

  /** Whether the hub takes another connection from this address, as far as `limits.peersPerAddress` goes. */
  hasCapacityFor(address: string): boolean {
    return this.#core.connections.hasCapacityFor(address);
  }

  /**
   * Calls `authorize` for a plain connection that is not open yet, so that a transport can refuse it with an HTTP status.
   * Without a call of it, {@linkcode Hub.attach} calls `authorize`. A drumbeat.v1 connection is always admitted here:
   * `authorize` is called with the token of its hello. For transports.
   *
   * @param request the request of the connection.
   * @returns a ticket for {@linkcode Hub.attach}; `"limit"` when the user has `limits.peersPerUser` connections; or the
   * denial.
   */
  async admit(request: ConnectionRequest): Promise<Ticket | Denial | "limit"> {
    const { access, connections } = this.#core;
    if (!access.isRequired || request.protocol === PROTOCOL) {
      return new Ticket();
    }
    // A connection that waits for `authorize` counts as one, or any number of them could wait.
    const release = connections.reserve(request.address);
    try {
      return await access.admit(request);
    } finally {
      release();
    }
  }

  /**
   * Publishes to the lobby, the topic that everybody is in unless their hello names others.
   *
   * @param message a message that the contract accepts, or a binary payload.
   * @returns the record's offset, once it is committed.
   * @throws {DrumbeatError} (as a rejection) when it is refused.
   */
  broadcast<T extends keyof M & string>(
    message: MessageInput<M, T> | Uint8Array<ArrayBuffer>,
  ): Promise<number> {
    return this.topic(LOBBY).publish(message);
  }

  /** A topic, by its name. */
  topic(name: string): HubTopic<M, P, Auth, State> {
    return new HubTopic(this.#core, name);
  }

  /**
   * A peer, by its public id, whether it is connected or not, and to whichever of the hubs that share the store.
   *
   * @param id the peer's public id: the `from` of its records, or {@linkcode Peer.id}.
   * @throws {TypeError} when it cannot be one.
   */
  peer(id: string): HubPeer<M> {
    if (!isPeerId(id)) throw new TypeError(`'${id}' is no peer's id`);
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
   * @param method the method's name; with a contract, one of its requests.
   * @param handler receives the data, as the output of the contract's validator, and the context; returns the reply, or a
   * promise of it.
   * @param options a signal that removes the handler.
   * @returns removes the handler; idempotent.
   * @throws {TypeError} when the method has a handler, and for an unknown option.
   */
  handle<K extends keyof R & string>(
    method: K,
    handler: RequestHandler<
      R[K]["data"],
      R[K]["reply"],
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
   * Attaches an open connection. For transports.
   *
   * @param socket sends to the connection.
   * @param request the request of the connection. The hub keeps its handshake until `authorize` is called, and no longer.
   * @param ticket the ticket that {@linkcode Hub.admit} returned for it. Default: none.
   * @returns receives from the connection.
   */
  attach(socket: Socket, request: ConnectionRequest, ticket?: Ticket): Inbound {
    if (!this.isDraining) {
      return attach(this.#core.attachment, socket, request, ticket);
    }
    // Upgraded before the drain, and open after it began: the drain does not close it.
    return this.reject(socket, CloseCode.goingAway, "Hub closing");
  }

  /**
   * Closes a connection that is open and may not be one of the hub's. Transports call this.
   *
   * @param socket the way out.
   * @param code the close code.
   * @param reason the reason that goes with it.
   * @returns a way in that leads nowhere.
   */
  reject(socket: Socket, code: number, reason: string): Inbound {
    this.#core.monitor.rejected(code);
    socket.close(code, reason);
    return { receive() {}, closed() {} };
  }

  /** Counts a handshake that was refused. Transports call this. */
  refused(handshake: RefusedHandshake): void {
    this.#core.monitor.refused(handshake);
  }

  /** Tells `onError` and the observers of a failure. Transports call this. */
  report(error: unknown, stage: ErrorStage): void {
    this.#core.reporter.report(error, stage);
  }

  /**
   * Adds an observer, unless it was added before, and calls its `start`.
   *
   * @param observer see {@linkcode Observer}. Its errors are ignored, those of `start` excepted.
   * @returns a function that removes the observer. The end of the hub removes it, too.
   */
  observe(observer: Observer): () => void {
    return this.#core.monitor.observe(observer, this);
  }

  /** Whether newcomers are welcome; if not, why. */
  get readiness(): "ready" | "draining" | "full" | "store" {
    if (this.isDraining) return "draining";
    if (!this.#core.monitor.storeWorks) return "store";
    return this.hasRoom ? "ready" : "full";
  }

  /** The hub's numbers now: of this hub, though others share its store. */
  stats(): HubStats {
    return this.#core.stats();
  }

  /**
   * Says goodbye: nobody is taken in any more, and every peer is closed at a time of its own, spread evenly up to
   * `overMs`: drumbeat.v1 peers with 1012, after a `goaway` that tells them when; plain ones with 1001. What they
   * published before is committed and acknowledged first.
   *
   * @param overMs the ms over which they go.
   * @returns a promise that resolves when all have left, or the hub is closed. Idempotent: the first call counts.
   */
  drain(overMs: number): Promise<void> {
    if (this.#closed !== undefined) return Promise.resolve();
    const { monitor, connections } = this.#core;
    this.#drain ??= new Drain({
      clock: this.#ports.clock,
      monitor,
      connections,
      flush: () => this.#core.flush(),
    }, overMs);
    return this.#drain.done;
  }

  /**
   * Closes every connection, waits for the transports to say that they are gone, then closes the store and the clock.
   * Idempotent.
   *
   * @param code drumbeat.v1 connections are closed with it. Default: 1001; plain ones always are with 1001.
   * @param graceMs how long to wait for those that do not answer, in ms. Default: 1,000.
   */
  close(code: number = CloseCode.goingAway, graceMs = 1000): Promise<void> {
    return this.#closed ??= this.#close(code, graceMs);
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
    this.#ports.clock.close();
    await this.#ports.store[Symbol.asyncDispose]();
    core.monitor.ended(core.connections.closing);
  }

  /** The same as {@linkcode Hub.close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
