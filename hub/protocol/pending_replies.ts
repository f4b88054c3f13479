import {
  type HistoryFrame,
  type RequestFrame,
  utf8Length,
} from "../../messages.ts";
import { decided } from "../access/pending_decision.ts";
import { encodeHistory } from "../log/history.ts";
import type { Connection } from "../peers/connection.ts";
import { encodeRefusal, type Refusal } from "../refusal.ts";
import type { ProtocolContext } from "./context.ts";
import { replyFrames } from "./reply_frames.ts";

/** The parts of the hub that {@linkcode PendingReplies} use. */
export type RepliesContext = Pick<
  ProtocolContext,
  "limits" | "access" | "requests" | "reporter" | "read"
>;

/** A reply's data, or a refusal. */
type Reply = { readonly data: unknown } | Refusal;

/**
 * Counts the frames of one drumbeat.v1 connection that have no reply yet, at most `limits.inflight`, and answers requests and
 * history reads.
 */
export class PendingReplies {
  readonly #context: RepliesContext;
  readonly #connection: Connection;
  /** Publishes, requests and history frames without a reply. */
  #count = 0;
  /** Settles when the last history read has ended. */
  #reading: Promise<void> | undefined;

  constructor(context: RepliesContext, connection: Connection) {
    this.#context = context;
    this.#connection = connection;
  }

  /** `true` while a frame has no reply. */
  get hasPending(): boolean {
    return this.#count > 0;
  }

  /** Adds a frame, or refuses it. @returns `false` if it was refused. */
  begin(id: number): boolean {
    const { inflight } = this.#context.limits;
    if (this.#count >= inflight) {
      const message = `Too many frames without a reply: at most ${inflight}`;
      this.#connection.sendControl(
        encodeRefusal({ code: "limit", message }, id),
      );
      return false;
    }
    this.#count++;
    return true;
  }

  /** Removes a frame that has its reply. */
  end(): void {
    this.#count--;
  }

  request({ id, method, data }: RequestFrame): void {
    const { requests } = this.#context;
    this.#reply(id, () => requests.answer(method, data, this.#connection));
  }

  history({ id, topic, from, limit }: HistoryFrame): void {
    // One read at a time: the others wait as requests, not as replies of 64 KiB each.
    this.#reply(id, () => {
      const reply = this.#read(topic, from, limit);
      // Not the reply itself, which would stay in memory until the next read.
      this.#reading = reply.then(() => {}, () => {});
      return reply;
    });
  }

  async #read(topic: string, from: number, limit: number): Promise<Reply> {
    const connection = this.#connection;
    await this.#reading;
    while (!connection.isWritable) await connection.confirmation;
    const { access, read } = this.#context;
    const refusal = await decided(() =>
      access.refusal("subscribe", connection, topic)
    );
    if (refusal !== undefined) return refusal;
    const part = await read(topic, from, limit, connection.addressKey);
    return "code" in part ? part : { data: encodeHistory(part) };
  }

  #reply(id: number, compute: () => Promise<Reply>): void {
    if (!this.begin(id)) return;
    const connection = this.#connection;
    compute().then(async (reply) => {
      for (const frame of this.#encode(id, reply)) {
        // Long replies, and their parts, wait until the peer confirms that it has read the ones before.
        while (!connection.isWritable) await connection.confirmation;
        connection.sendLong(frame, utf8Length(frame));
      }
      this.end();
    }).catch((error) => connection.abandon(error, "handler"));
  }

  #encode(id: number, reply: Reply): Iterable<string> {
    if ("code" in reply) return [encodeRefusal(reply, id)];
    try {
      return replyFrames(id, reply.data);
    } catch (error) {
      // The program's handler returned a value that JSON cannot represent.
      this.#context.reporter.report(error, "handler");
      const message = "Reply cannot be encoded";
      return [encodeRefusal({ code: "failed", message }, id)];
    }
  }
}
