import { isCount, type ListenerOptions, type Member } from "../../messages.ts";
import { Listeners } from "../listeners.ts";
import type { IgnoredRejections } from "../../common/ignored_rejections.ts";
import { checkWait, Waiters, type WaitOptions } from "../waiters.ts";

/** A change of a topic's presence. */
export interface TopicPresenceChange {
  /** The members that joined, or whose data changed. */
  readonly join: readonly Member[];
  /** The public ids of the members that left. */
  readonly leave: readonly string[];
  /** The number of members after the change. */
  readonly count: number;
}

/** The members of a topic: one entry for each session, whatever its connection does. */
export interface TopicPresence {
  /** The data of each member, by its public id. Empty above 1,000 members, and while this client is not a member. */
  readonly members: ReadonlyMap<string, unknown>;
  /** The number of members. */
  readonly count: number;

  /**
   * Joins the presence, or replaces this client's data. After a reconnect the client is a member again. Without a connection
   * it waits for one.
   *
   * @param data the data that the other members receive: a JSON value, of at most 1,024 bytes by default. Default: `null`.
   * @param options a signal, which stops the wait; the data may reach the server nevertheless.
   * @returns a promise that resolves when the server has the data.
   * @throws {DrumbeatError} with the server's code where it refuses the data (`invalid`, `large`); `timeout`; `closed`.
   */
  set(data?: unknown, options?: WaitOptions): Promise<void>;

  /**
   * Adds a handler of changes.
   *
   * @param handler receives each change; the first one contains every member.
   * @param options a signal that removes the handler, and whether it runs once.
   * @returns removes the handler.
   */
  on(
    handler: (change: TopicPresenceChange) => void,
    options?: ListenerOptions,
  ): () => void;
}

/** Sends this client's data to the server. */
export type SendPresence = (data: unknown) => Promise<unknown>;

/** The implementation of {@linkcode TopicPresence}. */
export class Presence implements TopicPresence {
  readonly #members = new Map<string, unknown>();
  readonly #listeners = new Listeners<TopicPresenceChange>();
  readonly #send: SendPresence;
  readonly #rejections: IgnoredRejections;
  #count = 0;
  /** The data that the server has: each hello repeats it. */
  #acknowledged: { readonly data: unknown } | undefined;
  /** The data that the server has not acknowledged. */
  #pending: { readonly data: unknown } | undefined;
  /** The calls of `set` that wait: all of them settle with the newest data, because the server needs no other. */
  readonly #setting = new Waiters();
  #isSubscribed = false;
  /** The reason for which no more data can be sent. */
  #closedError: Error | undefined;

  /**
   * @param send sends data to the server.
   * @param rejections watches the promises that the program receives.
   */
  constructor(send: SendPresence, rejections: IgnoredRejections) {
    this.#send = send;
    this.#rejections = rejections;
  }

  get members(): ReadonlyMap<string, unknown> {
    return this.#members;
  }

  get count(): number {
    return this.#count;
  }

  set(data: unknown = null, options: WaitOptions = {}): Promise<void> {
    return this.#rejections.promise((resolve, reject) => {
      const signal = checkWait("Cannot set presence", options);
      if (this.#closedError !== undefined) return reject(this.#closedError);
      this.#setting.add(resolve, reject, signal);
      this.#pending = { data };
      if (this.#isSubscribed) this.#sendPending();
    });
  }

  on(
    handler: (change: TopicPresenceChange) => void,
    options?: ListenerOptions,
  ): () => void {
    return this.#listeners.add((change, remove) => {
      remove?.();
      handler(change);
    }, options);
  }

  // The client calls the methods below.

  /** The fields of a hello. */
  get start(): { readonly presence?: true; readonly data?: unknown } {
    return this.#acknowledged === undefined
      ? {}
      : { presence: true, data: this.#acknowledged.data };
  }

  /** Sends waiting data: the topic is subscribed. */
  subscribed(): void {
    this.#isSubscribed = true;
    this.#sendPending();
  }

  /** Waits for the next connection. The members stay until the next snapshot. */
  connectionClosed(): void {
    this.#isSubscribed = false;
  }

  /** Rejects waiting data and removes the handlers: the topic is closed or refused. */
  close(error: Error): void {
    this.#closedError = error;
    this.#isSubscribed = false;
    this.#acknowledged = undefined;
    this.#pending = undefined;
    this.#setting.reject(error);
    this.#listeners.clear();
    this.#members.clear();
    this.#count = 0;
  }

  /** Handles a `presence` frame: its members are any values, as the server may be hostile. */
  received(frame: {
    readonly snapshot?: boolean;
    readonly join?: readonly unknown[];
    readonly leave?: readonly unknown[];
    readonly count?: number;
  }): void {
    const { snapshot = false, count } = frame;
    const listed = (frame.join ?? []).filter(isMember);
    const present = new Set(listed.map(({ peer }) => peer));
    const leave = snapshot || count !== undefined
      ? [...this.#members.keys()].filter((peer) => !present.has(peer))
      : (frame.leave ?? []).filter((peer) => this.#members.has(peer as string));
    for (const peer of leave) this.#members.delete(peer as string);
    const join = listed.filter(({ peer, data }) =>
      !this.#members.has(peer) ||
      JSON.stringify(this.#members.get(peer)) !== JSON.stringify(data)
    );
    for (const { peer, data } of join) this.#members.set(peer, data);
    this.#count = isCount(count) ? count : this.#members.size;
    this.#listeners.dispatch({
      join,
      leave: leave as string[],
      count: this.#count,
    });
  }

  #sendPending(): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    this.#send(pending.data).then(
      () => {
        this.#acknowledged = { data: pending.data };
        if (this.#pending !== pending) return;
        this.#pending = undefined;
        this.#setting.resolve();
      },
      (error) => {
        // The connection closed: the data is sent again with the next one.
        if (this.#pending !== pending || !this.#isSubscribed) return;
        this.#pending = undefined;
        this.#setting.reject(error);
      },
    );
  }
}

function isMember(value: unknown): value is Member {
  return typeof value === "object" && value !== null &&
    typeof (value as { peer?: unknown }).peer === "string";
}
