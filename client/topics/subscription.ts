import type {
  BinaryRecord,
  Contract,
  GapRecord,
  HistoryPart,
  Joined,
  MessageHandler,
  MessageInput,
  MessageMap,
  MessageOf,
  MessageRecord,
  Position,
  Start,
  TopicRecord,
} from "../../messages.ts";
import { Cursor } from "./cursor.ts";
import { DrumbeatError } from "../../messages.ts";
import { GapEvent, InvalidEvent, RecoveredEvent } from "../events.ts";
import type { RawRecord } from "./record.ts";
import { type HistoryOptions, readHistory } from "./history.ts";
import { Presence } from "./presence.ts";
import { RecordQueue } from "./record_queue.ts";
import { report } from "../report.ts";
import type { Requests } from "../protocol/requests.ts";
import type { PublishOptions, StartFrom, Topic, TopicState } from "./topic.ts";

/** What a subscription needs of its client. */
export interface SubscriptionHost<M extends MessageMap> {
  readonly contract: Contract<M>;
  readonly requests: Requests<M>;
  /** The public id of this client. */
  peer(): string | undefined;
  publish(
    topic: string,
    message: unknown,
    options: PublishOptions,
  ): Promise<number>;
  leave(subscription: Subscription<M>): void;
  emit(event: Event): void;
  /** Tells of an error that no promise waits for. */
  complain(error: DrumbeatError): void;
}

/** The body of a {@linkcode Topic}: a cursor, and those who hear what it passes. */
export class Subscription<M extends MessageMap> implements Topic<M> {
  readonly name: string;
  readonly presence: Presence;
  readonly #host: SubscriptionHost<M>;
  readonly #cursor = new Cursor();
  #start: StartFrom;
  #state: TopicState = "joining";
  #refusal: DrumbeatError | undefined;
  #joined: PromiseWithResolvers<void> | undefined;
  readonly #gone = Promise.withResolvers<void>();
  readonly #handlers = new Set<(record: TopicRecord<M>) => void>();
  readonly #queues = new Set<RecordQueue<M>>();

  constructor(name: string, start: StartFrom, host: SubscriptionHost<M>) {
    this.name = name;
    this.#start = start;
    this.#host = host;
    this.presence = new Presence((data) =>
      host.requests.ask(
        { what: `presence in '${name}'`, answer: "ack" },
        (id) => ({ type: "presence", id, topic: name, data }),
      )
    );
  }

  get state(): TopicState {
    return this.#state;
  }

  get position(): Position | undefined {
    return this.#cursor.position;
  }

  /** What to tell the server: where it was, or where the user wants to start. */
  get start(): Start {
    return {
      ...(this.#cursor.position ?? this.#start),
      ...this.presence.start,
    };
  }

  publish<T extends keyof M & string>(
    message: MessageInput<M, T> | ArrayBuffer | ArrayBufferView | Blob,
    options: PublishOptions = {},
  ): Promise<number> {
    if (this.#state === "refused" || this.#state === "closed") {
      return Promise.reject(this.#notThere());
    }
    return this.#host.publish(this.name, message, options);
  }

  on<T extends keyof M & string>(
    type: T,
    handler: MessageHandler<MessageOf<M, T>>,
  ): () => void {
    return this.#hear((record) => {
      if (record.kind === "record" && record.message.type === type) {
        handler(record.message as MessageOf<M, T>, record);
      }
    });
  }

  onAny(handler: MessageHandler<MessageOf<M>>): () => void {
    return this.#hear((record) => {
      if (record.kind === "record") handler(record.message, record);
    });
  }

  onBinary(handler: MessageHandler<Uint8Array<ArrayBuffer>>): () => void {
    return this.#hear((record) => {
      if (record.kind === "binary") handler(record.payload, record);
    });
  }

  onGap(handler: (gap: GapRecord) => void): () => void {
    return this.#hear((record) => {
      if (record.kind === "gap") handler(record);
    });
  }

  [Symbol.asyncIterator](): RecordQueue<M> {
    const queue = new RecordQueue<M>((left) => this.#queues.delete(left));
    if (this.#state === "closed") queue.end();
    else if (this.#state === "refused") queue.end(this.#refusal);
    else this.#queues.add(queue);
    return queue;
  }

  async history(options: HistoryOptions = {}): Promise<HistoryPart<M>> {
    const { from = 0, limit = 100, ...rest } = options;
    const { name: topic } = this;
    const answer = await this.#host.requests.ask(
      { what: `the history of '${topic}'`, answer: "reply" },
      (id) => ({ type: "history", id, topic, from, limit }),
      rest,
    );
    return readHistory(
      answer,
      { topic, peer: this.#host.peer() },
      (record) => this.#check(record),
    );
  }

  joined(): Promise<void> {
    if (this.#state === "joined") return Promise.resolve();
    if (this.#state !== "joining") return Promise.reject(this.#notThere());
    this.#joined ??= Promise.withResolvers<void>();
    return this.#joined.promise;
  }

  close(): Promise<void> {
    if (this.#state === "joining" || this.#state === "joined") {
      this.#over("closed");
      this.#host.leave(this);
    }
    return this.#gone.promise;
  }

  // What follows is called by the client.

  /** The server put the cursor somewhere. */
  placed(at: Joined): void {
    const missing = this.#cursor.place(at);
    this.#state = "joined";
    this.#joined?.resolve();
    this.#joined = undefined;
    this.presence.placed();
    if (missing !== undefined) this.#missing(missing.from);
  }

  /** The server said no. */
  refused(error: DrumbeatError): void {
    if (this.#state === "closed") return;
    this.#refusal = error;
    const isAwaited = this.#joined !== undefined;
    this.#over("refused");
    if (!isAwaited) this.#host.complain(error);
  }

  /** The connection is lost. */
  cut(): void {
    if (this.#state === "joined") this.#state = "joining";
    this.presence.cut();
  }

  /** The server does not have it any more, or never had it. */
  gone(): void {
    this.#gone.resolve();
  }

  /** The client was closed. */
  shut(): void {
    if (this.#state === "joining" || this.#state === "joined") {
      this.#over("closed");
    }
    this.#gone.resolve();
  }

  /** Whether a batch may start at this offset. */
  expects(offset: number): boolean {
    return this.#cursor.expects(offset);
  }

  /** The next records of the topic came. */
  deliver(
    records: readonly RawRecord[],
    seen: (record: RawRecord) => void,
  ): void {
    for (const record of records) {
      // Whoever hears a record may leave the topic.
      if (this.#state === "closed") return;
      this.#cursor.advance(record.offset);
      seen(record);
      const checked = this.#check(record);
      if (checked !== undefined) this.#pass(checked);
    }
    this.#recovered();
  }

  /** The server said that records are lost; `false`: it cannot be. */
  skip(from: number, to: number): boolean {
    if (!this.#cursor.skip(from, to)) return false;
    this.#missing(from, to);
    this.#recovered();
    return true;
  }

  #hear(handler: (record: TopicRecord<M>) => void): () => void {
    this.#handlers.add(handler);
    return () => void this.#handlers.delete(handler);
  }

  #pass(record: TopicRecord<M>): void {
    for (const handler of this.#handlers) {
      try {
        handler(record);
      } catch (error) {
        report(error);
      }
    }
    for (const queue of this.#queues) queue.push(record);
  }

  #check(record: RawRecord): MessageRecord<M> | BinaryRecord | undefined {
    if (record.kind === "binary") return record;
    try {
      const checked = this.#host.contract.check(record.message);
      if (checked.ok) {
        // Nobody else has it yet: it need not be copied.
        record.message = checked.message;
        return record as MessageRecord<M>;
      }
      const { kind: _, message, ...info } = record;
      const { message: reason, issues = [] } = checked;
      this.#host.emit(new InvalidEvent({ message, info, reason, issues }));
    } catch (error) {
      // A validator that throws is the user's, like a handler.
      report(error);
    }
    return undefined;
  }

  #missing(from: number, to?: number): void {
    const gap = { topic: this.name, from, ...(to === undefined ? {} : { to }) };
    this.#host.emit(new GapEvent(gap));
    this.#pass({ kind: "gap", ...gap });
  }

  #recovered(): void {
    const count = this.#cursor.recovered();
    if (count !== undefined) {
      this.#host.emit(new RecoveredEvent({ topic: this.name, count }));
    }
  }

  #over(state: "closed" | "refused"): void {
    this.#state = state;
    this.#joined?.reject(this.#notThere());
    this.#joined = undefined;
    this.presence.over(this.#notThere());
    this.#handlers.clear();
    for (const queue of this.#queues) queue.end(this.#refusal);
    this.#queues.clear();
  }

  #notThere(): DrumbeatError {
    return this.#refusal ??
      new DrumbeatError("closed", `The topic '${this.name}' is closed`);
  }
}
