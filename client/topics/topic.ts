import type {
  OptionalAsyncDisposable,
  OptionalDisposable,
} from "../../common/disposable.ts";
import type {
  AnyMessages,
  GapRecord,
  HistoryPart,
  ListenerOptions,
  MessageHandler,
  MessageInput,
  MessageMap,
  MessageOf,
  Position,
  PresenceInputOf,
  TopicRecord,
} from "../../messages.ts";
import type { PublishOptions } from "../publish/publisher.ts";
import type { WaitOptions } from "../waiters.ts";
import type { HistoryOptions } from "./history.ts";
import type { TopicPresence } from "./presence.ts";

/**
 * The state of a topic. `subscribing`: the client subscribes as soon as it is connected. `refused`: the server refused the
 * subscription, or ended it, for a reason that stays. `closed`: the handle or the client was closed.
 */
export type TopicState = "subscribing" | "subscribed" | "refused" | "closed";

/**
 * The start of a new subscription: the newest `last` records of the log, or the next expected offset of an epoch; `{}` for
 * new records only.
 */
export type StartFrom = { readonly last?: number } | Position;

/**
 * A handle of a topic of a {@linkcode Client}: publishes messages and receives them in order and without a silent gap, across
 * reconnects. `for await` over it returns the records and gaps from that moment on.
 *
 * @typeParam M the contract's messages.
 * @typeParam P the contract's presence data.
 */
export interface Topic<M extends MessageMap = AnyMessages, P = unknown>
  extends
    AsyncIterable<TopicRecord<M>>,
    OptionalAsyncDisposable,
    OptionalDisposable {
  /** The topic's name. */
  readonly name: string;
  /** The state of the subscription. */
  readonly state: TopicState;
  /** The epoch of the log and the next expected offset; `undefined` before the first subscription. */
  readonly position: Position | undefined;
  /** The members of the topic. */
  readonly presence: TopicPresence<P, PresenceInputOf<M, P>>;

  /**
   * Publishes a message, or bytes. Without a connection the message waits in the outbox; after a resume it is sent again, and
   * stored once.
   *
   * @param message a message of the contract, or bytes.
   * @param options a signal and a timeout.
   * @returns the record's offset, once it is stored.
   * @throws {DrumbeatError} `invalid` or `unsupported` if the contract or the server refuses the message; `limit` if
   * the outbox is full; `large` above the server's limit; `timeout` if it was not sent in time; `closed`;
   * `indeterminate` if it was sent and its outcome is unknown. With every code but `indeterminate` it was not stored.
   */
  publish<T extends keyof M & string>(
    message: MessageInput<M, T> | ArrayBuffer | ArrayBufferView | Blob,
    options?: PublishOptions,
  ): Promise<number>;

  /**
   * Adds a handler of the messages of one type.
   *
   * @param type the messages' type.
   * @param handler receives each message, after the contract has checked it, and its context.
   * @param options a signal that removes the handler, and whether it runs once.
   * @returns removes the handler.
   */
  on<T extends keyof M & string>(
    type: T,
    handler: MessageHandler<MessageOf<M, T>>,
    options?: ListenerOptions,
  ): () => void;

  /**
   * Adds a handler of the messages of every type.
   *
   * @param handler receives each message, after the contract has checked it, and its context.
   * @param options a signal that removes the handler, and whether it runs once.
   * @returns removes the handler.
   */
  onAny(
    handler: MessageHandler<MessageOf<M>>,
    options?: ListenerOptions,
  ): () => void;

  /**
   * Adds a handler of the records that were published as bytes.
   *
   * @param handler receives the bytes and their context.
   * @param options a signal that removes the handler, and whether it runs once.
   * @returns removes the handler.
   */
  onBinary(
    handler: MessageHandler<Uint8Array<ArrayBuffer>>,
    options?: ListenerOptions,
  ): () => void;

  /**
   * Adds a handler of the gaps: records that this client does not receive.
   *
   * @param handler receives each gap.
   * @param options a signal that removes the handler, and whether it runs once.
   * @returns removes the handler.
   */
  onGap(
    handler: (gap: GapRecord) => void,
    options?: ListenerOptions,
  ): () => void;

  /**
   * Reads the topic's history, as far as the log contains it. Handlers and iterators are not affected.
   *
   * @param options the first offset, the number of records, a signal and a timeout.
   * @returns a part of the history without gaps, and the bounds of the log.
   * @throws {DrumbeatError} `disconnected` without a connection, or if it closed; `timeout`; the server's code if it
   * refuses.
   */
  history(options?: HistoryOptions): Promise<HistoryPart<M>>;

  /**
   * Waits for the subscription.
   *
   * @param options a signal.
   * @returns a promise that resolves when the state is `subscribed`.
   * @throws {DrumbeatError} with the server's code if it refuses the topic; `closed`. After `limit` and `unavailable` the
   * state stays `subscribing`: the client subscribes again after a wait, and a later call of `subscribed` waits for that.
   */
  subscribed(options?: WaitOptions): Promise<void>;

  /**
   * Closes this handle: removes its handlers and ends its iterators. The last handle of a topic also unsubscribes, and the
   * client is no longer a member of the topic's presence. Idempotent.
   *
   * @param options a signal, which stops the wait.
   * @returns a promise that resolves when the server has removed the subscription, or when the connection has closed; at once
   * if the topic has other handles.
   */
  close(options?: WaitOptions): Promise<void>;
}
