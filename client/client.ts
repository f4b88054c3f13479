import { checkNames } from "../common/options.ts";
import {
  addDispose,
  type OptionalAsyncDisposable,
} from "../common/disposable.ts";
import { deferred } from "../common/platform.ts";
import {
  type AnyMessages,
  anyMessages,
  type AnyRequests,
  type DrumbeatError,
  type MessageInput,
  type MessageMap,
  type RequestInputOf,
  type RequestMap,
  startProblem,
  topicNameProblem,
  type WireLimits,
} from "../messages.ts";
import { closeError } from "./connection/close_error.ts";
import { checkClose } from "./connection/close_socket.ts";
import { Connection, type ConnectionClose } from "./connection/connection.ts";
import { ReachabilityProbe } from "./connection/reachability.ts";
import { Reconnector, type StateChange } from "./connection/reconnect.ts";
import { refuseToken, resolveUrl } from "./connection/url.ts";
import {
  ClientEvent,
  type ClientEventMap,
  type ClientState,
  createCloseEvent,
  type EventDetails,
} from "./events.ts";
import { type ConnectOptions, resolveOptions } from "./options.ts";
import type { DialectHost } from "./protocol/dialect.ts";
import { Plain } from "./protocol/plain.ts";
import { V1 } from "./protocol/v1.ts";
import { isBinary } from "./publish/body.ts";
import type { PublishOptions } from "./publish/publisher.ts";
import { IgnoredRejections } from "../common/ignored_rejections.ts";
import type { RequestArguments } from "./requests/requests.ts";
import type { StartFrom, Topic } from "./topics/topic.ts";
import { checkWait, Waiters, type WaitOptions } from "./waiters.ts";
import { WebSocketApi } from "./web_socket_api.ts";

/**
 * A WebSocket that reconnects: the properties, methods and events of a standard `WebSocket`, and typed topics that resume at
 * their position. {@linkcode connect} creates it.
 *
 * The promises of a client and of its topics never end the process: a rejection without a handler is dispatched as a
 * `rejected` event.
 *
 * @typeParam M the contract's messages.
 * @typeParam R the contract's requests.
 * @typeParam P the contract's presence data.
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Client } from "../client.ts";
 *
 * const client = new Client("ws://127.0.0.1:1/ws");
 * assertEquals(client.readyState, Client.CONNECTING);
 * client.close();
 * assertEquals(client.state, "closed");
 * ```
 */
export class Client<
  M extends MessageMap = AnyMessages,
  R extends RequestMap = AnyRequests,
  P = unknown,
> extends WebSocketApi<M> {
  static {
    addDispose(Client.prototype, "asyncDispose", function () {
      this.close();
      return this.#closed.promise;
    });
  }

  readonly #reconnector: Reconnector;
  readonly #dialect: V1<M> | Plain<M>;
  readonly #rejections: IgnoredRejections;
  #rttMs: number | undefined;
  readonly #opening = new Waiters();
  readonly #closed = deferred<void>();
  #isClosed = false;
  #isClosedByProgram = false;
  #lastProtocol = "";

  /**
   * Starts to connect.
   *
   * @param url the address, as of {@linkcode connect}.
   * @param options the options of {@linkcode connect}.
   * @throws the exceptions of {@linkcode connect}.
   */
  constructor(url: string | URL, options: ConnectOptions<M, R, P> = {}) {
    super(resolveUrl(url));
    const settings = resolveOptions(options);
    if (settings.dialect === "v1") refuseToken(this.url);
    const { clock } = settings;
    this.#rejections = new IgnoredRejections({
      afterTurn: (check) => clock.after(0, check),
      ignored: (error) => this.#emit("rejected", { error }),
    });
    const host: DialectHost<M> = {
      ready: () => this.#reconnector.ready(),
      goaway: (afterMs) => this.#reconnector.goaway(afterMs),
      heartbeat: (rttMs) => {
        this.#rttMs = rttMs;
        this.#emit("heartbeat", { rttMs });
      },
      showMessage: (data) => this.showMessage(data),
      hasListener: (type) => this.hasListener(type),
      emit: (type, details) => this.#emit(type, details),
    };
    const handler = this.#dialect = settings.dialect === "plain"
      ? new Plain(settings, host)
      : new V1<M>(
        settings,
        options.contract ?? anyMessages as never,
        this.#rejections,
        host,
      );
    this.#reconnector = new Reconnector({
      clock,
      backoff: settings.backoff,
      connectTimeoutMs: settings.connectTimeoutMs,
      probe: settings.dialect === "v1"
        ? ReachabilityProbe.create(this.url, clock)
        : undefined,
      handler,
      connect: (closed, { connect, silence }) =>
        new Connection({
          ...settings,
          connectTimeoutMs: settings.connectTimeoutMs * connect,
          silenceFactor: silence,
          url: this.url,
          protocols: handler.protocols,
          handler,
          trace: (direction, data) => this.#emit("frame", { direction, data }),
          closed,
        }),
      stateChanged: (change) => this.#stateChanged(change),
      closed: (close) => this.#dispatchClose(close),
    });
    this.#reconnector.start();
  }

  /** The state. */
  get state(): ClientState {
    return this.#reconnector.state;
  }

  /** The state as of a WebSocket: CONNECTING while it connects or waits, OPEN, CLOSING, or CLOSED. */
  get readyState(): 0 | 1 | 2 | 3 {
    if (this.state === "closed") return this.#isClosed ? 3 : 2;
    return this.state === "open" ? 1 : 0;
  }

  /** The subprotocol of the connection, or ""; of the last connection once the client is closed. */
  get protocol(): string {
    return this.state === "closed"
      ? this.#lastProtocol
      : this.#reconnector.connection?.protocol ?? "";
  }

  /** The extensions of the connection, or "". */
  get extensions(): string {
    return this.#reconnector.connection?.extensions ?? "";
  }

  /** The bytes that wait to be sent, in the outbox and in the socket. */
  get bufferedAmount(): number {
    return this.#dialect.unsentBytes +
      (this.#reconnector.connection?.bufferedAmount ?? 0);
  }

  /** The public id of this peer; `undefined` before the first connection. */
  get peer(): string | undefined {
    return this.#v1?.session.peer;
  }

  /** True if the last connection resumed the session of the one before. */
  get resumed(): boolean {
    return this.#v1?.session.resumed ?? false;
  }

  /** The server's limits; `undefined` before the first connection. */
  get limits(): WireLimits | undefined {
    return this.#v1?.limits;
  }

  /** The last round trip in ms; `undefined` before the first one. */
  get rttMs(): number | undefined {
    return this.#rttMs;
  }

  /** The close of the last connection; `undefined` before the first one. */
  get lastClose(): ConnectionClose | undefined {
    return this.#reconnector.lastClose;
  }

  /** The number of this retry in a row; 0 for the first connection, and after a stable connection closed. */
  get attempt(): number {
    return this.#reconnector.attempt;
  }

  /** The time of the next attempt in ms since 1970, in the state `waiting`. */
  get retryAt(): number | undefined {
    return this.#reconnector.retryAt;
  }

  /**
   * Sends as a plain peer does: a JSON message, or bytes, to the lobby; in the plain dialect, any data. Without a connection,
   * or above the server's rates, the data waits in the outbox; data that the outbox drops is dispatched as a `dropped` event.
   * A closed client does nothing, like a WebSocket.
   *
   * @param data text, a Blob, a buffer or a view; buffers are copied.
   * @throws {SyntaxError} in the dialect `v1`, for text that is not a JSON object with a string `type`.
   * @throws {DrumbeatError} `limit` if the outbox is full: the options `outbox.maxCount` and `outbox.maxBytes`.
   * @throws {TypeError} without an argument.
   */
  send(data: string | ArrayBuffer | ArrayBufferView | Blob): void {
    if (arguments.length === 0) {
      throw new TypeError("Cannot send: no data given");
    }
    if (this.state !== "closed") {
      this.#dialect.send(isBinary(data) ? data : String(data));
    }
  }

  /**
   * Closes the client. Idempotent. What the connection accepts now is sent before the close frame, Blobs included; messages that
   * wait for a connection or for the server's rates fail with `closed`.
   *
   * @param code 1000, or 3000 to 4999. Default: none.
   * @param reason at most 123 bytes in UTF-8. Default: none.
   * @throws {DOMException} `InvalidAccessError` for another code, `SyntaxError` for a longer reason.
   */
  close(code?: number, reason?: string): void {
    // As a WebSocket does: programs without types may pass text as code, or a number as reason.
    if (code !== undefined) code = Number(code);
    if (reason !== undefined) reason = String(reason);
    checkClose(code, reason);
    if (this.state === "closed") return;
    this.#isClosedByProgram = true;
    this.#reconnector.close(code, reason);
  }

  /** Connects at once: ends a wait, or replaces the open connection. A closed client does nothing. */
  reconnect(): void {
    this.#reconnector.reconnect();
  }

  /**
   * Waits for a connection.
   *
   * @param options a signal.
   * @returns a promise that resolves when the state is `open`.
   * @throws {DrumbeatError} `closed` if the client was closed, or does not reconnect. Its message names the close code and
   * reason of the last connection, and its `cause` is the error that the runtime reported, if it reports one: Deno
   * names the HTTP status of a refused handshake.
   */
  opened(options: WaitOptions = {}): Promise<void> {
    return this.#rejections.promise((resolve, reject) => {
      const signal = checkWait("Cannot wait for a connection", options);
      if (this.state === "open") resolve();
      else if (this.state === "closed") {
        reject(this.#closedError("Cannot connect"));
      } else this.#opening.add(resolve, reject, signal);
    });
  }

  /**
   * Returns a handle of a topic, and subscribes to the topic if this client is not subscribed. Each call returns a handle of
   * its own; all handles of a topic share one subscription, which ends when the last of them is closed.
   *
   * @param name the topic's name.
   * @param start the start of a new subscription. Default: new records only.
   * @returns the handle; the client subscribes at once or with the next connection.
   * @throws {TypeError} for a name or a start that is not valid; for a start that comes too late, because the client is
   * subscribed with another one; and in the plain dialect, which has no topics.
   * @throws {DrumbeatError} `closed`.
   */
  topic(name: string, start: StartFrom = {}): Topic<M, P> {
    const v1 = this.#requireV1("topics");
    const action = `Cannot subscribe to '${name}'`;
    checkNames(action, start, { last: true, epoch: true, offset: true });
    const problem = topicNameProblem(name) ?? startProblem(start);
    if (problem !== undefined) throw new TypeError(`${action}: ${problem}`);
    if (this.state === "closed") throw this.#closedError(action);
    return v1.topics.topic(name, start) as Topic<M, P>;
  }

  /**
   * Publishes to a topic without a subscription: {@linkcode Topic.publish}, for topics that this client does not read.
   *
   * @param topic the topic's name.
   * @param message a message of the contract, or bytes.
   * @param options a signal and a timeout.
   * @returns the record's offset, once it is stored.
   * @throws the errors of {@linkcode Topic.publish}.
   * @throws {TypeError} for a name that is not valid, and in the plain dialect, which has no topics.
   */
  publish<T extends keyof M & string>(
    topic: string,
    message: MessageInput<M, T> | ArrayBuffer | ArrayBufferView | Blob,
    options?: PublishOptions,
  ): Promise<number> {
    return this.#rejections.watch(this.#publish(topic, message, options));
  }

  /**
   * Sends a request to the hub. It is sent once, and never again after a reconnect.
   *
   * @param method the method's name.
   * @param given the data, a JSON value, which may be absent only if the contract accepts `undefined`; then
   * {@linkcode RequestOptions}.
   * @returns the reply.
   * @throws {DrumbeatError} `invalid` or `unsupported` if the contract refuses the data or the reply; the server's code
   * if it refuses; `disconnected` without a connection, or if it closed before the reply came; `timeout`; `limit`
   * if too many requests are waiting; `closed`.
   * @throws {TypeError} in the plain dialect, which has no requests.
   */
  request<K extends keyof R & string>(
    method: K,
    ...given: RequestArguments<RequestInputOf<R[K]>>
  ): Promise<R[K]["reply"]> {
    const [data, options] = given;
    return this.#rejections.watch(this.#request(method, data, options));
  }

  get #v1(): V1<M> | undefined {
    return this.#dialect instanceof V1 ? this.#dialect : undefined;
  }

  #requireV1(feature: string): V1<M> {
    if (this.#v1 === undefined) {
      throw new TypeError(`The plain dialect does not support ${feature}`);
    }
    return this.#v1;
  }

  async #request(
    ...[method, data, options]: Parameters<V1<M>["requests"]["request"]>
  ): Promise<unknown> {
    const v1 = this.#requireV1("requests");
    if (this.state === "closed") {
      throw this.#closedError(`Cannot request '${method}'`);
    }
    return await v1.requests.request(method, data, options);
  }

  // Not async: messages keep the order of the calls.
  #publish(
    topic: string,
    message: unknown,
    options: PublishOptions | undefined,
  ): Promise<number> {
    try {
      const v1 = this.#requireV1("topics");
      const problem = topicNameProblem(topic);
      if (problem === undefined) return v1.publish(topic, message, options);
      throw new TypeError(`Cannot publish to '${topic}': ${problem}`);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #emit<K extends keyof ClientEventMap<M>>(
    type: K,
    details: EventDetails<ClientEventMap<M>[K]>,
  ): void {
    if (this.hasListener(type)) {
      this.dispatchEvent(new ClientEvent(type, details));
    }
  }

  #stateChanged(change: StateChange): void {
    const { state } = change;
    if (state === "open") {
      this.#lastProtocol = this.#reconnector.connection?.protocol ?? "";
      this.#opening.resolve();
    }
    if (state === "closed") {
      this.#opening.reject(this.#closedError("Cannot connect"));
      this.#dialect.close();
    }
    this.#emit("statechange", change);
    // A listener may have closed the client.
    if (state === "open" && this.state === "open") {
      this.dispatchEvent(new Event("open"));
    }
    if (state === "waiting") this.dispatchEvent(new Event("error"));
  }

  #dispatchClose({ code, reason, wasClean }: ConnectionClose): void {
    this.#isClosed = true;
    this.#closed.resolve();
    if (!wasClean) this.dispatchEvent(new Event("error"));
    this.dispatchEvent(createCloseEvent({ code, reason, wasClean }));
  }

  #closedError(action: string): DrumbeatError {
    return closeError(
      action,
      this.#isClosedByProgram ? undefined : this.lastClose,
    );
  }
}

/**
 * `await using client = connect(…)` closes the client and waits for the end of the closing handshake, if the runtime and the
 * program's `lib` have `Symbol.asyncDispose`.
 */
export interface Client<
  M extends MessageMap = AnyMessages,
  R extends RequestMap = AnyRequests,
  P = unknown,
> extends OptionalAsyncDisposable {}
