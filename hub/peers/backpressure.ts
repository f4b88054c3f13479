/** Bytes of control frames that are sent before the peer confirms that it is reading. */
export const CONTROL_BYTES = 256 * 1024;
/** From this many unconfirmed bytes on, the peer is probed, and long frames wait. */
const HIGH_WATER_BYTES = CONTROL_BYTES / 2;

/**
 * The backpressure of one connection's control frames: all frames but batches, which credit bounds. A peer confirms by a
 * pong or an ack that it is reading.
 */
export class Backpressure {
  #unconfirmedBytes = 0;
  #isProbed = false;
  #writable: PromiseWithResolvers<void> | undefined;

  /** `true` while another long frame may be sent. */
  get isWritable(): boolean {
    return this.#unconfirmedBytes < HIGH_WATER_BYTES;
  }

  /** `true` if the peer is disconnected unless it is reading. */
  get isExceeded(): boolean {
    return this.#unconfirmedBytes > CONTROL_BYTES;
  }

  /** Resolves when the peer confirms that it is reading. */
  get confirmation(): Promise<void> {
    this.#writable ??= Promise.withResolvers();
    return this.#writable.promise;
  }

  /**
   * Counts a control frame.
   *
   * @returns `true` at the high-water mark: then the caller probes the peer, or disconnects it.
   */
  sent(bytes: number): boolean {
    this.#unconfirmedBytes += bytes;
    return this.#unconfirmedBytes >= HIGH_WATER_BYTES;
  }

  /** Returns `true` the first time after a confirmation: a peer is probed once. */
  mayProbe(): boolean {
    if (this.#isProbed) return false;
    return this.#isProbed = true;
  }

  /** Returns the bytes that a long frame counts for: one snapshot or one reply must not exceed the bound by itself. */
  costOf(length: number): number {
    return Math.min(
      length,
      Math.max(
        HIGH_WATER_BYTES - this.#unconfirmedBytes,
        HIGH_WATER_BYTES / 2,
      ),
    );
  }

  /** Resets the count: the peer has confirmed that it is reading. */
  confirmed(): void {
    this.#unconfirmedBytes = 0;
    this.#isProbed = false;
    this.#writable?.resolve();
    this.#writable = undefined;
  }
}
