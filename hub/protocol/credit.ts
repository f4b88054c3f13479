/** How finely bytes are counted back: a mark for so many of them, instead of a number for each frame. */
const MARK_BYTES = 4096;

/**
 * What one drumbeat.v1 connection was sent and has not acknowledged: docs/protocol.md, "Credit". Acks count frames, the
 * window counts bytes; a mark every few frames says how many bytes they were. Between two marks, bytes count as not
 * acknowledged: never too few, and none when every frame was taken in.
 */
export class Credit {
  /** Batch frames sent. */
  frames = 0;
  #sentBytes = 0;
  #takenFrames = 0;
  #takenBytes = 0;
  /** Pairs: a number of frames, and of bytes up to there; oldest first, from `#next` on. */
  #marks: number[] = [];
  #next = 0;
  #markAt = MARK_BYTES;

  /** Bytes of batches that are unacknowledged, at most {@linkcode MARK_BYTES} and a frame too many. */
  get unacked(): number {
    return this.#sentBytes - this.#takenBytes;
  }

  /** A batch frame was sent. */
  sent(bytes: number): void {
    this.frames++;
    this.#sentBytes += bytes;
    if (this.#sentBytes < this.#markAt) return;
    this.#marks.push(this.frames, this.#sentBytes);
    this.#markAt = this.#sentBytes + MARK_BYTES;
  }

  /**
   * The peer has taken in `frames` batch frames in all.
   *
   * @returns how many of them are new, or -1: more than were sent, which is impossible. A smaller number than before is
   * nothing new: a ping may have been under way when an ack overtook its count.
   */
  taken(frames: number): number {
    if (frames > this.frames) return -1;
    const fresh = frames - this.#takenFrames;
    if (fresh <= 0) return 0;
    this.#takenFrames = frames;
    if (frames === this.frames) {
      this.#takenBytes = this.#sentBytes;
      this.#markAt = this.#sentBytes + MARK_BYTES;
      this.#marks = [];
      this.#next = 0;
      return fresh;
    }
    while (
      this.#next < this.#marks.length && this.#marks[this.#next]! <= frames
    ) {
      this.#takenBytes = this.#marks[this.#next + 1]!;
      this.#next += 2;
    }
    if (this.#next > 128) {
      this.#marks = this.#marks.slice(this.#next);
      this.#next = 0;
    }
    return fresh;
  }
}
