/**
 * A WebSocket client on a bare TCP socket. It sends any bytes, reads only on request, and answers nothing by itself.
 *
 * @module
 */

/** One received frame. */
export interface RawFrame {
  /** 0 continuation, 1 text, 2 binary, 8 close, 9 ping, 10 pong. */
  readonly opcode: number;
  readonly payload: Uint8Array<ArrayBuffer>;
  /** The payload as text. */
  readonly text: string;
}

/** Options of {@linkcode RawPeer.connect}. */
export interface RawPeerOptions {
  /** The request's path. Default: `/ws`. */
  readonly path?: string;
  /** The value of Sec-WebSocket-Protocol. Default: none. */
  readonly protocol?: string;
  /** More lines of the request's head. */
  readonly headers?: Readonly<Record<string, string>>;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
/** The key of RFC 6455's example. */
const KEY = "dGhlIHNhbXBsZSBub25jZQ==";

/** The error of an upgrade request that was refused. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
  readonly status: number;

  constructor(head: string) {
    super(`Refused: ${head.split("\r\n")[0]}`);
    this.status = Number(head.split(" ")[1]);
  }
}

/** A WebSocket client that a test controls down to the byte. */
export class RawPeer implements Disposable {
  readonly #conn: Deno.TcpConn;
  /** The head of the server's answer. */
  readonly head: string;
  #buffer: Uint8Array<ArrayBuffer>;
  #closed = false;

  constructor(conn: Deno.TcpConn, head: string, rest: Uint8Array<ArrayBuffer>) {
    this.#conn = conn;
    this.head = head;
    this.#buffer = rest;
  }

  /**
   * Connects and completes the handshake.
   *
   * @throws {RefusedError} (as a rejection) when the answer is not 101.
   */
  static async connect(
    port: number,
    options: RawPeerOptions = {},
  ): Promise<RawPeer> {
    const { path = "/ws", protocol, headers = {} } = options;
    const conn = await Deno.connect({ hostname: "127.0.0.1", port });
    const lines = {
      host: `127.0.0.1:${port}`,
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": KEY,
      ...(protocol === undefined ? {} : { "sec-websocket-protocol": protocol }),
      ...headers,
    };
    try {
      await write(
        conn,
        encoder.encode(
          `GET ${path} HTTP/1.1\r\n${
            Object.entries(lines).map(([name, value]) =>
              `${name}: ${value}\r\n`
            )
              .join("")
          }\r\n`,
        ),
      );
      const [head, rest] = await readHead(conn);
      if (!head.startsWith("HTTP/1.1 101")) throw new RefusedError(head);
      return new RawPeer(conn, head, rest);
    } catch (error) {
      conn.close();
      throw error;
    }
  }

  /** Writes bytes unchanged. */
  write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    return write(this.#conn, bytes);
  }

  /** Sends a text frame, or a binary one. */
  send(data: string | Uint8Array<ArrayBuffer>): Promise<void> {
    return typeof data === "string"
      ? this.write(encodeFrame(1, encoder.encode(data)))
      : this.write(encodeFrame(2, data));
  }

  /** Sends an object as a text frame. */
  sendJson(frame: object): Promise<void> {
    return this.send(JSON.stringify(frame));
  }

  /** Sends a close frame. */
  close(code: number, reason = ""): Promise<void> {
    const text = encoder.encode(reason);
    const payload = new Uint8Array(2 + text.length);
    new DataView(payload.buffer).setUint16(0, code);
    payload.set(text, 2);
    return this.write(encodeFrame(8, payload));
  }

  /** Answers a ping. */
  pong(payload: Uint8Array): Promise<void> {
    return this.write(encodeFrame(10, payload));
  }

  /** Reads the next frame; `undefined` at the end of the stream. Pings are not answered. */
  async frame(): Promise<RawFrame | undefined> {
    if (!await this.#fill(2)) return undefined;
    const opcode = this.#buffer[0]! & 15;
    let length = this.#buffer[1]! & 127;
    let head = 2;
    if (length === 126) {
      head = 4;
      if (!await this.#fill(head)) return undefined;
      length = new DataView(this.#buffer.buffer, this.#buffer.byteOffset)
        .getUint16(2);
    } else if (length === 127) {
      head = 10;
      if (!await this.#fill(head)) return undefined;
      length = Number(
        new DataView(this.#buffer.buffer, this.#buffer.byteOffset)
          .getBigUint64(2),
      );
    }
    if (!await this.#fill(head + length)) return undefined;
    const payload = this.#buffer.slice(head, head + length);
    this.#buffer = this.#buffer.subarray(head + length);
    return {
      opcode,
      payload,
      get text() {
        return decoder.decode(payload);
      },
    };
  }

  /** Reads the next text frame and parses it. Pings are skipped. */
  // deno-lint-ignore no-explicit-any -- a test compares the frame with the expected one.
  async json(): Promise<any> {
    for (;;) {
      const frame = await this.frame();
      if (frame === undefined) throw new Error("The connection has ended");
      if (frame.opcode === 1) return JSON.parse(frame.text);
      if (frame.opcode === 8) {
        throw new Error(`Closed with ${closeCode(frame)}`);
      }
    }
  }

  /** Reads until the close frame and answers with its code; 1006 when the stream ended without one. */
  async closeCode(): Promise<number> {
    for (;;) {
      const frame = await this.frame().catch(() => undefined);
      if (frame === undefined) return 1006;
      if (frame.opcode === 8) return closeCode(frame);
    }
  }

  /** Drops the connection. Idempotent. */
  drop(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#conn.close();
  }

  [Symbol.dispose](): void {
    this.drop();
  }

  /** Reads until the buffer has this number of bytes; `false` at the end of the stream. */
  async #fill(bytes: number): Promise<boolean> {
    if (this.#buffer.length >= bytes) return true;
    const chunks = [this.#buffer];
    let length = this.#buffer.length;
    while (length < bytes) {
      const chunk = new Uint8Array(64 * 1024);
      const read = await this.#conn.read(chunk);
      if (read === null) return false;
      chunks.push(chunk.subarray(0, read));
      length += read;
    }
    this.#buffer = concat(chunks);
    return true;
  }
}

/** Returns the code of a close frame; 1005 without one. */
export function closeCode({ payload }: RawFrame): number {
  return payload.length < 2
    ? 1005
    : new DataView(payload.buffer, payload.byteOffset).getUint16(0);
}

/**
 * Encodes a frame as a client must: masked.
 *
 * @param opcode of RFC 6455 section 5.2.
 * @param payload any bytes.
 * @param fin true for the message's last frame. Default: `true`.
 */
export function encodeFrame(
  opcode: number,
  payload: Uint8Array,
  fin = true,
): Uint8Array<ArrayBuffer> {
  const { length } = payload;
  const head = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const frame = new Uint8Array(head + 4 + length);
  const view = new DataView(frame.buffer);
  frame[0] = (fin ? 128 : 0) | opcode;
  frame[1] = 128 | (head === 2 ? length : head === 4 ? 126 : 127);
  if (head === 4) view.setUint16(2, length);
  if (head === 10) view.setBigUint64(2, BigInt(length));
  const mask = [1, 2, 3, 4];
  frame.set(mask, head);
  for (let i = 0; i < length; i++) {
    frame[head + 4 + i] = payload[i]! ^ mask[i & 3]!;
  }
  return frame;
}

/** Sends raw bytes as an HTTP request and reads the whole answer, until the server closes. */
export async function rawHttp(port: number, request: string): Promise<string> {
  using conn = await Deno.connect({ hostname: "127.0.0.1", port });
  await write(conn, encoder.encode(request));
  let answer = "";
  for await (const chunk of conn.readable) answer += decoder.decode(chunk);
  return answer;
}

async function write(conn: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    at += await conn.write(bytes.subarray(at));
  }
}

async function readHead(
  conn: Deno.TcpConn,
): Promise<[head: string, rest: Uint8Array<ArrayBuffer>]> {
  let bytes: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  for (;;) {
    const chunk = new Uint8Array(4096);
    const read = await conn.read(chunk);
    if (read === null) throw new RefusedError(decoder.decode(bytes));
    bytes = concat([bytes, chunk.subarray(0, read)]);
    const text = decoder.decode(bytes);
    const end = text.indexOf("\r\n\r\n");
    if (end >= 0) return [text.slice(0, end), bytes.slice(end + 4)];
  }
}

/** Joins byte arrays. */
export function concat(
  chunks: readonly Uint8Array[],
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(
    chunks.reduce((sum, { length }) => sum + length, 0),
  );
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
