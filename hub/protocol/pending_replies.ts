import {
  encode,
  type HistoryFrame,
  type RequestFrame,
} from "../../messages.ts";
import type { Connection } from "../peers/connection.ts";
import type { Core } from "../core.ts";
import { pageOf } from "../log/history.ts";
import { encodeRefusal, type Refusal } from "../refusal.ts";

/** What a drumbeat.v1 connection asked and was not answered yet: bounded in number by `limits.inflight`. */
export class Answers {
  readonly #core: Core;
  readonly #connection: Connection;
  /** Publishes, requests and histories that have no answer yet. */
  #unsettled = 0;
  /** The history that was asked for last. */
  #reading: Promise<void> | undefined;

  constructor(core: Core, connection: Connection) {
    this.#core = core;
    this.#connection = connection;
  }

  /** Whether there is an answer that the peer waits for. */
  get isOwed(): boolean {
    return this.#unsettled > 0;
  }

  /** Whether one more may be without an answer; if not, it is refused. */
  begin(id: number): boolean {
    const { inflight } = this.#core.limits;
    if (this.#unsettled >= inflight) {
      const message = `At most ${inflight} frames may be without an answer`;
      this.#connection.control(encodeRefusal({ code: "limit", message }, id));
      return false;
    }
    this.#unsettled++;
    return true;
  }

  /** One of them has its answer. */
  end(): void {
    this.#unsettled--;
  }

  request({ id, method, data }: RequestFrame): void {
    this.#reply(
      id,
      () => this.#core.requests.answer(method, data, this.#connection),
    );
  }

  history({ id, topic, from, limit }: HistoryFrame): void {
    // One after the other: what waits for room is a question, not 64 KiB of answer.
    this.#reply(id, () => {
      const answer = this.#read(topic, from, limit);
      // Not the answer itself: it would be kept until the next one.
      this.#reading = answer.then(() => {}, () => {});
      return answer;
    });
  }

  async #read(
    topic: string,
    from: number,
    limit: number,
  ): Promise<{ readonly data: unknown } | Refusal> {
    await this.#reading;
    while (!this.#connection.hasRoom) await this.#connection.room;
    const refusal = this.#core.access.refusal(
      "subscribe",
      this.#connection,
      topic,
    );
    if (refusal !== undefined) return refusal;
    const { addressKey } = this.#connection;
    const found = await this.#core.read(topic, from, limit, addressKey);
    return "code" in found ? found : { data: pageOf(found) };
  }

  #reply(
    id: number,
    ask: () => Promise<{ readonly data: unknown } | Refusal>,
  ): void {
    if (!this.begin(id)) return;
    ask().then(async (answer) => {
      // Several at once are many bytes: each waits until the ones before are taken in.
      while (!this.#connection.hasRoom) await this.#connection.room;
      this.end();
      if ("code" in answer) this.#connection.control(encodeRefusal(answer, id));
      else this.#connection.tell(this.#encode(id, answer.data));
    }).catch((error) => this.#core.abandon(this.#connection, error, "handler"));
  }

  #encode(id: number, data: unknown): string {
    try {
      return encode({ type: "reply", id, data });
    } catch (error) {
      // What the program returned is nothing that JSON can say.
      this.#core.reporter.report(error, "handler");
      const message = "The reply cannot be sent";
      return encodeRefusal({ code: "failed", message }, id);
    }
  }
}
