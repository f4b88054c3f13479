/** Bytes that one read takes at most. */
const CHUNK_BYTES = 16 * 1024;

/** One direction of a {@linkcode Link}: what goes through it, and what is done to that. All of it may change live. */
export class Pipe {
  /** Bytes that went through. */
  bytes = 0;
  /** Each chunk is held back this long, in ms. */
  delayMs = 0;
  /** How fast it lets bytes through. */
  bytesPerSecond = Infinity;
  readonly #from: Deno.TcpConn;
  readonly #to: Deno.TcpConn;
  readonly #cut: () => void;
  #cutAt = Infinity;
  #frozen: PromiseWithResolvers<void> | undefined;
  #wakeUp: (() => void) | undefined;
  #over = false;

  /** @param cut ends the link, both directions. */
  constructor(from: Deno.TcpConn, to: Deno.TcpConn, cut: () => void) {
    this.#from = from;
    this.#to = to;
    this.#cut = cut;
  }

  /** Ends the link when this many more bytes went through: not one byte more goes. */
  cutAfter(bytes: number): void {
    this.#cutAt = this.bytes + bytes;
  }

  /** A black hole: nothing goes through any more, not even an end, and nobody is told. */
  freeze(): void {
    this.#frozen ??= Promise.withResolvers<void>();
  }

  /** What was held back goes on. */
  thaw(): void {
    this.#frozen?.resolve();
    this.#frozen = undefined;
  }

  /** Takes back all that is done to it and can be taken back. */
  heal(): void {
    this.delayMs = 0;
    this.bytesPerSecond = Infinity;
    this.#cutAt = Infinity;
    this.thaw();
    this.#wakeUp?.();
  }

  /** Ends this direction alone: its reader sees the end of the stream, the other direction goes on. */
  async halfClose(): Promise<void> {
    this.end();
    await this.#to.closeWrite().catch(() => {});
  }

  /** Nothing goes through any more. */
  end(): void {
    this.#over = true;
    this.thaw();
    this.#wakeUp?.();
  }

  /** Lets bytes through until either end is over. Never rejects. */
  async run(): Promise<void> {
    const buffer = new Uint8Array(CHUNK_BYTES);
    try {
      while (!this.#over) {
        const read = await this.#from.read(buffer);
        await this.#held(read ?? 0);
        if (this.#over) return;
        if (read === null) {
          await this.#to.closeWrite();
          return;
        }
        if (!await this.#pass(buffer.subarray(0, read))) return this.#cut();
      }
    } catch {
      // One of the ends is gone, so both are.
      this.#cut();
    }
  }

  async #pass(chunk: Uint8Array): Promise<boolean> {
    const left = Math.min(chunk.length, this.#cutAt - this.bytes);
    for (let written = 0; written < left;) {
      const n = await this.#to.write(chunk.subarray(written, left));
      written += n;
      this.bytes += n;
    }
    return this.bytes < this.#cutAt;
  }

  async #held(bytes: number): Promise<void> {
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
