import type { AnyMessages, MessageMap } from "../messages.ts";
import { EventHandlers } from "./event_handlers.ts";
import type { ClientEventMap } from "./events.ts";

/**
 * An event handler attribute of a client, as in `client.onmessage = …`.
 *
 * @typeParam E the event.
 */
export type ClientHandler<E> = ((event: E) => void) | null;

/**
 * The events and constants of a standard `WebSocket`: the base class of {@linkcode Client}, and of no other class.
 *
 * @typeParam M the contract's messages.
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { type Client, connect, type WebSocketApi } from "../client.ts";
 *
 * const socket: WebSocketApi = connect("ws://127.0.0.1:1/ws");
 * const closed = new Promise((resolve) => socket.onclose = resolve);
 * assertEquals(socket.OPEN, WebSocket.OPEN);
 * (socket as Client).close();
 * await closed;
 * ```
 */
export abstract class WebSocketApi<M extends MessageMap = AnyMessages>
  extends EventTarget {
  /** The `readyState` of a client that connects, or waits to reconnect. */
  static readonly CONNECTING = 0;
  /** The `readyState` of a connected client. */
  static readonly OPEN = 1;
  /** The `readyState` of a client that is being closed. */
  static readonly CLOSING = 2;
  /** The `readyState` of a closed client. */
  static readonly CLOSED = 3;
  /** The `readyState` of a client that connects, or waits to reconnect. */
  declare readonly CONNECTING: 0;
  /** The `readyState` of a connected client. */
  declare readonly OPEN: 1;
  /** The `readyState` of a client that is being closed. */
  declare readonly CLOSING: 2;
  /** The `readyState` of a closed client. */
  declare readonly CLOSED: 3;

  static {
    const { CONNECTING, OPEN, CLOSING, CLOSED } = WebSocketApi;
    const constants = Object.entries({ CONNECTING, OPEN, CLOSING, CLOSED });
    // As in the standard: constants of the class and of its prototype, which a program cannot change.
    for (const target of [WebSocketApi, WebSocketApi.prototype]) {
      for (const [name, value] of constants) {
        Object.defineProperty(target, name, {
          value,
          enumerable: true,
          writable: false,
          configurable: false,
        });
      }
    }
  }

  readonly #handlers = new EventHandlers(this);
  /** The event types for which a listener was ever added. */
  readonly #listenedTypes = new Set<string>();
  readonly #origin: string;
  #binaryType: BinaryType = "blob";

  /** The address of the server. */
  readonly url: string;

  /**
   * Called by {@linkcode Client}.
   *
   * @param url the address of the server.
   */
  constructor(url: string) {
    super();
    this.url = url;
    this.#origin = new URL(url).origin;
  }

  /** The object's kind, as of a standard `WebSocket`. */
  get [Symbol.toStringTag](): string {
    return "WebSocket";
  }

  /** The type of bytes in `message` events: `blob` or `arraybuffer`. */
  get binaryType(): BinaryType {
    return this.#binaryType;
  }
  set binaryType(type: BinaryType) {
    if (type === "blob" || type === "arraybuffer") this.#binaryType = type;
  }

  /** Handles `open`: each connection, the first one and every reconnect. */
  get onopen(): ClientHandler<Event> {
    return this.#handlers.get("open");
  }
  set onopen(handler: ClientHandler<Event>) {
    this.#handlers.set("open", handler);
  }

  /** Handles `message`: a message as a plain peer receives it. */
  get onmessage(): ClientHandler<MessageEvent> {
    return this.#handlers.get("message");
  }
  set onmessage(handler: ClientHandler<MessageEvent>) {
    this.#handlers.set("message", handler);
  }

  /** Handles `error`: a connection was closed. */
  get onerror(): ClientHandler<Event> {
    return this.#handlers.get("error");
  }
  set onerror(handler: ClientHandler<Event>) {
    this.#handlers.set("error", handler);
  }

  /** Handles `close`: the client is closed and does not reconnect. */
  get onclose(): ClientHandler<CloseEvent> {
    return this.#handlers.get("close");
  }
  set onclose(handler: ClientHandler<CloseEvent>) {
    this.#handlers.set("close", handler);
  }

  /**
   * Adds a listener of an event of {@linkcode ClientEventMap}.
   *
   * @param type the event's type.
   * @param listener receives the event.
   * @param options the options of `EventTarget`.
   */
  override addEventListener<K extends keyof ClientEventMap<M>>(
    type: K,
    listener: ((event: ClientEventMap<M>[K]) => void) | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
  /**
   * Adds a listener of an event of any type.
   *
   * @param type the event's type.
   * @param listener receives the event.
   * @param options the options of `EventTarget`.
   */
  override addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
  override addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void {
    this.#listenedTypes.add(type);
    super.addEventListener(type, listener, options);
  }

  /**
   * Removes a listener that {@linkcode WebSocketApi.addEventListener} added.
   *
   * @param type the event's type.
   * @param listener the listener.
   * @param options the options of `EventTarget`.
   */
  override removeEventListener<K extends keyof ClientEventMap<M>>(
    type: K,
    listener: ((event: ClientEventMap<M>[K]) => void) | null,
    options?: boolean | EventListenerOptions,
  ): void;
  /**
   * Removes a listener of an event of any type.
   *
   * @param type the event's type.
   * @param listener the listener.
   * @param options the options of `EventTarget`.
   */
  override removeEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | EventListenerOptions,
  ): void;
  override removeEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | EventListenerOptions,
  ): void {
    super.removeEventListener(type, listener, options);
  }

  /**
   * Returns true if a listener was ever added for an event type: without one, no event is created.
   *
   * @param type the event's type.
   * @returns `false` if none was added.
   */
  protected hasListener(type: string): boolean {
    return this.#listenedTypes.has(type);
  }

  /**
   * Dispatches a `message` event.
   *
   * @param data text, or bytes, whose type `binaryType` selects.
   */
  protected showMessage(data: string | Uint8Array<ArrayBuffer>): void {
    if (!this.hasListener("message")) return;
    let shown: string | Blob | ArrayBuffer;
    if (typeof data === "string") shown = data;
    else if (this.#binaryType === "blob") shown = new Blob([data]);
    else shown = data.slice().buffer;
    this.dispatchEvent(
      new MessageEvent("message", { data: shown, origin: this.#origin }),
    );
  }
}
