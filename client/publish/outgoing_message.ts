/** What is sent: a message's JSON text, or bytes. */
export type Body = string | Uint8Array<ArrayBuffer>;

/** A message on its way. */
export interface Letter {
  /** The topic it is for; "" in the plain dialect. */
  readonly topic: string;
  /** What the user gave. */
  readonly message: unknown;
  /** What is sent; a promise while a Blob is being read. */
  readonly body: Body | Promise<Body>;
  /** The body's bytes. */
  readonly bytes: number;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
  /** It is stored, at this offset; -1 where there is no log. */
  stored(offset: number): void;
  /** It is not, or nobody knows. @param refused whether the server said so. */
  failed(error: unknown, refused: boolean): void;
}

/**
 * What became of a letter that an {@linkcode Outlet} was given: the id that its outcome will come with, or: there is none
 * to come; the server would refuse its size; the connection takes nothing any more; it takes nothing for now, and
 * `flush` follows.
 */
export type Sent = number | "settled" | "large" | "closing" | "later";

/** A connection, as the outbox sees it. */
export interface Outlet {
  /** Most letters that may be sent and not settled. */
  readonly inflight: number;
  /**
   * Sends a letter.
   *
   * @param id the id that it was sent with before; `undefined`: it is new.
   */
  send(topic: string, body: Body, id: number | undefined): Sent;
}
