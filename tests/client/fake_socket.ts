import type { WebSocketConstructor } from "../../client.ts";

type Handler<E> = ((event: E) => void) | null;

/** The client's end of a socket whose other end is the test. As strict as the real ones: it throws where they throw. */
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
  /** What it was closed with by the client. */
  closedWith: { readonly code?: number; readonly reason?: string } | undefined;
  /** What the client sent and {@linkcode take} has not taken. */
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

  // The test's end:

  /** The handshake is through. */
  accept(protocol: string = this.protocols[0] ?? ""): void {
    this.protocol = protocol;
    this.readyState = 1;
    this.onopen?.(new Event("open"));
  }

  /** A message comes: an object as JSON. */
  emit(data: string | object): void {
    const text = typeof data === "string" ? data : JSON.stringify(data);
    this.onmessage?.(new MessageEvent("message", { data: text }));
  }

  /** A binary message comes. */
  emitBytes(bytes: Uint8Array<ArrayBuffer>): void {
    this.onmessage?.(
      new MessageEvent("message", { data: bytes.slice().buffer }),
    );
  }

  /** It is closed: by the network, or with a code. */
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

  /** The closing handshake comes to its end. */
  finish(): void {
    this.drop(this.closedWith?.code ?? 1005, this.closedWith?.reason ?? "");
  }

  /** Takes what was sent: text parsed, bytes as they are. */
  take(): unknown[] {
    return this.takeRaw().map((data) =>
      typeof data === "string" ? JSON.parse(data) : data
    );
  }

  /** Takes what was sent, as it is. */
  takeRaw(): (string | Uint8Array<ArrayBuffer>)[] {
    return this.#sent.splice(0);
  }

  /** Whether anyone listens to it. */
  get heard(): boolean {
    return this.onopen !== null || this.onmessage !== null ||
      this.onerror !== null || this.onclose !== null;
  }
}

/** Every socket that a client made. */
export class FakeNet {
  readonly sockets: FakeSocket[] = [];
  /** What the constructor throws next. */
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

  /** The newest one. */
  get last(): FakeSocket {
    return this.sockets.at(-1)!;
  }
}
