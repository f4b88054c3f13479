import { CloseCode } from "../messages.ts";
import type { Core } from "./core.ts";
import { peerIdOf } from "./ids.ts";
import { directMessage } from "./protocol/direct_messages.ts";
import type { LogRecord } from "./log/record.ts";
import type { Entry, LogBounds, Outcome, StoreSink } from "./log/store.ts";

/** What the store says, and what follows from it. */
export class StoreAnswers implements StoreSink {
  /** Records committed since the start. */
  records = 0;
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  opened(name: string, bounds: LogBounds): void {
    const topic = this.#core.topics.get(name);
    if (topic === undefined) return;
    const { epoch } = topic;
    topic.open(bounds);
    if (epoch === "") return;
    // Missed records: every cursor is in the same log still, and gets what there is of them, or a gap.
    if (epoch === bounds.epoch) return this.#core.delivery.committed(topic, []);
    // Their cursors are in a log that is no more. They come back, ask for it, and are told of the new epoch.
    for (const { connection } of [...topic.subscriptions]) {
      connection.close(CloseCode.restart, "A topic's log was lost");
    }
  }

  committed(
    name: string,
    offset: number,
    records: readonly LogRecord[],
  ): void {
    this.records += records.length;
    this.#core.monitor.storeWorked();
    this.#core.publisher.committed(offset, records);
    const topic = this.#core.topics.get(name);
    if (topic !== undefined) this.#core.delivery.committed(topic, records);
  }

  trimmed(name: string, tail: number): void {
    this.#core.topics.get(name)?.trimmed(tail);
  }

  settled(entry: Entry, outcome: Outcome): void {
    this.#core.publisher.settled(entry, outcome);
  }

  claimed(session: string): void {
    this.#core.sessions.claimedElsewhere(session);
    this.#core.presence.moved(peerIdOf(session), this.#core.clock.now());
  }

  directMessage(name: string): void {
    directMessage(this.#core, name);
  }

  failed(error: unknown): void {
    this.#core.monitor.storeFailed();
    this.#core.reporter.report(error, "store");
  }
}
