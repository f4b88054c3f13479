import { checkNames, checkNumber } from "../../common/options.ts";
import {
  type BinaryRecord,
  type Contract,
  DrumbeatError,
  type GapRecord,
  type HistoryPart,
  type Joined,
  type ListenerOptions,
  type MessageHandler,
  type MessageInput,
  type MessageMap,
  type MessageOf,
  type MessageRecord,
  type Position,
  type Start,
  type TopicRecord,
} from "../../messages.ts";
import type { EmitEvent } from "../events.ts";
import type { PublishOptions } from "../publish/publisher.ts";
import type { IgnoredRejections } from "../../common/ignored_rejections.ts";
import { report } from "../report.ts";
import type { Requests } from "../requests/requests.ts";
import { checkWait, Waiters, type WaitOptions } from "../waiters.ts";
import { Cursor } from "./cursor.ts";
import { type HistoryOptions, readHistory } from "./history.ts";
import { Presence } from "./presence.ts";
import type { RawRecord } from "./record.ts";
import { RecordListeners } from "./record_listeners.ts";
import { RecordQueue } from "./record_queue.ts";
import type { StartFrom, Topic, TopicState } from "./topic.ts";

/** The client of a subscription. */
export interface SubscriptionHost<M extends MessageMap> {
  readonly contract: Pick<Contract<M>, "check" | "checkPresence">;
  readonly requests: Pick<Requests, "send">;
  readonly publisher: {
    publish(
      topic: string,
      message: unknown,
      options: PublishOptions | undefined,
    ): Promise<number>;
  };
  readonly rejections: IgnoredRejections;
  readonly emit: EmitEvent<M>;
  /** Returns the public id of this client. */
  peer(): string | undefined;
  /** Unsubscribes from the topic. */
  unsubscribe(subscription: Subscription<M>): void;
  /** Shows the program an error that no promise carries. */
  showError(error: DrumbeatError): void;
}

/** The implementation of {@linkcode Topic}: a cursor, and the handlers and iterators of the records that it passes. */
export class Subscription<M extends MessageMap> implements Topic<M> {
  readonly name: string;
  readonly presence: Presence;
  readonly #host: SubscriptionHost<M>;
  readonly #cursor = new Cursor();
  readonly #start: StartFrom;
  #state: TopicState = "joining";
  #refusal: DrumbeatError | undefined;
  readonly #joining = new Waiters();
  readonly #closing = new Waiters();
  #isUnsubscribed = false;
  readonly #listeners = new RecordListeners<M>();
  readonly #queues = new Set<RecordQueue<M>>();

  /**
   * @param name the topic's name.
   * @param start the start of the first subscription.
   * @param host the client.
   */
  constructor(name: string, start: StartFrom, host: SubscriptionHost<M>) {
    this.name = name;
    this.#start = start;
    this.#host = host;
    this.presence = new Presence(name, host);
  }

  get state(): TopicState {
    return this.#state;
  }

  get position(): Position | undefined {
    return this.#cursor.position;
  }

  publish<T extends keyof M & string>(
    message: MessageInput<M, T> | ArrayBuffer | ArrayBufferView | Blob,
    options?: PublishOptions,
  ): Promise<number> {
    const { publisher, rejections } = this.#host;
    if (this.#isActive) return publisher.publish(this.name, message, options);
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
    if (this.#state === "closed") queue.end();
    else if (this.#state === "refused") queue.end(this.#refusal);
    else this.#queues.add(queue);
    return queue;
  }

  history(options: HistoryOptions = {}): Promise<HistoryPart<M>> {
    return this.#host.rejections.watch(this.#history(options));
  }

  joined(options: WaitOptions = {}): Promise<void> {
    return this.#host.rejections.promise((resolve, reject) => {
      const signal = checkWait(`Cannot wait for '${this.name}'`, options);
      if (this.#state === "joined") resolve();
      else if (!this.#isActive) reject(this.#closedError("subscribe to"));
      else this.#joining.add(resolve, reject, signal);
    });
  }

  close(options: WaitOptions = {}): Promise<void> {
    if (this.#isActive) {
      this.#end("closed");
      this.#host.unsubscribe(this);
    }
    return this.#host.rejections.promise((resolve, reject) => {
      const signal = checkWait(`Cannot close '${this.name}'`, options);
      if (this.#isUnsubscribed) resolve();
      else this.#closing.add(resolve, reject, signal);
    });
  }

  [Symbol.dispose](): void {
    void this.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  // The client calls the methods below.

  /** The start of the next subscription: the position, or what the program requested. */
  get start(): Start {
    return {
      ...(this.#cursor.position ?? this.#start),
      ...this.presence.start,
    };
  }

  /** Handles the server's answer: the start of the subscription. */
  subscribed(start: Joined): void {
    const missing = this.#cursor.place(start);
    this.#state = "joined";
    this.#joining.resolve();
    this.presence.subscribed();
    if (missing !== undefined) this.#skipped(missing.from);
  }

  /** Handles a refusal, or the end of the subscription by the server. */
  refused(error: DrumbeatError): void {
    if (this.#state === "closed") return;
    this.#refusal = error;
    const isAwaited = !this.#joining.isEmpty;
    this.#end("refused");
    if (!isAwaited) this.#host.showError(error);
  }

  /** Waits for the next connection. */
  connectionClosed(): void {
    if (this.#state === "joined") this.#state = "joining";
    this.presence.connectionClosed();
  }

  /** Handles the end of the subscription at the server, or that there was none. */
  unsubscribed(): void {
    this.#isUnsubscribed = true;
    this.#closing.resolve();
  }

  /** Handles the close of the client. */
  clientClosed(): void {
    if (this.#isActive) this.#end("closed");
    this.unsubscribed();
  }

  /** Returns true where a batch may start at this offset. */
  expects(offset: number): boolean {
    return this.#cursor.expects(offset);
  }

  /**
   * Delivers the next records.
   *
   * @param records the records.
   * @param show called for each record before the handlers.
   */
  deliver(
    records: readonly RawRecord[],
    show: (record: RawRecord) => void,
  ): void {
    for (const record of records) {
      // A handler may close the topic.
      if (this.#state === "closed") return;
      this.#cursor.advance(record.offset);
      show(record);
      const checked = this.#check(record);
      if (checked !== undefined) this.#pass(checked);
    }
    this.#recovered();
  }

  /** Handles a gap. @returns `false` where it does not start at the next expected offset. */
  skip(from: number, to: number): boolean {
    if (!this.#cursor.skip(from, to)) return false;
    this.#skipped(from, to);
    this.#recovered();
    return true;
  }

  get #isActive(): boolean {
    return this.#state === "joining" || this.#state === "joined";
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
      (record) => this.#check(record),
    );
  }

  #pass(record: TopicRecord<M>): void {
    this.#listeners.dispatch(record);
    for (const queue of this.#queues) queue.push(record);
  }

  #check(record: RawRecord): MessageRecord<M> | BinaryRecord | undefined {
    if (record.kind === "binary") return record;
    try {
      const checked = this.#host.contract.check(record.message);
      if (checked.ok) {
        // No copy: the program has not received the record yet.
        record.message = checked.message;
        return record as MessageRecord<M>;
      }
      const { kind: _, message, ...context } = record;
      const { message: reason, issues = [] } = checked;
      this.#host.emit("invalid", { message, context, reason, issues });
    } catch (error) {
      // The program's validator threw, as a handler may.
      report(error);
    }
    return undefined;
  }

  #skipped(from: number, to?: number): void {
    const gap = { topic: this.name, from, ...(to === undefined ? {} : { to }) };
    this.#host.emit("gap", gap);
    this.#pass({ kind: "gap", ...gap });
  }

  #recovered(): void {
    const count = this.#cursor.recovered();
    if (count !== undefined) {
      this.#host.emit("recovered", { topic: this.name, count });
    }
  }

  #end(state: "closed" | "refused"): void {
    this.#state = state;
    this.#joining.reject(this.#closedError("subscribe to"));
    this.presence.close(this.#closedError("set presence in"));
    this.#listeners.clear();
    for (const queue of this.#queues) queue.end(this.#refusal);
    this.#queues.clear();
  }

  #closedError(verb: string): DrumbeatError {
    return this.#refusal ??
      new DrumbeatError(
        "closed",
        `Cannot ${verb} '${this.name}': the topic is closed`,
      );
  }
}
