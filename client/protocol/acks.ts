/** The batch frames that one connection has received, and the time of the next ack: docs/protocol.md, "Credit". */
export class Acks {
  /** The number of received batch frames. */
  frames = 0;
  #bytes = 0;
  readonly #everyBytes: number;

  /**
   * @param windowBytes the bytes that the server sends before it waits for an ack. A quarter of it is worth one ack.
   * @param share the part of the first quarter after which the first ack is due, from 0 to 1. Random, because clients that
   * receive the same batches would all send their acks at the same moment, and the server would read them before it reads
   * a publish.
   */
  constructor(windowBytes: number, share: number) {
    this.#everyBytes = windowBytes / 4;
    this.#bytes = (1 - share) * this.#everyBytes;
  }

  /** Counts a received batch frame. @returns whether an ack is due. */
  received(bytes: number): boolean {
    this.frames++;
    this.#bytes += bytes;
    if (this.#bytes < this.#everyBytes) return false;
    this.#bytes = 0;
    return true;
  }
}
