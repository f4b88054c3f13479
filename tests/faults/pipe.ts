/** The largest read, in bytes. */
const CHUNK_BYTES = 16 * 1024;

/** One direction of a {@linkcode Link}, with its faults. Each of them can be changed while bytes pass. */
export class Pipe {
  /** The number of bytes that have passed. */
  bytes = 0;
  /** The delay of each chunk, in ms. */
  delayMs = 0;
  /** The highest rate. */
  bytesPerSecond = Infinity;
  readonly #from: Deno.TcpConn;
  readonly #to: Deno.TcpConn;
  readonly #disconnect: () => void;
  #disconnectAt = Infinity;
  #frozen: PromiseWithResolvers<void> | undefined;
  #wakeUp: (() => void) | undefined;
  #isEnded = false;

  /** @param disconnect ends the link, both directions. */
  constructor(from: Deno.TcpConn, to: Deno.TcpConn, disconnect: () => void) {
    this.#from = from;
    this.#to = to;
    this.#disconnect = disconnect;
  }

  /** Ends the link after exactly this many more bytes. */
  disconnectAfter(bytes: number): void {
    this.#disconnectAt = this.bytes + bytes;
  }

  /** Holds everything back, also the end of the stream, as a network does that drops every packet. */
  freeze(): void {
    this.#frozen ??= Promise.withResolvers<void>();
  }

  /** Ends {@linkcode Pipe.freeze}: the buffered bytes pass. */
  unfreeze(): void {
    this.#frozen?.resolve();
    this.#frozen = undefined;
  }

  /** Removes every fault that can be removed. */
  heal(): void {
    this.delayMs = 0;
    this.bytesPerSecond = Infinity;
    this.#disconnectAt = Infinity;
    this.unfreeze();
    this.#wakeUp?.();
  }

  /** Ends this direction: its reader receives the end of the stream. The other direction continues. */
  async halfClose(): Promise<void> {
    this.end();
    await this.#to.closeWrite().catch(() => {});
  }

  /** Stops passing bytes. */
  end(): void {
    this.#isEnded = true;
    this.unfreeze();
    this.#wakeUp?.();
  }

  /** Passes bytes until either connection ends. Never rejects. */
  async run(): Promise<void> {
    const buffer = new Uint8Array(CHUNK_BYTES);
    try {
      while (!this.#isEnded) {
        const read = await this.#from.read(buffer);
        await this.#hold(read ?? 0);
        if (this.#isEnded) return;
        if (read === null) {
          await this.#to.closeWrite();
          return;
        }
        if (!await this.#pass(buffer.subarray(0, read))) {
          return this.#disconnect();
        }
      }
    } catch {
      // A connection failed: a link has no use for one of its two.
      this.#disconnect();
    }
  }

  async #pass(chunk: Uint8Array): Promise<boolean> {
    const length = Math.min(chunk.length, this.#disconnectAt - this.bytes);
    for (let written = 0; written < length;) {
      const n = await this.#to.write(chunk.subarray(written, length));
      written += n;
      this.bytes += n;
    }
    return this.bytes < this.#disconnectAt;
  }

  async #hold(bytes: number): Promise<void> {
    const ms = this.delayMs + bytes / this.bytesPerSecond * 1000;
    if (ms > 0) await this.#pause(ms);
    while (this.#frozen !== undefined) await this.#frozen.promise;
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
