import type {
  AnyMessages,
  GapRecord,
  HistoryPart,
  MessageHandler,
  MessageInput,
  MessageMap,
  MessageOf,
  Position,
  TopicRecord,
} from "../../messages.ts";
import type { HistoryOptions } from "./history.ts";
import type { TopicPresence } from "./presence.ts";

/**
 * Where a topic is. `joining`: it will be joined, or joined again, as soon as there is a connection. `refused`: the
 * server said no. `closed`: left, or the client was closed.
 */
export type TopicState = "joining" | "joined" | "refused" | "closed";

/**
 * Where a topic that was never joined starts: at its newest `last` records, or at the next offset wanted in an epoch; `{}`:
 * from now.
 */
export type StartFrom = { readonly last?: number } | Position;

/** Options of {@linkcode Topic.publish}. */
export interface PublishOptions {
  /** Takes the message back, or, once it is sent, stops waiting for its outcome. */
  readonly signal?: AbortSignal;
  /** How long it may take in ms, instead of the outbox' `maxAgeMs`. */
  readonly timeoutMs?: number;
}

/**
 * One topic of a {@linkcode Client}: publishes to it, hears what is published in it, in order and without a silent hole,
 * across reconnects. `for await` over it gives records and gaps from that moment on.
 */
export interface Topic<M extends MessageMap = AnyMessages>
  extends AsyncIterable<TopicRecord<M>> {
  /** Its name. */
  readonly name: string;
  /** Where it is. */
  readonly state: TopicState;
  /** The epoch of its log and the next offset wanted; `undefined` before it was joined. */
  readonly position: Position | undefined;

  /**
   * Publishes a message, or bytes. While there is no connection it waits in the outbox; after a resume it is sent again,
   * and stored once.
   *
   * @param message a message of the contract, or bytes.
   * @param options a signal and a timeout.
   * @returns the record's offset, once it is committed.
   * @throws {DrumbeatError} `invalid` or `unknown`: the contract or the server refuses it; `limit`: the outbox is full;
   * `large`: above the server's limit; `timeout`: it was not sent in time; `unknown`, too: it was sent, and its outcome
   * is lost; `closed`.
   */
  publish<T extends keyof M & string>(
    message: MessageInput<M, T> | ArrayBuffer | ArrayBufferView | Blob,
    options?: PublishOptions,
  ): Promise<number>;

  /**
   * Hears the messages of one type.
   *
   * @param type the messages' type.
   * @param handler gets each of them, checked by the contract.
   * @returns stops it.
   */
  on<T extends keyof M & string>(
    type: T,
    handler: MessageHandler<MessageOf<M, T>>,
  ): () => void;

  /**
   * Hears the messages of every type.
   *
   * @param handler gets each of them, checked by the contract.
   * @returns stops it.
   */
  onAny(handler: MessageHandler<MessageOf<M>>): () => void;

  /**
   * Hears what was published as bytes.
   *
   * @param handler gets each payload.
   * @returns stops it.
   */
  onBinary(handler: MessageHandler<Uint8Array<ArrayBuffer>>): () => void;

  /**
   * Hears of records that are lost to this client.
   *
   * @param handler gets each gap.
   * @returns stops it.
   */
  onGap(handler: (gap: GapRecord) => void): () => void;

  /** Who is in it. */
  readonly presence: TopicPresence;

  /**
   * Reads the topic's past, as far as the log has it. It moves nothing: what `on` and `for await` give stays as it is.
   *
   * @param options the first offset wanted (default: the oldest there is), how many records (default: 100), a signal and
   * a timeout.
   * @returns records without holes, and where the log begins and ends.
   * @throws {DrumbeatError} `disconnected`: there is no connection, or it was cut; `timeout`; the server's code where it
   * refuses.
   */
  history(options?: HistoryOptions): Promise<HistoryPart<M>>;

  /**
   * Waits until it is joined.
   *
   * @returns when it is joined; at once where it is.
   * @throws {DrumbeatError} with the server's code where it is refused; `closed`.
   */
  joined(): Promise<void>;

  /**
   * Leaves the topic: handlers and iterators end, and `client.topic(name)` makes a new one. Idempotent.
   *
   * @returns when the server knows, or at once where there is no connection.
   */
  close(): Promise<void>;
}
