/** What one connection took in, and when to tell the server: docs/protocol.md, "Credit". */
export class Credit {
  /** Batch frames taken in. */
  frames = 0;
  #bytes = 0;
  readonly #everyBytes: number;

  /**
   * @param windowBytes what the server sends before it waits. A quarter of it is worth an ack.
   * @param share how much of the first quarter it takes to the first ack, from 0 to 1. By chance: those who are sent the
   * same would all answer at the same moment, and what is published then waits for the server to read it all.
   */
  constructor(windowBytes: number, share: number) {
    this.#everyBytes = windowBytes / 4;
    this.#bytes = (1 - share) * this.#everyBytes;
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
