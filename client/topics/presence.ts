import {
  type Contract,
  DrumbeatError,
  isCount,
  type ListenerOptions,
  type Member,
} from "../../messages.ts";
import { Listeners } from "../listeners.ts";
import type { IgnoredRejections } from "../../common/ignored_rejections.ts";
import type { Requests } from "../requests/requests.ts";
import { checkWait, Waiters, type WaitOptions } from "../waiters.ts";

/**
 * A change of a topic's presence.
 *
 * @typeParam P the members' data.
 */
export interface TopicPresenceChange<P = unknown> {
  /** The members that joined, or whose data changed. */
  readonly join: readonly Member<P>[];
  /** The public ids of the members that left. */
  readonly leave: readonly string[];
  /** The number of members after the change. */
  readonly count: number;
}

/**
 * The parameters of {@linkcode TopicPresence.set}: data may be absent only where the contract accepts `null`.
 *
 * @typeParam P the members' data.
 */
export type PresenceArguments<P> = null extends P
  ? [data?: P, options?: WaitOptions]
  : [data: P, options?: WaitOptions];

/**
 * The members of a topic: one entry for each session, whatever its connection does.
 *
 * @typeParam P the members' data.
 */
export interface TopicPresence<P = unknown> {
  /** The data of each member, by its public id. Empty above 1,000 members, and while this client is not a member. */
  readonly members: ReadonlyMap<string, P>;
  /** The number of members. */
  readonly count: number;

  /**
   * Joins the presence, or replaces this client's data. After a reconnect the client is a member again. Without a connection
   * it waits for one.
   *
   * @param given the data that the other members receive: a JSON value, of at most 1,024 bytes by default, which may be
   * absent where the contract accepts `null`; then a signal, which stops the wait, while the data may reach the server
   * nevertheless.
   * @returns a promise that resolves when the server has the data.
   * @throws {DrumbeatError} `invalid` where the contract refuses the data; the server's code where it refuses them;
   * `timeout`; `closed`.
   */
  set(...given: PresenceArguments<P>): Promise<void>;

  /**
   * Adds a handler of changes.
   *
   * @param handler receives each change; the first one contains every member.
   * @param options a signal that removes the handler, and whether it runs once.
   * @returns removes the handler.
   */
  on(
    handler: (change: TopicPresenceChange<P>) => void,
    options?: ListenerOptions,
  ): () => void;
}

/** The client of a topic's presence. */
export interface PresenceHost {
  readonly contract: Pick<Contract, "checkPresence">;
  readonly requests: Pick<Requests, "send">;
  readonly rejections: IgnoredRejections;
}

/** The implementation of {@linkcode TopicPresence}. */
export class Presence implements TopicPresence {
  readonly #topic: string;
  readonly #host: PresenceHost;
  readonly #members = new Map<string, unknown>();
  readonly #listeners = new Listeners<TopicPresenceChange>();
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
   * @param topic the topic's name.
   * @param host the client.
   */
  constructor(topic: string, host: PresenceHost) {
    this.#topic = topic;
    this.#host = host;
  }

  get members(): ReadonlyMap<string, unknown> {
    return this.#members;
  }

  get count(): number {
    return this.#count;
  }

  set(data: unknown = null, options: WaitOptions = {}): Promise<void> {
    return this.#host.rejections.promise((resolve, reject) => {
      const action = this.#action;
      const signal = checkWait(action, options);
      if (this.#closedError !== undefined) return reject(this.#closedError);
      const checked = this.#host.contract.checkPresence(data);
      if (!checked.ok) {
        const { code, message, issues = [] } = checked;
        throw new DrumbeatError(code, `${action}: ${message}`, { issues });
      }
      this.#setting.add(resolve, reject, signal);
      this.#pending = { data };
      if (this.#isSubscribed) this.#send();
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
    this.#send();
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

  get #action(): string {
    return `Cannot set presence in '${this.#topic}'`;
  }

  #send(): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    const { data } = pending;
    this.#host.requests.send(
      { action: this.#action, answer: "ack" },
      (id) => ({ type: "presence", id, topic: this.#topic, data }),
    ).then(
      () => {
        this.#acknowledged = { data };
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
