import type {
  AckFrame,
  DrumbeatError,
  ReplyFrame,
  SubscribedFrame,
} from "../../messages.ts";
import { ReplyParts } from "./reply_parts.ts";

/** A frame that answers another one. */
export type Answer =
  | AckFrame
  | ReplyFrame
  | SubscribedFrame & { readonly id: number };

/** A sent frame that the server has not answered yet. */
export interface PendingReply {
  /** Handles the answer. @returns `false` if the frame does not answer this one: it stays pending. */
  settle(answer: Answer): boolean;
  /** Handles the server's error. */
  refuse(error: DrumbeatError): void;
}

/** Every sent frame without an answer, by its id: publishes, requests, subscribes and unsubscribes of one client. */
export class PendingReplies {
  #lastId = 0;
  readonly #pending = new Map<number, PendingReply>();
  readonly #parts = new ReplyParts();

  /** Returns the next id. Ids increase for the lifetime of the client, across all sessions. */
  nextId(): number {
    return ++this.#lastId;
  }

  /** Adds a frame that is about to be sent. */
  add(id: number, reply: PendingReply): void {
    this.#pending.set(id, reply);
  }

  /** Forgets a frame: its answer will be ignored. */
  forget(id: number): void {
    this.#pending.delete(id);
    this.#parts.forget(id);
  }

  /** Gives an answer to the frame that it answers. @returns whether there was such a frame, and the answer is complete. */
  settle(answer: Answer): boolean {
    const { id } = answer;
    const reply = this.#pending.get(id);
    if (reply === undefined) return false;
    let whole: Answer | undefined = answer;
    if (answer.type === "reply") {
      try {
        whole = this.#parts.add(answer);
      } catch (error) {
        return this.refuse(id, error as DrumbeatError);
      }
      if (whole === undefined) return false;
    }
    const settled = reply.settle(whole);
    if (settled) this.#pending.delete(id);
    return settled;
  }

  /** Gives an error to the frame that it refuses. @returns whether there was such a frame. */
  refuse(id: number, error: DrumbeatError): boolean {
    const reply = this.#pending.get(id);
    this.forget(id);
    reply?.refuse(error);
    return reply !== undefined;
  }
}
