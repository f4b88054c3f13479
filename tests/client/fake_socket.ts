import type { WebSocketConstructor } from "../../client.ts";

type Handler<E> = ((event: E) => void) | null;

/** The client's end of a socket whose other end is the test. It throws where a WebSocket throws. */
export class FakeSocket {
  readonly url: string;
  readonly protocols: readonly string[];
  readyState = 0;
  protocol = "";
  extensions = "";
  bufferedAmount = 0;
  binaryType = "blob";
  onopen: Handler<Event> = null;
  onmessage: Handler<MessageEvent> = null;
  onerror: Handler<Event> = null;
  onclose: Handler<CloseEvent> = null;
  /** The code and reason with which the client closed it. */
  closedWith: { readonly code?: number; readonly reason?: string } | undefined;
  /** The sent messages that {@linkcode take} has not returned yet. */
  #sent: (string | Uint8Array<ArrayBuffer>)[] = [];

  constructor(url: string, protocols: string | string[] = []) {
    this.url = url;
    this.protocols = typeof protocols === "string" ? [protocols] : protocols;
  }

  send(data: string | Uint8Array<ArrayBuffer>): void {
    if (this.readyState !== 1) {
      throw new DOMException("Not open", "InvalidStateError");
    }
    this.#sent.push(typeof data === "string" ? data : data.slice());
  }

  close(code?: number, reason?: string): void {
    if (code !== undefined && code !== 1000 && (code < 3000 || code > 4999)) {
      throw new DOMException(`Code ${code}`, "InvalidAccessError");
    }
    if (new TextEncoder().encode(reason ?? "").length > 123) {
      throw new DOMException("Reason", "SyntaxError");
    }
    if (this.readyState > 1) return;
    this.readyState = 2;
    this.closedWith = {
      ...(code === undefined ? {} : { code }),
      ...(reason === undefined ? {} : { reason }),
    };
  }

  // The test calls the methods below.

  /** Completes the WebSocket handshake. */
  accept(protocol: string = this.protocols[0] ?? ""): void {
    this.protocol = protocol;
    this.readyState = 1;
    this.onopen?.(new Event("open"));
  }

  /** Emits a text message: an object as JSON. */
  emit(data: string | object): void {
    const text = typeof data === "string" ? data : JSON.stringify(data);
    this.onmessage?.(new MessageEvent("message", { data: text }));
  }

  /** Emits a binary message. */
  emitBytes(bytes: Uint8Array<ArrayBuffer>): void {
    this.onmessage?.(
      new MessageEvent("message", { data: bytes.slice().buffer }),
    );
  }

  /** Closes it: as the network does, or with a code. */
  drop(code = 1006, reason = ""): void {
    this.readyState = 3;
    this.onclose?.(
      new CloseEvent("close", {
        code,
        reason,
        wasClean: code !== 1006 && code !== 0,
      }),
    );
  }

  /** Completes the closing handshake. */
  finish(): void {
    this.drop(this.closedWith?.code ?? 1005, this.closedWith?.reason ?? "");
  }

  /** Returns the sent messages since the last call: text parsed, bytes unchanged. */
  take(): unknown[] {
    return this.takeRaw().map((data) =>
      typeof data === "string" ? JSON.parse(data) : data
    );
  }

  /** Returns the sent messages since the last call, unchanged. */
  takeRaw(): (string | Uint8Array<ArrayBuffer>)[] {
    return this.#sent.splice(0);
  }

  /** True while the client listens to it. Until it is closed, its error handler has to stay. */
  get hasListeners(): boolean {
    const isClosed = this.readyState === 3;
    return this.onopen !== null || this.onmessage !== null ||
      isClosed && (this.onerror !== null || this.onclose !== null);
  }

  /** Fails as in the runtimes that dispatch `error` without `close`. */
  fail(error?: Error): void {
    this.readyState = 3;
    const event = new Event("error");
    this.onerror?.(
      error === undefined ? event : Object.assign(event, { error }),
    );
  }
}

/** The network of a client: creates its sockets. */
export class FakeNet {
  readonly sockets: FakeSocket[] = [];
  /** The exception that the constructor throws. */
  failure: Error | undefined;
  readonly WebSocket: WebSocketConstructor;

  constructor() {
    const { sockets } = this;
    const failure = (): Error | undefined => this.failure;
    this.WebSocket = class extends FakeSocket {
      constructor(url: string, protocols?: string | string[]) {
        const error = failure();
        if (error !== undefined) throw error;
        super(url, protocols);
        sockets.push(this);
      }
    } as unknown as WebSocketConstructor;
  }

  /** The newest socket. */
  get last(): FakeSocket {
    return this.sockets.at(-1)!;
  }
}
