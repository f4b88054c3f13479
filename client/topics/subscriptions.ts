import {
  type ClientFrame,
  DrumbeatError,
  encode,
  type MessageMap,
  type Start,
  type Subscribed,
  utf8Length,
} from "../../messages.ts";
import { type BackoffBounds, backoffMs } from "../../common/backoff.ts";
import type { ClientClock } from "../clock.ts";
import type { PendingReplies } from "../requests/pending_replies.ts";
import type { FrameSender } from "../requests/frame_sender.ts";
import { readSubscribed } from "./subscribed.ts";
import type { Subscription } from "./subscription.ts";

/** The state of one topic: the program's subscription, the server's, and the frame that is not answered yet. */
interface SubscriptionState<M extends MessageMap> {
  readonly name: string;
  /** The subscription of the program. */
  desired: Subscription<M> | undefined;
  /** The subscription that the server has: the batches belong to it. */
  actual: Subscription<M> | undefined;
  /** The unanswered frame; no other one is sent before its answer. */
  pending: {
    readonly id: number | "hello";
    /** The subscription that it requests; `undefined` for an unsubscribe. */
    readonly subscribes: Subscription<M> | undefined;
  } | undefined;
  /** The number of refusals in a row that will pass. */
  refusals: number;
  /** Cancels the wait before the topic is requested again. */
  cancelRetry: (() => void) | undefined;
}

/** Error codes that may not apply later: the client subscribes again. With every other code it would be refused again. */
const PASSING: ReadonlySet<string> = new Set(["limit", "unavailable"]);

/** Parameters of {@linkcode Subscriptions}. */
export interface SubscriptionsParameters {
  /** Holds the unanswered frames. */
  readonly pending: PendingReplies;
  /** Sends frames. */
  readonly sender: FrameSender;
  readonly clock: ClientClock;
  /** The waits before a refused topic is requested again. */
  readonly backoff: BackoffBounds;
}

/**
 * Brings the server's subscriptions in line with the program's: one unanswered frame at a time for each topic. Each answer
 * compares the two again, so a topic that was closed and opened three times before the first answer ends in the right state.
 */
export class Subscriptions<M extends MessageMap> {
  readonly #states = new Map<string, SubscriptionState<M>>();
  readonly #pending: PendingReplies;
  readonly #sender: FrameSender;
  readonly #clock: ClientClock;
  readonly #backoff: BackoffBounds;
  /** True from the server's `start` until the connection closes. */
  #isStarted = false;

  /** @param parameters see {@linkcode SubscriptionsParameters}. */
  constructor({ pending, sender, clock, backoff }: SubscriptionsParameters) {
    this.#pending = pending;
    this.#sender = sender;
    this.#clock = clock;
    this.#backoff = backoff;
  }

  /** Returns the program's subscription of that name. */
  desired(name: string): Subscription<M> | undefined {
    return this.#states.get(name)?.desired;
  }

  /** Returns the subscription that receives the batches of a topic; `undefined` for batches from before an unsubscribe. */
  active(name: string): Subscription<M> | undefined {
    const state = this.#states.get(name);
    return state !== undefined && state.actual === state.desired
      ? state.actual
      : undefined;
  }

  /** Adds a subscription of the program. There is no other one of its name. */
  subscribe(subscription: Subscription<M>): void {
    const { name } = subscription;
    let state = this.#states.get(name);
    if (state === undefined) {
      state = {
        name,
        desired: undefined,
        actual: undefined,
        pending: undefined,
        refusals: 0,
        cancelRetry: undefined,
      };
      this.#states.set(name, state);
    }
    state.desired = subscription;
    this.#reconcile(state);
  }

  /** Removes a subscription of the program. */
  unsubscribe(subscription: Subscription<M>): void {
    const state = this.#states.get(subscription.name);
    if (state?.desired !== subscription) return;
    state.desired = undefined;
    this.#cancelRetry(state);
    if (
      state.actual !== subscription &&
      state.pending?.subscribes !== subscription
    ) subscription.unsubscribed();
    this.#reconcile(state);
  }

  /**
   * Returns the topics of a hello, with the start of each.
   *
   * @param maxBytes the space for them, in bytes. The topics that do not fit are subscribed after the server's answer.
   */
  hello(maxBytes: number): Record<string, Start> {
    const topics: [string, Start][] = [];
    let bytes = 0;
    for (const [name, state] of this.#states) {
      if (state.desired === undefined) continue;
      this.#cancelRetry(state);
      const { start } = state.desired;
      bytes += utf8Length(JSON.stringify({ [name]: start }));
      if (bytes > maxBytes) break;
      topics.push([name, start]);
      state.pending = { id: "hello", subscribes: state.desired };
    }
    // Not assigned by name: a topic's name may be `__proto__`.
    return Object.fromEntries(topics);
  }

  /**
   * Handles the server's answer to the hello.
   *
   * @param topics the answer for each topic: any values, as the server may be hostile.
   */
  started(topics: Readonly<Record<string, unknown>>): void {
    this.#isStarted = true;
    for (const [name, state] of [...this.#states]) {
      if (state.pending?.id === "hello") {
        const answer = Object.hasOwn(topics, name) ? topics[name] : undefined;
        this.#answered(state, readSubscribed(name, answer));
      } else this.#reconcile(state);
    }
  }

  /** Handles the end of a subscription by the server. */
  endedByServer(name: string, error: DrumbeatError): void {
    const state = this.#states.get(name);
    const actual = state?.actual;
    if (state === undefined || actual === undefined) return;
    state.actual = undefined;
    this.#refused(state, actual, error);
    this.#reconcile(state);
  }

  /** Handles the close of the connection: no pending frame will be answered, and the next hello names every topic. */
  connectionClosed(): void {
    this.#isStarted = false;
    for (const state of [...this.#states.values()]) {
      const { pending } = state;
      state.pending = undefined;
      this.#cancelRetry(state);
      if (pending !== undefined && pending.id !== "hello") {
        this.#pending.forget(pending.id);
      }
      const requested = pending?.subscribes;
      if (requested !== undefined && requested !== state.desired) {
        requested.unsubscribed();
      }
      state.desired?.connectionClosed();
      this.#forgetActual(state);
      this.#reconcile(state);
    }
  }

  /** Closes every subscription: the client is closed. */
  close(): void {
    this.connectionClosed();
    for (const { desired } of this.#states.values()) desired?.clientClosed();
    this.#states.clear();
  }

  #answered(
    state: SubscriptionState<M>,
    answer: Subscribed | DrumbeatError,
  ): void {
    const requested = state.pending!.subscribes!;
    state.pending = undefined;
    if (!(answer instanceof DrumbeatError)) {
      state.actual = requested;
      state.refusals = 0;
      if (state.desired === requested) requested.subscribed(answer);
    } else this.#refused(state, requested, answer);
    this.#reconcile(state);
  }

  /** Handles the error of a subscription: subscribes again later if the error will pass. */
  #refused(
    state: SubscriptionState<M>,
    subscription: Subscription<M>,
    error: DrumbeatError,
  ): void {
    const isDesired = state.desired === subscription;
    if (isDesired && PASSING.has(error.code)) {
      const waitMs = backoffMs(
        state.refusals++,
        this.#backoff,
        this.#clock.random(),
      );
      state.cancelRetry = this.#clock.after(waitMs, () => {
        state.cancelRetry = undefined;
        this.#reconcile(state);
      });
      return subscription.postponed(error, waitMs);
    }
    if (isDesired) state.desired = undefined;
    subscription.refused(error);
    subscription.unsubscribed();
  }

  #cancelRetry(state: SubscriptionState<M>): void {
    state.cancelRetry?.();
    state.cancelRetry = undefined;
  }

  #unsubscribed(state: SubscriptionState<M>): void {
    state.pending = undefined;
    this.#forgetActual(state);
    this.#reconcile(state);
  }

  #forgetActual(state: SubscriptionState<M>): void {
    const { actual } = state;
    state.actual = undefined;
    if (actual !== undefined && actual !== state.desired) actual.unsubscribed();
  }

  #reconcile(state: SubscriptionState<M>): void {
    const { name, desired, actual, pending } = state;
    if (
      desired === undefined && actual === undefined && pending === undefined
    ) {
      // A handler may have subscribed to the name again, with a new state.
      if (this.#states.get(name) === state) this.#states.delete(name);
      return;
    }
    if (!this.#isStarted || pending !== undefined || desired === actual) return;
    if (state.cancelRetry !== undefined) return;
    if (actual !== undefined || desired === undefined) {
      this.#sendUnsubscribe(state);
    } else this.#sendSubscribe(state, desired);
  }

  #sendUnsubscribe(state: SubscriptionState<M>): void {
    const id = this.#pending.nextId();
    state.pending = { id, subscribes: undefined };
    this.#pending.add(id, {
      settle: ({ type }) => {
        if (type !== "ack") return false;
        this.#unsubscribed(state);
        return true;
      },
      // `absent`: the server does not have the subscription either.
      refuse: () => this.#unsubscribed(state),
    });
    this.#send({ type: "unsubscribe", id, topic: state.name });
  }

  #sendSubscribe(state: SubscriptionState<M>, desired: Subscription<M>): void {
    const { name } = state;
    const id = this.#pending.nextId();
    state.pending = { id, subscribes: desired };
    this.#pending.add(id, {
      settle: (answer) => {
        if (answer.type !== "subscribed" || answer.topic !== name) return false;
        this.#answered(state, answer);
        return true;
      },
      refuse: (error) => this.#answered(state, refusal(name, error)),
    });
    const frame = { type: "subscribe", id, topic: name } as const;
    if (this.#send({ ...frame, ...desired.start })) return;
    this.#pending.forget(id);
    this.#answered(
      state,
      new DrumbeatError(
        "large",
        `Cannot subscribe to '${name}': the frame is larger than the server's limit`,
      ),
    );
  }

  /** Sends a frame. @returns `false` if the server would refuse its size, and nothing is sent. */
  #send(frame: ClientFrame): boolean {
    const text = encode(frame);
    const bytes = utf8Length(text);
    if (bytes > this.#sender.maxBytes(frame.type)) return false;
    this.#sender.send(text, bytes);
    return true;
  }
}

/** Returns the server's error with the topic's name in its message. */
function refusal(topic: string, error: DrumbeatError): DrumbeatError {
  const { code, message, issues = [] } = error;
  return new DrumbeatError(
    code,
    `Cannot subscribe to '${topic}': ${message}`,
    { issues },
  );
}
