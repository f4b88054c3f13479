import { checkNames, checkNumber } from "../../common/options.ts";
import { addDispose } from "../../common/disposable.ts";
import type { IgnoredRejections } from "../../common/ignored_rejections.ts";
import {
  type BinaryRecord,
  DrumbeatError,
  type GapRecord,
  type HistoryPart,
  type ListenerOptions,
  type MessageHandler,
  type MessageInput,
  type MessageMap,
  type MessageOf,
  type MessageRecord,
  type Position,
  type TopicRecord,
} from "../../messages.ts";
import type { PublishOptions } from "../publish/publisher.ts";
import type { Requests } from "../requests/requests.ts";
import { checkWait, Waiters, type WaitOptions } from "../waiters.ts";
import { type HistoryOptions, readHistory } from "./history.ts";
import { type Presence, PresenceView } from "./presence.ts";
import type { RawRecord } from "./record.ts";
import { RecordListeners } from "./record_listeners.ts";
import { RecordQueue } from "./record_queue.ts";
import type { Topic, TopicState } from "./topic.ts";

/** The client of a {@linkcode TopicHandle}. */
export interface TopicHandleHost {
  readonly requests: Pick<Requests, "send">;
  readonly publisher: {
    publish(
      topic: string,
      message: unknown,
      options: PublishOptions | undefined,
    ): Promise<number>;
  };
  readonly rejections: IgnoredRejections;
  /** Returns the public id of this client. */
  peer(): string | undefined;
}

/** The subscription that the handles of one topic share. */
export interface SharedSubscription<M extends MessageMap> {
  readonly name: string;
  readonly state: TopicState;
  readonly position: Position | undefined;
  readonly presence: Presence;
  /** The server's error, in the state `refused`. */
  readonly refusal: DrumbeatError | undefined;
  /** The calls of `close` that wait for the end of the subscription. */
  readonly closing: Waiters;
  /** True once the server has ended the subscription, or never had it. */
  readonly isUnsubscribed: boolean;
  /** Checks a record with the contract. */
  check(record: RawRecord): MessageRecord<M> | BinaryRecord | undefined;
  /** Removes a handle; the last one ends the subscription. @returns whether it was the last one. */
  release(handle: TopicHandle<M>): boolean;
}

/**
 * The implementation of {@linkcode Topic}: the handlers and iterators of one user of a topic. Each `client.topic()` returns a
 * handle of its own, so that one part of a program may close its topic while another one continues.
 */
export class TopicHandle<M extends MessageMap> {
  static {
    addDispose(TopicHandle.prototype, "dispose", function () {
      void this.close();
    });
    addDispose(TopicHandle.prototype, "asyncDispose", function () {
      return this.close();
    });
  }

  readonly name: string;
  readonly presence: PresenceView;
  readonly #subscription: SharedSubscription<M>;
  readonly #host: TopicHandleHost;
  readonly #subscribing = new Waiters();
  readonly #listeners = new RecordListeners<M>();
  readonly #queues = new Set<RecordQueue<M>>();
  #isEnded = false;
  /** True if `close` of this handle has ended the subscription. */
  #wasLast = false;

  /**
   * @param subscription the topic's subscription.
   * @param host the client.
   */
  constructor(subscription: SharedSubscription<M>, host: TopicHandleHost) {
    this.name = subscription.name;
    this.#subscription = subscription;
    this.#host = host;
    this.presence = new PresenceView(subscription.presence);
  }

  /** The object's kind. Vue makes no proxy of an object with an own kind; a private member cannot be read through one. */
  get [Symbol.toStringTag](): string {
    return "Topic";
  }

  get state(): TopicState {
    if (!this.#isEnded) return this.#subscription.state;
    return this.#subscription.refusal === undefined ? "closed" : "refused";
  }

  get position(): Position | undefined {
    return this.#subscription.position;
  }

  publish<T extends keyof M & string>(
    message: MessageInput<M, T> | ArrayBuffer | ArrayBufferView | Blob,
    options?: PublishOptions,
  ): Promise<number> {
    const { publisher, rejections } = this.#host;
    if (!this.#isEnded) return publisher.publish(this.name, message, options);
    return rejections.promise((_, reject) =>
      reject(this.#closedError("publish to"))
    );
  }

  on<T extends keyof M & string>(
    type: T,
    handler: MessageHandler<MessageOf<M, T>>,
    options?: ListenerOptions,
  ): () => void {
    return this.#listeners.on(type, handler, options);
  }

  onAny(
    handler: MessageHandler<MessageOf<M>>,
    options?: ListenerOptions,
  ): () => void {
    return this.#listeners.onAny(handler, options);
  }

  onBinary(
    handler: MessageHandler<Uint8Array<ArrayBuffer>>,
    options?: ListenerOptions,
  ): () => void {
    return this.#listeners.onBinary(handler, options);
  }

  onGap(
    handler: (gap: GapRecord) => void,
    options?: ListenerOptions,
  ): () => void {
    return this.#listeners.onGap(handler, options);
  }

  [Symbol.asyncIterator](): RecordQueue<M> {
    const queue = new RecordQueue<M>((queue) => this.#queues.delete(queue));
    if (this.#isEnded) queue.end(this.#subscription.refusal);
    else this.#queues.add(queue);
    return queue;
  }

  history(options: HistoryOptions = {}): Promise<HistoryPart<M>> {
    return this.#host.rejections.watch(this.#history(options));
  }

  subscribed(options: WaitOptions = {}): Promise<void> {
    return this.#host.rejections.promise((resolve, reject) => {
      const signal = checkWait(`Cannot wait for '${this.name}'`, options);
      if (this.#isEnded) reject(this.#closedError("subscribe to"));
      else if (this.state === "subscribed") resolve();
      else this.#subscribing.add(resolve, reject, signal);
    });
  }

  close(options: WaitOptions = {}): Promise<void> {
    if (!this.#isEnded) {
      this.end();
      this.#wasLast = this.#subscription.release(this);
    }
    return this.#host.rejections.promise((resolve, reject) => {
      const signal = checkWait(`Cannot close '${this.name}'`, options);
      const { closing, isUnsubscribed } = this.#subscription;
      if (isUnsubscribed || !this.#wasLast) resolve();
      else closing.add(resolve, reject, signal);
    });
  }

  // The subscription calls the methods below.

  /** True while a call of `subscribed` waits. */
  get isAwaited(): boolean {
    return !this.#subscribing.isEmpty;
  }

  /** Resolves the calls of `subscribed`: the server has subscribed the client. */
  accepted(): void {
    this.#subscribing.resolve();
  }

  /** Rejects the calls of `subscribed`: the server refused the topic, and the client will subscribe again. */
  postponed(error: DrumbeatError): void {
    this.#subscribing.reject(error);
  }

  /** Delivers a record or a gap. */
  pass(record: TopicRecord<M>): void {
    this.#listeners.dispatch(record);
    for (const queue of this.#queues) queue.push(record);
  }

  /** Removes the handlers and ends the iterators: the handle is closed, or the subscription has ended. */
  end(): void {
    this.#isEnded = true;
    this.#subscribing.reject(this.#closedError("subscribe to"));
    this.presence.close(this.#closedError("set presence in"));
    this.#listeners.clear();
    for (const queue of this.#queues) queue.end(this.#subscription.refusal);
    this.#queues.clear();
  }

  async #history(options: HistoryOptions): Promise<HistoryPart<M>> {
    const { name: topic } = this;
    const action = `Cannot read the history of '${topic}'`;
    checkNames(action, options, {
      from: true,
      limit: true,
      signal: true,
      timeoutMs: true,
    });
    const { from = 0, limit = 100, ...rest } = options;
    checkNumber(action, "from", from, { integer: true });
    checkNumber(action, "limit", limit, { integer: true });
    const answer = await this.#host.requests.send(
      { action, answer: "reply" },
      (id) => ({ type: "history", id, topic, from, limit }),
      rest,
    );
    return readHistory(
      answer,
      { topic, peer: this.#host.peer() },
      (record) => this.#subscription.check(record),
    );
  }

  #closedError(verb: string): DrumbeatError {
    return this.#subscription.refusal ??
      new DrumbeatError(
        "closed",
        `Cannot ${verb} '${this.name}': the topic is closed`,
      );
  }
}

/** The methods that the class's static block adds. */
export interface TopicHandle<M extends MessageMap> extends Topic<M> {}
