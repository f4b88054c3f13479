/** The content of a message as it is sent: its JSON text, or bytes. */
export type Body = string | Uint8Array<ArrayBuffer>;

/** A message for the outbox. */
export interface OutgoingMessage {
  /** The topic's name; "" in the plain dialect. */
  readonly topic: string;
  /** The argument of `publish` or `send`. */
  readonly message: unknown;
  /** The content; a promise while a Blob is being read. */
  readonly body: Body | Promise<Body>;
  /** The size of the body in bytes. */
  readonly bytes: number;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
  /** Called when the message is stored at this offset; -1 if there is no log. */
  resolve(offset: number): void;
  /** Called when it is not stored, or when the outcome is unknown. @param isRefused whether the server refused it. */
  reject(error: unknown, isRefused: boolean): void;
}

/**
 * The result of sending a message: the id of a frame that the server will answer, or `settled` if no answer follows;
 * `large` if the server would refuse the size; `closing` if the connection accepts nothing more; `later` if it
 * accepts nothing for now, and calls `flush` when it does.
 */
export type SendResult = number | "settled" | "large" | "closing" | "later";

/** The connection of an outbox. */
export interface MessageSender {
  /** The largest number of messages that may be sent and not settled. */
  readonly inflight: number;
  /**
   * Sends a message.
   *
   * @param topic the topic's name.
   * @param body the content.
   * @param id the id under which it was sent before; `undefined` for a new message.
   */
  send(topic: string, body: Body, id: number | undefined): SendResult;
}
