import { encodeBinary, PROTOCOL } from "../../messages.ts";

/** A frame as it came: text parsed, binary as bytes. */
// deno-lint-ignore no-explicit-any -- a test says what it expects of a frame by comparing it.
export type AnyFrame = any;

/** How a connection ended. */
export interface Ending {
  readonly code: number;
  readonly reason: string;
}

/** A client on the runtime's own WebSocket: sends frames by hand and waits for those that come. */
export class WirePeer implements AsyncDisposable {
  readonly socket: WebSocket;
  /** Resolves when the connection is over. */
  readonly closed: Promise<Ending>;
  readonly #frames: AnyFrame[] = [];
  #wake: (() => void) | undefined;
  #ending: Ending | undefined;
  /** Takes the frames as they come, instead of the queue. */
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
        this.#ending = { code, reason };
        this.#wake?.();
        resolve(this.#ending);
      });
    });
  }

  /** Connects; rejects when the server refuses. */
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

  /** A plain peer that has read its `start`. */
  static async plain(port: number): Promise<WirePeer> {
    const peer = await WirePeer.open(`ws://127.0.0.1:${port}/ws`);
    await peer.next();
    return peer;
  }

  /** A drumbeat.v1 peer that has said hello; its `start` is the first frame to read. */
  static async v1(port: number, hello: object = {}): Promise<WirePeer> {
    const peer = await WirePeer.open(`ws://127.0.0.1:${port}/ws`, PROTOCOL);
    peer.send({ type: "hello", ...hello });
    return peer;
  }

  /** Sends an object as JSON; text and bytes as they are. */
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
      if (this.#ending !== undefined) {
        throw new Error(`The connection ended with ${this.#ending.code}`);
      }
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    return this.#frames.shift();
  }

  /** Resolves with the frames up to the first one for which a condition holds. */
  async until(holds: (frame: AnyFrame) => boolean): Promise<AnyFrame[]> {
    const frames: AnyFrame[] = [];
    do frames.push(await this.next()); while (!holds(frames.at(-1)));
    return frames;
  }

  /** Everything that came and was not read. */
  unread(): AnyFrame[] {
    return this.#frames.splice(0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.close();
    await this.closed;
  }
}
