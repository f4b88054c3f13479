import { checkNames, checkNumber } from "../common/options.ts";
import type {
  AnyMessages,
  HistoryPart,
  HistoryRange,
  ListenerOptions,
  MessageHandler,
  MessageInput,
  MessageMap,
  MessageOf,
} from "../messages.ts";
import type { Core } from "./core.ts";
import { ANY, BINARY, type HubMessageContext } from "./log/handlers.ts";
import { decodeHistory } from "./log/history.ts";
import type { Peer } from "./peer.ts";
import { Connection } from "./peers/connection.ts";
import { refusalError } from "./refusal.ts";

/**
 * A topic, for the program that owns the hub. It holds no state and no resource: `hub.topic(name)` always returns an equal
 * object.
 *
 * @typeParam M the message types.
 * @typeParam P the data of a member of the topic's presence.
 * @typeParam Auth the `auth` of the grants that `authorize` returns.
 * @typeParam State the program's own data of each peer.
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createHub } from "../hub.ts";
 *
 * await using hub = createHub();
 * const room = hub.topic("room");
 * const texts: unknown[] = [];
 * const heard = Promise.withResolvers<void>();
 * room.on("chat", ({ text }) => {
 *   texts.push(text);
 *   heard.resolve();
 * });
 * await room.publish({ type: "chat", text: "hello" });
 * await heard.promise;
 * assertEquals(texts, ["hello"]);
 * const { records } = await room.history();
 * assertEquals(records.map(({ offset }) => offset), [0]);
 * ```
 */
export class HubTopic<
  M extends MessageMap = AnyMessages,
  P = unknown,
  Auth = unknown,
  State = unknown,
> {
  /** The topic's name. */
  readonly name: string;
  readonly #core: Core;

  /** Use `hub.topic(name)`. */
  constructor(core: Core, name: string) {
    this.#core = core;
    this.name = name;
  }

  /**
   * Publishes a message, or bytes, as the hub: the record's `from` is `$hub`.
   *
   * @typeParam T the message's type.
   * @param message a message that the contract accepts, or a binary payload.
   * @returns the record's offset, once the record is committed. An ignored rejection goes to `onError`.
   * @throws {DrumbeatError} (as a rejection) when the hub refuses the message.
   */
  publish<T extends keyof M & string>(
    message: MessageInput<M, T> | Uint8Array<ArrayBuffer>,
  ): Promise<number> {
    return this.#core.publish(this.name, message);
  }

  /**
   * Adds a handler of the messages of one type. It is called after a message is committed, for messages that were published
   * through this hub. An exception or rejection goes to `onError`, with the stage `handler`.
   *
   * @typeParam T the messages' type.
   * @param type the messages' type.
   * @param handler receives each message, with the output of the contract's validator as its fields, and its context.
   * @param options a signal, and whether the handler runs once.
   * @returns removes the handler; idempotent.
   * @throws {TypeError} for an unknown option.
   */
  on<T extends keyof M & string>(
    type: T,
    handler: MessageHandler<MessageOf<M, T>, HubMessageContext<M, Auth, State>>,
    options?: ListenerOptions,
  ): () => void {
    return this.#core.handlers.add(this.name, type, handler as never, options);
  }

  /**
   * Adds a handler of the messages of every type: see {@linkcode HubTopic.on}.
   *
   * @param handler receives each message and its context.
   * @param options a signal, and whether the handler runs once.
   * @returns removes the handler; idempotent.
   * @throws {TypeError} for an unknown option.
   */
  onAny(
    handler: MessageHandler<MessageOf<M>, HubMessageContext<M, Auth, State>>,
    options?: ListenerOptions,
  ): () => void {
    return this.#core.handlers.add(this.name, ANY, handler as never, options);
  }

  /**
   * Adds a handler of binary payloads: see {@linkcode HubTopic.on}.
   *
   * @param handler receives a copy of each payload, and its context.
   * @param options a signal, and whether the handler runs once.
   * @returns removes the handler; idempotent.
   * @throws {TypeError} for an unknown option.
   */
  onBinary(
    handler: MessageHandler<
      Uint8Array<ArrayBuffer>,
      HubMessageContext<M, Auth, State>
    >,
    options?: ListenerOptions,
  ): () => void {
    const { handlers } = this.#core;
    return handlers.add(this.name, BINARY, handler as never, options);
  }

  /**
   * Reads a part of the topic's log. The result omits a record that the contract refuses, and the hub reports it to
   * `onError`, with the stage `validate`: it was stored under an earlier contract.
   *
   * @param range the first offset and the number of records. Default: the oldest 100 records.
   * @returns the records and the bounds of the log. An ignored rejection goes to `onError`.
   * @throws {DrumbeatError} (as a rejection) when the topic cannot be opened or its log cannot be read.
   * @throws {TypeError} (as a rejection) for an unknown option.
   * @throws {RangeError} (as a rejection) for a number that is not a non-negative integer.
   */
  history(range: HistoryRange = {}): Promise<HistoryPart<M>> {
    return this.#core.mayIgnore(this.#history(range), "history");
  }

  async #history(range: HistoryRange): Promise<HistoryPart<M>> {
    const action = `Cannot read the history of '${this.name}'`;
    checkNames(action, range, { from: true, limit: true });
    const { from = 0, limit = 100 } = range;
    checkNumber(action, "from", from, { integer: true });
    checkNumber(action, "limit", limit, { integer: true });
    const found = await this.#core.read(this.name, from, limit);
    if ("code" in found) throw refusalError(action, found);
    const { contract, reporter } = this.#core;
    const { epoch, offset, next, tail, head } = found;
    const records = decodeHistory<M>(found, this.name, {
      contract,
      failed: (error) => reporter.report(error, "validate"),
    });
    return { epoch, offset, next, tail, head, records };
  }

  /**
   * The members of the topic's presence: their data by public id. If hubs share a store, the members of the other hubs are
   * included while this hub follows the topic. It follows a topic while it has a member of its own, and for half a minute
   * after its last member left or after this was read. The first read starts it, so it lacks the members of the other hubs.
   */
  get presence(): ReadonlyMap<string, P> {
    return this.#core.members(this.name) as ReadonlyMap<string, P>;
  }

  /** The peers of this hub that are subscribed to the topic. */
  get subscribers(): ReadonlySet<Peer<M, Auth, State>> {
    const subscriptions = this.#core.topic(this.name)?.subscriptions ?? [];
    const peers = [...subscriptions].map(({ reader }) => reader)
      // The hub itself follows its presence logs.
      .filter((reader) => reader instanceof Connection);
    return new Set<Peer>(peers) as ReadonlySet<Peer<M, Auth, State>>;
  }

  /** The log's epoch, its oldest offset and its next offset; `undefined` before the topic's first use. */
  get bounds(): {
    readonly epoch: string;
    readonly tail: number;
    readonly head: number;
  } | undefined {
    const log = this.#core.topic(this.name)?.log;
    return log?.isOpen ? log.bounds : undefined;
  }
}
