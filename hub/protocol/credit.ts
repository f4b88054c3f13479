/** Bytes are subtracted by marks of this many bytes, instead of a number for each frame. */
const MARK_BYTES = 4096;

/**
 * The credit of one drumbeat.v1 connection: docs/protocol.md, "Credit". Acks count frames, and the window counts bytes: a
 * mark every few frames states their bytes. Between two marks, all bytes count as unacknowledged, so that the number is
 * never too small, and is 0 when all frames are acknowledged.
 */
export class Credit {
  /** The number of batch frames sent. */
  frames = 0;
  #sentBytes = 0;
  #ackedFrames = 0;
  #ackedBytes = 0;
  /** Pairs of a number of frames and their bytes, oldest first, from `#next` on. */
  #marks: number[] = [];
  #next = 0;
  #markAt = MARK_BYTES;

  /** Bytes of unacknowledged batches; at most {@linkcode MARK_BYTES} and one frame too many. */
  get unackedBytes(): number {
    return this.#sentBytes - this.#ackedBytes;
  }

  /** Counts a sent batch frame. */
  sent(bytes: number): void {
    this.frames++;
    this.#sentBytes += bytes;
    if (this.#sentBytes < this.#markAt) return;
    this.#marks.push(this.frames, this.#sentBytes);
    this.#markAt = this.#sentBytes + MARK_BYTES;
  }

  /**
   * Counts an acknowledgement.
   *
   * @param frames the number of batch frames that the peer has received in all.
   * @returns the number of frames that were not acknowledged before; -1 for more frames than were sent. A smaller number
   * than before is valid: an ack may have overtaken the count of a ping.
   */
  acknowledged(frames: number): number {
    if (frames > this.frames) return -1;
    const added = frames - this.#ackedFrames;
    if (added <= 0) return 0;
    this.#ackedFrames = frames;
    if (frames === this.frames) {
      this.#ackedBytes = this.#sentBytes;
      this.#markAt = this.#sentBytes + MARK_BYTES;
      this.#marks = [];
      this.#next = 0;
      return added;
    }
    while (
      this.#next < this.#marks.length && this.#marks[this.#next]! <= frames
    ) {
      this.#ackedBytes = this.#marks[this.#next + 1]!;
      this.#next += 2;
    }
    if (this.#next > 128) {
      this.#marks = this.#marks.slice(this.#next);
      this.#next = 0;
    }
    return added;
  }
}
