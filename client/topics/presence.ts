import {
  type Contract,
  DrumbeatError,
  isCount,
  type ListenerOptions,
  type Member,
  type PresenceChange,
} from "../../messages.ts";
import { Listeners } from "../listeners.ts";
import type { IgnoredRejections } from "../../common/ignored_rejections.ts";
import { asJson } from "../requests/as_json.ts";
import type { Requests } from "../requests/requests.ts";
import { checkWait, Waiters, type WaitOptions } from "../waiters.ts";

/**
 * The parameters of {@linkcode TopicPresence.set}: data may be absent only if the contract accepts `null`.
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
 * @typeParam Input the data that the contract's validator takes.
 */
export interface TopicPresence<P = unknown, Input = P> {
  /** The data of each member, by its public id. Empty above 1,000 members, and while this client is not a member. */
  readonly members: ReadonlyMap<string, P>;
  /** The number of members. */
  readonly count: number;

  /**
   * Joins the presence, or replaces this client's data. After a reconnect the client is a member again. Without a connection
   * it waits for one.
   *
   * @param given the data that the other members receive: a JSON value, of at most 1,024 bytes by default, which may be
   * absent if the contract accepts `null`; then a signal, which stops the wait, while the data may reach the server
   * nevertheless.
   * @returns a promise that resolves when the server has the data.
   * @throws {DrumbeatError} `invalid` if the contract refuses the data; the server's code if it refuses them;
   * `timeout`; `closed`.
   */
  set(...given: PresenceArguments<Input>): Promise<void>;

  /**
   * Adds a handler of changes.
   *
   * @param handler receives each change; the first one contains every member.
   * @param options a signal that removes the handler, and whether it runs once.
   * @returns removes the handler.
   */
  on(
    handler: (change: PresenceChange<P>) => void,
    options?: ListenerOptions,
  ): () => void;
}

/** The client of a topic's presence. */
export interface PresenceHost {
  readonly contract: Pick<Contract, "checkPresence">;
  readonly requests: Pick<Requests, "send">;
  readonly rejections: IgnoredRejections;
}

/** The implementation of {@linkcode TopicPresence}: what one handle of a topic shows of the presence that all of them share. */
export class PresenceView implements TopicPresence {
  readonly #presence: Presence;
  readonly #listeners = new Listeners<PresenceChange>();
  /** The calls of `set` that wait: all of them settle with the newest data, because the server needs no other. */
  readonly #setting = new Waiters();
  /** The reason for which no more data can be set. */
  #closedError: Error | undefined;

  /** @param presence the shared presence. */
  constructor(presence: Presence) {
    this.#presence = presence;
    presence.views.add(this);
  }

  /** The object's kind. Vue makes no proxy of an object with an own kind; a private member cannot be read through one. */
  get [Symbol.toStringTag](): string {
    return "TopicPresence";
  }

  get members(): ReadonlyMap<string, unknown> {
    return this.#closedError === undefined
      ? this.#presence.members
      : new Map<string, unknown>();
  }

  get count(): number {
    return this.#closedError === undefined ? this.#presence.count : 0;
  }

  set(data: unknown = null, options: WaitOptions = {}): Promise<void> {
    const { host, action } = this.#presence;
    return host.rejections.promise((resolve, reject) => {
      const signal = checkWait(action, options);
      if (this.#closedError !== undefined) return reject(this.#closedError);
      const checked = host.contract.checkPresence(asJson(data));
      if (!checked.ok) {
        const { code, message, issues = [] } = checked;
        throw new DrumbeatError(code, `${action}: ${message}`, { issues });
      }
      this.#setting.add(resolve, reject, signal);
      this.#presence.set(data);
    });
  }

  on(
    handler: (change: PresenceChange) => void,
    options?: ListenerOptions,
  ): () => void {
    return this.#listeners.add((change, remove) => {
      remove?.();
      handler(change);
    }, options);
  }

  // The presence calls the methods below.

  /** Dispatches a change. */
  changed(change: PresenceChange): void {
    this.#listeners.dispatch(change);
  }

  /** Settles the calls of `set`. @param error the server's refusal, if it refused the data. */
  settled(error?: unknown): void {
    if (error === undefined) this.#setting.resolve();
    else this.#setting.reject(error);
  }

  /** Rejects waiting data and removes the handlers: the topic, or this handle of it, is closed. */
  close(error: Error): void {
    this.#closedError = error;
    this.#presence.views.delete(this);
    this.#setting.reject(error);
    this.#listeners.clear();
  }
}

/** The presence of a topic: one for all handles of the topic, because a member is a session. */
export class Presence {
  /** The views of the topic's handles. */
  readonly views = new Set<PresenceView>();
  /** The client. */
  readonly host: PresenceHost;
  readonly #topic: string;
  readonly #members = new Map<string, unknown>();
  #count = 0;
  /** The list whose parts are still arriving. */
  #listing: Map<string, Member> | undefined;
  /** The data that the server has: each hello repeats it. */
  #acknowledged: { readonly data: unknown } | undefined;
  /** The data that the server has not acknowledged. */
  #pending: { readonly data: unknown } | undefined;
  #isSubscribed = false;

  /**
   * @param topic the topic's name.
   * @param host the client.
   */
  constructor(topic: string, host: PresenceHost) {
    this.#topic = topic;
    this.host = host;
  }

  /** The data of each member, by its public id. */
  get members(): ReadonlyMap<string, unknown> {
    return this.#members;
  }

  /** The number of members. */
  get count(): number {
    return this.#count;
  }

  /** The action, which begins the errors of `set`. */
  get action(): string {
    return `Cannot set presence in '${this.#topic}'`;
  }

  /** Sends data as soon as the topic is subscribed. */
  set(data: unknown): void {
    this.#pending = { data };
    if (this.#isSubscribed) this.#send();
  }

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
    this.#listing = undefined;
  }

  /** Forgets the members and the data: the topic is closed or refused. */
  close(): void {
    this.#isSubscribed = false;
    this.#acknowledged = undefined;
    this.#pending = this.#listing = undefined;
    this.#members.clear();
    this.#count = 0;
  }

  /** Handles a `presence` frame: its members are any values, as the server may be hostile. */
  received(frame: {
    readonly snapshot?: boolean;
    readonly part?: number;
    readonly more?: boolean;
    readonly join?: readonly unknown[];
    readonly leave?: readonly unknown[];
    readonly count?: number;
  }): void {
    const { snapshot = false, count } = frame;
    let listed = (frame.join ?? []).filter(isMember);
    if (snapshot) {
      const list = this.#list(frame, listed);
      if (list === undefined) return;
      listed = list;
    } else if (count !== undefined) this.#listing = undefined;
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
    const change = {
      topic: this.#topic,
      join,
      leave: leave as string[],
      count: this.#count,
    };
    for (const view of this.views) view.changed(change);
  }

  /** Adds a part of a list. @returns the list once it is complete. */
  #list(
    { part = 0, more = false, leave = [] }: {
      readonly part?: number;
      readonly more?: boolean;
      readonly leave?: readonly unknown[];
    },
    join: readonly Member[],
  ): Member[] | undefined {
    if (part === 0) this.#listing = new Map();
    const listing = this.#listing;
    // The first part belongs to an earlier list.
    if (listing === undefined) return undefined;
    for (const member of join) listing.set(member.peer, member);
    for (const peer of leave) listing.delete(peer as string);
    if (more) return undefined;
    this.#listing = undefined;
    return [...listing.values()];
  }

  #send(): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    const { data } = pending;
    this.host.requests.send(
      { action: this.action, answer: "ack" },
      (id) => ({ type: "presence", id, topic: this.#topic, data }),
    ).then(
      () => {
        this.#acknowledged = { data };
        if (this.#pending !== pending) return;
        this.#pending = undefined;
        for (const view of this.views) view.settled();
      },
      (error) => {
        // The connection closed: the data is sent again with the next one.
        if (this.#pending !== pending || !this.#isSubscribed) return;
        this.#pending = undefined;
        for (const view of this.views) view.settled(error);
      },
    );
  }
}

function isMember(value: unknown): value is Member {
  return typeof value === "object" && value !== null &&
    typeof (value as { peer?: unknown }).peer === "string";
}
