/**
 * The messages that a transport reads after the hub has closed a connection: the publishes that a client may have
 * without a reply by default.
 */
const MAX_MESSAGES = 256;
/** The bytes that a transport reads after the hub has closed a connection: a burst of the default rate. */
const MAX_BYTES = 2 * 1024 * 1024;

/**
 * The bound of what a transport still reads after the hub has closed a connection.
 *
 * A peer that has messages in flight must receive the close frame, so these messages are read and dropped. A peer that
 * continues to send is disconnected at once: reading its messages would take all of the event loop's time.
 */
export class ClosingInput {
  #messages = MAX_MESSAGES;
  #bytes = MAX_BYTES;

  /**
   * Counts bytes that were read.
   *
   * @param bytes the number of bytes.
   * @param messages the number of messages or control frames that they contain. Default: 1.
   * @returns `true` once the peer has sent more than the bound.
   */
  exceeds(bytes: number, messages = 1): boolean {
    this.#messages -= messages;
    this.#bytes -= bytes;
    return this.#messages < 0 || this.#bytes < 0;
  }
}
