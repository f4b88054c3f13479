/** What one connection took in, and when to tell the server: docs/protocol.md, "Credit". */
export class Credit {
  /** Batch frames taken in. */
  frames = 0;
  #bytes = 0;
  readonly #everyBytes: number;

  /** @param windowBytes what the server sends before it waits. A quarter of it is worth an ack. */
  constructor(windowBytes: number) {
    this.#everyBytes = windowBytes / 4;
  }

  /**
   * One batch frame was taken in.
   *
   * @returns whether it is time for an ack.
   */
  took(bytes: number): boolean {
    this.frames++;
    this.#bytes += bytes;
    if (this.#bytes < this.#everyBytes) return false;
    this.#bytes = 0;
    return true;
  }
}
