import { encodeBinary, PROTOCOL } from "../../messages.ts";

/** A received frame: text as parsed JSON, binary as bytes. */
// deno-lint-ignore no-explicit-any -- a test compares the frame with the expected one.
export type AnyFrame = any;

/** The end of a connection. */
export interface WireClose {
  readonly code: number;
  readonly reason: string;
}

/** A client over the runtime's WebSocket: a test sends frames and awaits the received ones. */
export class WirePeer implements AsyncDisposable {
  readonly socket: WebSocket;
  /** Resolves when the connection is closed. */
  readonly closed: Promise<WireClose>;
  readonly #frames: AnyFrame[] = [];
  #wake: (() => void) | undefined;
  #close: WireClose | undefined;
  /** Receives each frame, in place of the queue. */
  onFrame: ((frame: AnyFrame) => void) | undefined;

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.binaryType = "arraybuffer";
    socket.addEventListener("message", ({ data }) => {
      const frame = typeof data === "string"
        ? JSON.parse(data)
        : new Uint8Array(data);
      if (this.onFrame !== undefined) return this.onFrame(frame);
      this.#frames.push(frame);
      this.#wake?.();
    });
    this.closed = new Promise((resolve) => {
      socket.addEventListener("close", ({ code, reason }) => {
        this.#close = { code, reason };
        this.#wake?.();
        resolve(this.#close);
      });
    });
  }

  /** Connects. Rejects when the server refuses the handshake. */
  static async open(
    url: string,
    protocols: string | string[] = [],
  ): Promise<WirePeer> {
    const socket = new WebSocket(url, protocols);
    const peer = new WirePeer(socket);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    socket.onopen = () => resolve();
    socket.onerror = (event) => {
      event.preventDefault();
      reject(new Error("The connection was refused"));
    };
    await promise;
    return peer;
  }

  /** Connects a plain peer and reads its `start`. */
  static async plain(port: number): Promise<WirePeer> {
    const peer = await WirePeer.open(`ws://127.0.0.1:${port}/ws`);
    await peer.next();
    return peer;
  }

  /** Connects a drumbeat.v1 peer and sends its hello. Its `start` is the first frame to read. */
  static async v1(port: number, hello: object = {}): Promise<WirePeer> {
    const peer = await WirePeer.open(`ws://127.0.0.1:${port}/ws`, PROTOCOL);
    peer.send({ type: "hello", ...hello });
    return peer;
  }

  /** Sends an object as JSON, text and bytes unchanged. */
  send(frame: object | string | Uint8Array<ArrayBuffer>): void {
    this.socket.send(
      typeof frame === "string" || frame instanceof Uint8Array
        ? frame as string
        : JSON.stringify(frame),
    );
  }

  /** Sends a binary frame of drumbeat.v1. */
  sendBinary(header: object, payload: Uint8Array): void {
    this.socket.send(encodeBinary(JSON.stringify(header), payload));
  }

  /** Resolves with the next frame; rejects when the connection ends without one. */
  async next(): Promise<AnyFrame> {
    while (this.#frames.length === 0) {
      if (this.#close !== undefined) {
        throw new Error(`The connection ended with ${this.#close.code}`);
      }
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    return this.#frames.shift();
  }

  /** Resolves with the frames up to the first one that matches. */
  async until(matches: (frame: AnyFrame) => boolean): Promise<AnyFrame[]> {
    const frames: AnyFrame[] = [];
    do frames.push(await this.next()); while (!matches(frames.at(-1)));
    return frames;
  }

  /** Returns the frames that were received and not read. */
  unread(): AnyFrame[] {
    return this.#frames.splice(0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.close();
    await this.closed;
  }
}
