import type { AnyMessages, MessageMap } from "../messages.ts";
import type { ClientEventMap } from "./events.ts";
import { Handlers } from "./handlers.ts";

/** A handler of a client, as in `client.onmessage = …`. */
export type ClientHandler<E> = ((event: E) => void) | null;

/** The part of a client that is a standard `WebSocket`'s way to be listened to. Only {@linkcode Client} extends it. */
export abstract class WebSocketSurface<M extends MessageMap = AnyMessages>
  extends EventTarget {
  /** The `readyState` of a client that connects, or waits to connect again. */
  static readonly CONNECTING = 0;
  /** The `readyState` of a client that has a connection. */
  static readonly OPEN = 1;
  /** The `readyState` of a client that is being closed. */
  static readonly CLOSING = 2;
  /** The `readyState` of a client that is closed for good. */
  static readonly CLOSED = 3;
  /** The `readyState` of a client that connects, or waits to connect again. */
  readonly CONNECTING = 0;
  /** The `readyState` of a client that has a connection. */
  readonly OPEN = 1;
  /** The `readyState` of a client that is being closed. */
  readonly CLOSING = 2;
  /** The `readyState` of a client that is closed for good. */
  readonly CLOSED = 3;

  readonly #handlers = new Handlers(this);
  /** The types of events that anyone ever listened to. */
  readonly #heard = new Set<string>();
  readonly #origin: string;
  #binaryType: BinaryType = "blob";

  /** The address it connects to. */
  readonly url: string;

  /**
   * Made by the client.
   *
   * @param url the address it connects to.
   */
  constructor(url: string) {
    super();
    this.url = url;
    this.#origin = new URL(url).origin;
  }

  /** How `message` events give bytes: `blob` or `arraybuffer`. */
  get binaryType(): BinaryType {
    return this.#binaryType;
  }
  set binaryType(type: BinaryType) {
    if (type === "blob" || type === "arraybuffer") this.#binaryType = type;
  }

  /** Handles `open`: each connection, the first one and all that follow. */
  get onopen(): ClientHandler<Event> {
    return this.#handlers.get("open");
  }
  set onopen(handler: ClientHandler<Event>) {
    this.#handlers.set("open", handler);
  }

  /** Handles `message`: what a plain peer would see. */
  get onmessage(): ClientHandler<MessageEvent> {
    return this.#handlers.get("message");
  }
  set onmessage(handler: ClientHandler<MessageEvent>) {
    this.#handlers.set("message", handler);
  }

  /** Handles `error`: a connection was lost. */
  get onerror(): ClientHandler<Event> {
    return this.#handlers.get("error");
  }
  set onerror(handler: ClientHandler<Event>) {
    this.#handlers.set("error", handler);
  }

  /** Handles `close`: closed for good, once. */
  get onclose(): ClientHandler<CloseEvent> {
    return this.#handlers.get("close");
  }
  set onclose(handler: ClientHandler<CloseEvent>) {
    this.#handlers.set("close", handler);
  }

  /**
   * Listens to an event; see {@linkcode ClientEventMap}.
   *
   * @param type the event's type.
   * @param listener gets it.
   * @param options as of `EventTarget`.
   */
  override addEventListener<K extends keyof ClientEventMap<M>>(
    type: K,
    listener: ((event: ClientEventMap<M>[K]) => void) | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
  /**
   * Listens to an event of any type.
   *
   * @param type the event's type.
   * @param listener gets it.
   * @param options as of `EventTarget`.
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
    this.#heard.add(type);
    super.addEventListener(type, listener, options);
  }

  /**
   * Ends a listener of {@linkcode WebSocketSurface.addEventListener}.
   *
   * @param type the event's type.
   * @param listener what was given there.
   * @param options as of `EventTarget`.
   */
  override removeEventListener<K extends keyof ClientEventMap<M>>(
    type: K,
    listener: ((event: ClientEventMap<M>[K]) => void) | null,
    options?: boolean | EventListenerOptions,
  ): void;
  /**
   * Ends a listener of an event of any type.
   *
   * @param type the event's type.
   * @param listener what was given to `addEventListener`.
   * @param options as of `EventTarget`.
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
   * Whether anyone ever listened to events of this type: for nobody, nothing is made.
   *
   * @param type the event's type.
   * @returns `false`: never.
   */
  protected hears(type: string): boolean {
    return this.#heard.has(type);
  }

  /**
   * Dispatches a `message` event.
   *
   * @param data text, or bytes, which are given as `binaryType` says.
   */
  protected show(data: string | Uint8Array<ArrayBuffer>): void {
    if (!this.hears("message")) return;
    let shown: string | Blob | ArrayBuffer;
    if (typeof data === "string") shown = data;
    else {shown = this.#binaryType === "blob"
        ? new Blob([data])
        : data.slice().buffer;}
    this.dispatchEvent(
      new MessageEvent("message", {
        data: shown,
        origin: this.#origin,
      }),
    );
  }
}
