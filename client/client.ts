import {
  type AnyMessages,
  anyMessages,
  type AnyRequests,
  type MessageMap,
  type RequestMap,
  startProblem,
  topicNameProblem,
  type WireLimits,
} from "../messages.ts";
import { isBinary } from "./publish/body.ts";
import type { RequestArguments } from "./protocol/requests.ts";
import { checkClose } from "./connection/close_socket.ts";
import { Connection, type ConnectionClose } from "./connection/connection.ts";
import type { DialectHost } from "./protocol/dialect.ts";
import { DrumbeatError } from "../messages.ts";
import {
  type ClientState,
  FrameEvent,
  HeartbeatEvent,
  type StateChange,
  StateEvent,
} from "./events.ts";
import { type ConnectOptions, resolveOptions } from "./options.ts";
import { Plain } from "./protocol/plain.ts";
import { Reconnector } from "./connection/reconnect.ts";
import { WebSocketSurface } from "./web_socket_api.ts";
import type { StartFrom, Topic } from "./topics/topic.ts";
import { refuseToken, resolveUrl } from "./connection/url.ts";
import { V1 } from "./protocol/v1.ts";

/**
 * A WebSocket that comes back: the properties, methods and events of a standard `WebSocket`, and typed topics that go on
 * where they were after a cut. Made by {@linkcode connect}.
 *
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
> extends WebSocketSurface<M> implements AsyncDisposable {
  readonly #reconnector: Reconnector;
  readonly #dialect: V1<M> | Plain;
  #rttMs: number | undefined;
  #opening: PromiseWithResolvers<void> | undefined;
  readonly #over = Promise.withResolvers<void>();
  #isOver = false;

  /**
   * Starts to connect.
   *
   * @param url where to: see {@linkcode connect}.
   * @param options how: see {@linkcode ConnectOptions}.
   * @throws what {@linkcode connect} throws.
   */
  constructor(url: string | URL, options: ConnectOptions<M, R> = {}) {
    super(resolveUrl(url));
    const settings = resolveOptions(options);
    if (settings.dialect === "v1") refuseToken(this.url);
    const host: DialectHost = {
      ready: () => this.#reconnector.ready(),
      goaway: (afterMs) => this.#reconnector.goaway(afterMs),
      message: (data) => this.show(data),
      hears: (type) => this.hears(type),
      emit: (event) => void this.dispatchEvent(event),
      beat: (rttMs) => {
        this.#rttMs = rttMs;
        this.dispatchEvent(new HeartbeatEvent(rttMs));
      },
    };
    const dialect = this.#dialect = settings.dialect === "plain"
      ? new Plain(settings, host)
      : new V1<M>(settings, options.contract ?? anyMessages as never, host);
    this.#reconnector = new Reconnector(settings, {
      connect: (sink) =>
        new Connection({
          ...settings,
          url: this.url,
          protocols: dialect.protocols,
        }, sink),
      opened: (connection) => dialect.opened(connection),
      received: (data) => dialect.received(data),
      frame: (direction, data) => {
        if (this.hears("frame")) {
          this.dispatchEvent(new FrameEvent({ direction, data }));
        }
      },
      comesBack: (code) => this.#v1?.comesBack(code) ?? false,
      cut: () => dialect.cut(),
      changed: (change) => this.#changed(change),
      closed: (end) => this.#closed(end),
    });
    this.#reconnector.start();
  }

  /** Where it is, in one word. */
  get state(): ClientState {
    return this.#reconnector.state;
  }

  /** CONNECTING while it connects or waits, OPEN, CLOSING, or CLOSED: for good. */
  get readyState(): 0 | 1 | 2 | 3 {
    if (this.state === "closed") return this.#isOver ? 3 : 2;
    return this.state === "open" ? 1 : 0;
  }

  /** The subprotocol of the connection, or "". */
  get protocol(): string {
    return this.#reconnector.connection?.protocol ?? "";
  }

  /** The extensions of the connection, or "". */
  get extensions(): string {
    return this.#reconnector.connection?.extensions ?? "";
  }

  /** Bytes that wait to be sent, in the outbox and in the socket. */
  get bufferedAmount(): number {
    return this.#dialect.unsentBytes +
      (this.#reconnector.connection?.bufferedAmount ?? 0);
  }

  /** The public id of this peer; `undefined` before the first connection. */
  get peer(): string | undefined {
    return this.#v1?.session.peer;
  }

  /** Whether the last connection resumed the session of the one before. */
  get resumed(): boolean {
    return this.#v1?.session.resumed ?? false;
  }

  /** What the server allows; `undefined` before the first connection. */
  get limits(): WireLimits | undefined {
    return this.#v1?.limits;
  }

  /** The last round trip in ms; `undefined` before the first one. */
  get rttMs(): number | undefined {
    return this.#rttMs;
  }

  /** How the last connection ended; `undefined` before the first end. */
  get lastClose(): ConnectionClose | undefined {
    return this.#reconnector.lastClose;
  }

  /** Which retry in a row this is; 0: none. A connection that held starts the row anew. */
  get attempt(): number {
    return this.#reconnector.attempt;
  }

  /** When the next attempt is due, in ms since 1970; while waiting. */
  get retryAt(): number | undefined {
    return this.#reconnector.retryAt;
  }

  /**
   * Sends as a plain peer does: a JSON message, or bytes, to the lobby; in the plain dialect anything. Without a connection
   * it waits in the outbox; what the outbox gives up is a `dropped` event. Closed, it does nothing, like a WebSocket.
   *
   * @param data text, a Blob, a buffer or a view; buffers are copied.
   * @throws {SyntaxError} when a Drumbeat server is sent text that is not a JSON object with a string `type`.
   */
  send(data: string | ArrayBuffer | ArrayBufferView | Blob): void {
    if (this.state !== "closed") {
      this.#dialect.send(isBinary(data) ? data : String(data));
    }
  }

  /**
   * Closes for good. Idempotent. What waits to be sent fails with `closed`.
   *
   * @param code 1000, or 3000 to 4999. Default: none.
   * @param reason at most 123 bytes in UTF-8. Default: none.
   * @throws {DOMException} `InvalidAccessError` for another code, `SyntaxError` for a longer reason.
   */
  close(code?: number, reason?: string): void {
    checkClose(code, reason);
    this.#reconnector.close(code, reason);
  }

  /** Connects now: instead of waiting, or in place of the connection there is. Closed for good, it does nothing. */
  reconnect(): void {
    this.#reconnector.reconnect();
  }

  /**
   * Waits for a connection.
   *
   * @returns when there is one; at once where there is.
   * @throws {DrumbeatError} `closed`: there will be none.
   */
  opened(): Promise<void> {
    if (this.state === "open") return Promise.resolve();
    if (this.state === "closed") return Promise.reject(closedError());
    this.#opening ??= Promise.withResolvers<void>();
    return this.#opening.promise;
  }

  /**
   * Joins a topic. Called again before the topic is closed, it gives the same object.
   *
   * @param name the topic's name.
   * @param start where to start, if it is not joined yet. Default: from now.
   * @returns the topic; it joins by itself, at once or with the next connection.
   * @throws {TypeError} when the name or the start is not good, and in the plain dialect, which has no topics.
   * @throws {DrumbeatError} `closed`.
   */
  topic(name: string, start: StartFrom = {}): Topic<M> {
    const v1 = this.#needV1("topics");
    const problem = topicNameProblem(name) ?? startProblem(start);
    if (problem !== undefined) {
      throw new TypeError(`Cannot join '${name}': ${problem}`);
    }
    if (this.state === "closed") throw closedError();
    return v1.topics.topic(name, start);
  }

  /**
   * Asks the hub for something. Asked once: a request is never sent again.
   *
   * @param method what to ask.
   * @param given what to ask it with: anything that JSON can say, and only to be left out where the contract takes
   * `undefined`; then a signal and a timeout.
   * @returns the answer.
   * @throws {DrumbeatError} `invalid` or `unknown`: the contract refuses it, or the answer; the server's code where it
   * refuses; `disconnected`: there is no connection, or it was cut
   * before the answer came; `timeout`; `limit`: too many are waiting; `closed`.
   * @throws {TypeError} in the plain dialect, which has no requests.
   */
  async request<K extends keyof R & string>(
    method: K,
    ...given: RequestArguments<R[K]["data"]>
  ): Promise<R[K]["reply"]> {
    const [data, options = {}] = given;
    const v1 = this.#needV1("requests");
    if (this.state === "closed") throw closedError();
    return await v1.requests.request(method, data, options);
  }

  /** Closes for good, and waits for the end of it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.#over.promise;
  }

  get #v1(): V1<M> | undefined {
    return this.#dialect instanceof V1 ? this.#dialect : undefined;
  }

  #needV1(what: string): V1<M> {
    if (this.#v1 === undefined) {
      throw new TypeError(`The plain dialect has no ${what}`);
    }
    return this.#v1;
  }

  #changed(change: StateChange): void {
    const { state } = change;
    if (state === "open") this.#opening?.resolve();
    if (state === "closed") {
      this.#opening?.reject(closedError());
      this.#dialect.close();
    }
    if (state === "open" || state === "closed") this.#opening = undefined;
    this.dispatchEvent(new StateEvent(change));
    // Whoever heard that may have closed it.
    if (state === "open" && this.state === "open") {
      this.dispatchEvent(new Event("open"));
    }
    if (state === "waiting") this.dispatchEvent(new Event("error"));
  }

  #closed({ code, reason, wasClean }: ConnectionClose): void {
    this.#isOver = true;
    this.#over.resolve();
    if (!wasClean) this.dispatchEvent(new Event("error"));
    this.dispatchEvent(new CloseEvent("close", { code, reason, wasClean }));
  }
}

function closedError(): DrumbeatError {
  return new DrumbeatError("closed", "The client is closed");
}
