import { isCount, type Member } from "../../messages.ts";
import { report } from "../report.ts";

/** What changed in a topic's presence. */
export interface PresenceNews {
  /** Who came, or has new data. */
  readonly join: readonly Member[];
  /** The public ids of those who left. */
  readonly leave: readonly string[];
  /** How many there are now. */
  readonly count: number;
}

/** Who is in a topic: one entry for each session, whatever its connection does. */
export interface TopicPresence {
  /** What each member says of itself, by its public id. Empty above 1,000 members, and while this client is none. */
  readonly members: ReadonlyMap<string, unknown>;
  /** How many members there are. */
  readonly count: number;

  /**
   * Becomes a member, or gives itself new data; after a reconnect it is one again. Without a connection it waits for one.
   *
   * @param data what the others see: anything that JSON can say, at most 1,024 bytes by default.
   * @returns when the server has it.
   * @throws {DrumbeatError} `invalid` or `large`: the server refuses the data; `closed`.
   */
  set(data?: unknown): Promise<void>;

  /**
   * Hears who comes, changes and leaves.
   *
   * @param handler gets each change; the first one is everybody who is there.
   * @returns stops it.
   */
  on(handler: (news: PresenceNews) => void): () => void;
}

/** Tells the server; resolves when it has it. */
export type ShowPresence = (data: unknown) => Promise<unknown>;

/** What waits to be told to the server. */
interface Pending {
  readonly data: unknown;
  readonly done: PromiseWithResolvers<void>;
}

/** The body of {@linkcode TopicPresence}. */
export class Presence implements TopicPresence {
  readonly #members = new Map<string, unknown>();
  readonly #handlers = new Set<(news: PresenceNews) => void>();
  readonly #show: ShowPresence;
  #count = 0;
  /** What the server has: restated with each hello. */
  #shown: { readonly data: unknown } | undefined;
  #pending: Pending | undefined;
  #isJoined = false;
  /** Why nothing can be told any more. */
  #end: Error | undefined;

  /** @param show tells the server. */
  constructor(show: ShowPresence) {
    this.#show = show;
  }

  get members(): ReadonlyMap<string, unknown> {
    return this.#members;
  }

  get count(): number {
    return this.#count;
  }

  set(data: unknown = null): Promise<void> {
    if (this.#end !== undefined) return Promise.reject(this.#end);
    const done = this.#pending?.done ?? Promise.withResolvers<void>();
    this.#pending = { data, done };
    if (this.#isJoined) this.#tell();
    return done.promise;
  }

  on(handler: (news: PresenceNews) => void): () => void {
    this.#handlers.add(handler);
    return () => void this.#handlers.delete(handler);
  }

  // What follows is called by the client.

  /** @returns what hello says of it. */
  get start(): { readonly presence?: true; readonly data?: unknown } {
    return this.#shown === undefined
      ? {}
      : { presence: true, data: this.#shown.data };
  }

  /** The topic is joined, or joined again. */
  placed(): void {
    this.#isJoined = true;
    this.#tell();
  }

  /** The connection is lost. Who was there may still be: the next snapshot says. */
  cut(): void {
    this.#isJoined = false;
  }

  /** The topic is closed, or refused. */
  over(error: Error): void {
    this.#end = error;
    this.#isJoined = false;
    this.#shown = undefined;
    this.#pending?.done.promise.catch(() => {});
    this.#pending?.done.reject(error);
    this.#pending = undefined;
    this.#handlers.clear();
    this.#members.clear();
    this.#count = 0;
  }

  /** The server told who is there: anything at all, from a hostile server. */
  heard(frame: {
    readonly snapshot?: boolean;
    readonly join?: readonly unknown[];
    readonly leave?: readonly unknown[];
    readonly count?: number;
  }): void {
    const { snapshot = false, count } = frame;
    const join = (frame.join ?? []).filter(isMember);
    const here = new Set(join.map(({ peer }) => peer));
    const leave = snapshot || count !== undefined
      ? [...this.#members.keys()].filter((peer) => !here.has(peer))
      : (frame.leave ?? []).filter((peer) => this.#members.has(peer as string));
    for (const peer of leave) this.#members.delete(peer as string);
    const news = join.filter(({ peer, data }) =>
      !this.#members.has(peer) ||
      JSON.stringify(this.#members.get(peer)) !== JSON.stringify(data)
    );
    for (const { peer, data } of news) this.#members.set(peer, data);
    this.#count = isCount(count) ? count : this.#members.size;
    this.#pass({
      join: news,
      leave: leave as string[],
      count: this.#count,
    });
  }

  #tell(): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    this.#show(pending.data).then(
      () => {
        this.#shown = { data: pending.data };
        if (this.#pending !== pending) return;
        this.#pending = undefined;
        pending.done.resolve();
      },
      (error) => {
        // A cut: it is told again with the next connection.
        if (this.#pending !== pending || !this.#isJoined) return;
        this.#pending = undefined;
        pending.done.reject(error);
      },
    );
  }

  #pass(news: PresenceNews): void {
    for (const handler of this.#handlers) {
      try {
        handler(news);
      } catch (error) {
        report(error);
      }
    }
  }
}

function isMember(value: unknown): value is Member {
  return typeof value === "object" && value !== null &&
    typeof (value as { peer?: unknown }).peer === "string";
}
