import type {
  BinaryRecord,
  Contract,
  DrumbeatError,
  MessageMap,
  MessageRecord,
  Position,
  Start,
  Subscribed,
  TopicRecord,
} from "../../messages.ts";
import type { EmitEvent } from "../events.ts";
import { report } from "../report.ts";
import { Waiters } from "../waiters.ts";
import { Cursor } from "./cursor.ts";
import { Presence } from "./presence.ts";
import type { RawRecord } from "./record.ts";
import type { StartFrom, TopicState } from "./topic.ts";
import {
  type SharedSubscription,
  TopicHandle,
  type TopicHandleHost,
} from "./topic_handle.ts";

/** The client of a subscription. */
export interface SubscriptionHost<M extends MessageMap>
  extends TopicHandleHost {
  readonly contract: Pick<Contract<M>, "checkStored" | "checkPresence">;
  readonly emit: EmitEvent<M>;
  /** Unsubscribes from the topic. */
  unsubscribe(subscription: Subscription<M>): void;
  /** Shows the program an error that no promise carries. */
  showError(error: DrumbeatError): void;
}

/** A subscription to a topic: a cursor, and the handles that receive the records that it passes. */
export class Subscription<M extends MessageMap>
  implements SharedSubscription<M> {
  readonly name: string;
  readonly presence: Presence;
  readonly closing = new Waiters();
  /** True once a frame requested the start: another start comes too late. */
  #isRequested = false;
  readonly #host: SubscriptionHost<M>;
  readonly #cursor = new Cursor();
  readonly #handles = new Set<TopicHandle<M>>();
  #start: StartFrom;
  #state: TopicState = "subscribing";
  #refusal: DrumbeatError | undefined;
  #isUnsubscribed = false;

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

  get refusal(): DrumbeatError | undefined {
    return this.#refusal;
  }

  get isUnsubscribed(): boolean {
    return this.#isUnsubscribed;
  }

  /** Returns a new handle. */
  handle(): TopicHandle<M> {
    const handle = new TopicHandle<M>(this, this.#host);
    this.#handles.add(handle);
    return handle;
  }

  /**
   * Requests a start for a further handle.
   *
   * @returns `false` if the handle would not receive the records from that start on: the subscription has another one.
   */
  startFrom(start: StartFrom): boolean {
    if (isSame(start, {}) || isSame(start, this.position ?? this.#start)) {
      return true;
    }
    // No handle has requested a start, and the server has received none.
    if (this.#isRequested || !isSame(this.#start, {})) return false;
    this.#start = start;
    return true;
  }

  release(handle: TopicHandle<M>): boolean {
    this.#handles.delete(handle);
    if (this.#handles.size > 0 || !this.#isActive) return false;
    this.#end("closed");
    this.#host.unsubscribe(this);
    return true;
  }

  check(record: RawRecord): MessageRecord<M> | BinaryRecord | undefined {
    if (record.kind === "binary") return record;
    try {
      // The hub's validator has transformed it, once.
      const checked = this.#host.contract.checkStored(record.message);
      if (checked.ok) return record as MessageRecord<M>;
      const { kind: _, message, ...context } = record;
      const { message: reason, issues = [] } = checked;
      this.#host.emit("invalid", { message, context, reason, issues });
    } catch (error) {
      // The program's validator threw, as a handler may.
      report(error);
    }
    return undefined;
  }

  // The client calls the methods below.

  /** The start of the next subscription: the position, or what the program requested. */
  get start(): Start {
    this.#isRequested = true;
    return {
      ...(this.#cursor.position ?? this.#start),
      ...this.presence.start,
    };
  }

  /** Handles the server's answer: the start of the subscription. */
  subscribed(start: Subscribed): void {
    const missing = this.#cursor.moveTo(start);
    this.#state = "subscribed";
    for (const handle of this.#handles) handle.accepted();
    this.presence.subscribed();
    if (missing !== undefined) this.#skipped(missing.from);
  }

  /** Handles a refusal, or the end of the subscription by the server. */
  refused(error: DrumbeatError): void {
    if (this.#state === "closed") return;
    const isAwaited = this.#isAwaited;
    this.#refusal = error;
    this.#end("refused");
    this.#host.emit("refused", { topic: this.name, error });
    if (!isAwaited) this.#host.showError(error);
  }

  /**
   * Handles a refusal that will pass: the client subscribes again.
   *
   * @param error the server's error.
   * @param retryInMs the time until then.
   */
  postponed(error: DrumbeatError, retryInMs: number): void {
    if (!this.#isActive) return;
    const isAwaited = this.#isAwaited;
    this.connectionClosed();
    for (const handle of this.#handles) handle.postponed(error);
    this.#host.emit("refused", { topic: this.name, error, retryInMs });
    if (!isAwaited) this.#host.showError(error);
  }

  /** Waits for the next connection. */
  connectionClosed(): void {
    if (this.#state === "subscribed") this.#state = "subscribing";
    this.presence.connectionClosed();
  }

  /** Handles the end of the subscription at the server, or that there was none. */
  unsubscribed(): void {
    this.#isUnsubscribed = true;
    this.closing.resolve();
  }

  /** Handles the close of the client. */
  clientClosed(): void {
    if (this.#isActive) this.#end("closed");
    this.unsubscribed();
  }

  /** Returns true if a batch may start at this offset. */
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
      const checked = this.check(record);
      if (checked !== undefined) this.#pass(checked);
    }
    this.#caughtUp();
  }

  /** Handles a gap. @returns `false` if it does not start at the next expected offset. */
  skip(from: number, to: number): boolean {
    if (!this.#cursor.skip(from, to)) return false;
    this.#skipped(from, to);
    this.#caughtUp();
    return true;
  }

  get #isActive(): boolean {
    return this.#state === "subscribing" || this.#state === "subscribed";
  }

  get #isAwaited(): boolean {
    for (const handle of this.#handles) if (handle.isAwaited) return true;
    return false;
  }

  #pass(record: TopicRecord<M>): void {
    for (const handle of this.#handles) handle.pass(record);
  }

  #skipped(from: number, to?: number): void {
    const gap = { topic: this.name, from, ...(to === undefined ? {} : { to }) };
    this.#host.emit("gap", gap);
    this.#pass({ kind: "gap", ...gap });
  }

  #caughtUp(): void {
    const count = this.#cursor.takeCaughtUp();
    if (count !== undefined) {
      this.#host.emit("caughtup", { topic: this.name, count });
    }
  }

  #end(state: "closed" | "refused"): void {
    this.#state = state;
    this.presence.close();
    for (const handle of this.#handles) handle.end();
    this.#handles.clear();
  }
}

/** Returns true for two starts with the same fields. */
function isSame(a: StartFrom, b: StartFrom): boolean {
  const [first, second]: Partial<Position & { last: number }>[] = [a, b];
  return first!.last === second!.last && first!.epoch === second!.epoch &&
    first!.offset === second!.offset;
}
