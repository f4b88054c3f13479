/** What one drumbeat.v1 connection was sent and has not acknowledged: docs/protocol.md, "Credit". */
export class Credit {
  /** Batch frames sent. */
  frames = 0;
  /** Bytes of batches that are unacknowledged. */
  unacked = 0;
  #acked = 0;
  /** The bytes of each unacknowledged frame, oldest first, from `#next` on. */
  #sizes: number[] = [];
  #next = 0;

  /** A batch frame was sent. */
  sent(bytes: number): void {
    this.frames++;
    this.unacked += bytes;
    this.#sizes.push(bytes);
  }

  /**
   * The peer has taken in `frames` batch frames in all.
   *
   * @returns how many of them are new, or -1: more than were sent, which is impossible. A smaller number than before is
   * nothing new: a ping may have been under way when an ack overtook its count.
   */
  taken(frames: number): number {
    if (frames > this.frames) return -1;
    const fresh = frames - this.#acked;
    if (fresh <= 0) return 0;
    for (let i = 0; i < fresh; i++) this.unacked -= this.#sizes[this.#next++]!;
    this.#acked = frames;
    if (this.#next === this.#sizes.length) {
      this.#sizes = [];
      this.#next = 0;
    } else if (this.#next > 1024 && this.#next * 2 > this.#sizes.length) {
      this.#sizes = this.#sizes.slice(this.#next);
      this.#next = 0;
    }
    return fresh;
  }
}
