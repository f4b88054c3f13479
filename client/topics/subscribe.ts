import type {
  Joined,
  MessageMap,
  Start,
  SubscribeFrame,
  UnsubscribeFrame,
} from "../../messages.ts";
import { readJoined } from "../protocol/start_frame.ts";
import { DrumbeatError } from "../../messages.ts";
import type { Subscription } from "./subscription.ts";

/** Asks the server: sends the frame that is made with the next id, and returns that id. */
export type Ask = (
  make: (id: number) => SubscribeFrame | UnsubscribeFrame,
) => number;

/** One topic: what the user wants, what the server has, and the question that is under way. */
interface Seat<M extends MessageMap> {
  /** What the user wants. */
  wanted: Subscription<M> | undefined;
  /** What the server has: whose batches they are. */
  member: Subscription<M> | undefined;
  /** What was asked of the server; nothing else is asked before it is answered. */
  asked: {
    readonly id: number | "hello";
    readonly joins: Subscription<M> | undefined;
  } | undefined;
}

/**
 * Brings what the user wants and what the server has together: one question at a time for each topic. Answered, it
 * compares again; so a topic that was left and joined three times before the first answer still comes out right.
 */
export class Memberships<M extends MessageMap> {
  readonly #seats = new Map<string, Seat<M>>();
  #ask: Ask | undefined;

  /** The subscription of that name that is not closed. */
  wanted(name: string): Subscription<M> | undefined {
    return this.#seats.get(name)?.wanted;
  }

  /** Whose batches of that topic are. `undefined`: nobody's, they are on their way since before an unsubscribe. */
  member(name: string): Subscription<M> | undefined {
    const seat = this.#seats.get(name);
    return seat !== undefined && seat.member === seat.wanted
      ? seat.member
      : undefined;
  }

  /** The user wants this one. There is no other of its name. */
  join(subscription: Subscription<M>): void {
    const { name } = subscription;
    let seat = this.#seats.get(name);
    if (seat === undefined) {
      this.#seats.set(
        name,
        seat = { wanted: undefined, member: undefined, asked: undefined },
      );
    }
    seat.wanted = subscription;
    this.#settle(name, seat);
  }

  /** The user does not want this one any more. */
  leave(subscription: Subscription<M>): void {
    const { name } = subscription;
    const seat = this.#seats.get(name);
    if (seat?.wanted !== subscription) return;
    seat.wanted = undefined;
    if (seat.member !== subscription && seat.asked?.joins !== subscription) {
      subscription.gone();
    }
    this.#settle(name, seat);
  }

  /** @returns the topics of a hello, with where each starts. */
  hello(): Record<string, Start> {
    const topics: [string, Start][] = [];
    for (const [name, seat] of this.#seats) {
      if (seat.wanted === undefined) continue;
      topics.push([name, seat.wanted.start]);
      seat.asked = { id: "hello", joins: seat.wanted };
    }
    // Not assigned by name: a topic may be called `__proto__`.
    return Object.fromEntries(topics);
  }

  /**
   * The server answered hello.
   *
   * @param topics what it said of each topic: anything at all, from a hostile server.
   * @param ask asks it from now on.
   */
  started(
    topics: Readonly<Record<string, unknown>>,
    ask: Ask,
  ): void {
    this.#ask = ask;
    for (const [name, seat] of [...this.#seats]) {
      if (seat.asked?.id === "hello") {
        this.#answered(
          name,
          seat,
          readJoined(Object.hasOwn(topics, name) ? topics[name] : undefined),
        );
      } else this.#settle(name, seat);
    }
  }

  /** `subscribed` came. One that was not asked for means nothing. */
  subscribed(id: number, name: string, joined: Joined): void {
    const seat = this.#seats.get(name);
    if (seat?.asked?.id !== id || seat.asked.joins === undefined) return;
    this.#answered(name, seat, joined);
  }

  /** The server ended a membership. One that there is not means nothing. */
  unsubscribed(name: string, error: DrumbeatError): void {
    const seat = this.#seats.get(name);
    const member = seat?.member;
    if (seat === undefined || member === undefined) return;
    seat.member = undefined;
    if (seat.wanted === member) seat.wanted = undefined;
    member.refused(error);
    member.gone();
    this.#settle(name, seat);
  }

  /** `ack` or `error` came. @returns whether it answers an unsubscribe, or refuses a subscribe. */
  settled(id: number, error: DrumbeatError | undefined): boolean {
    for (const [name, seat] of this.#seats) {
      if (seat.asked?.id !== id) continue;
      if (seat.asked.joins === undefined) {
        // `absent`, too, means that the server does not have it.
        seat.asked = undefined;
        this.#evict(seat);
        this.#settle(name, seat);
      } else if (error === undefined) return false;
      else this.#answered(name, seat, error);
      return true;
    }
    return false;
  }

  /** The connection is lost: nothing that was asked is answered any more, hello will say it all again. */
  cut(): void {
    this.#ask = undefined;
    for (const [name, seat] of [...this.#seats]) {
      const asked = seat.asked?.joins;
      seat.asked = undefined;
      if (asked !== undefined && asked !== seat.wanted) asked.gone();
      seat.wanted?.cut();
      this.#evict(seat);
      this.#settle(name, seat);
    }
  }

  /** The client is closed. */
  close(): void {
    this.cut();
    for (const { wanted } of this.#seats.values()) wanted?.shut();
    this.#seats.clear();
  }

  #answered(name: string, seat: Seat<M>, answer: Joined | DrumbeatError): void {
    const asker = seat.asked!.joins!;
    seat.asked = undefined;
    if (!(answer instanceof DrumbeatError)) {
      seat.member = asker;
      if (seat.wanted === asker) asker.placed(answer);
    } else {
      if (seat.wanted === asker) seat.wanted = undefined;
      asker.refused(answer);
      asker.gone();
    }
    this.#settle(name, seat);
  }

  #evict(seat: Seat<M>): void {
    const { member } = seat;
    seat.member = undefined;
    if (member !== undefined && member !== seat.wanted) member.gone();
  }

  #settle(name: string, seat: Seat<M>): void {
    if (
      seat.wanted === undefined && seat.member === undefined &&
      seat.asked === undefined
    ) {
      // A handler that was called in between may have taken the place anew.
      if (this.#seats.get(name) === seat) this.#seats.delete(name);
      return;
    }
    if (
      this.#ask === undefined || seat.asked !== undefined ||
      seat.wanted === seat.member
    ) return;
    const { wanted } = seat;
    if (seat.member !== undefined || wanted === undefined) {
      const id = this.#ask((id) => ({ type: "unsubscribe", id, topic: name }));
      seat.asked = { id, joins: undefined };
    } else {
      const { start } = wanted;
      const id = this.#ask((id) => ({
        type: "subscribe",
        id,
        topic: name,
        ...start,
      }));
      seat.asked = { id, joins: wanted };
    }
  }
}
