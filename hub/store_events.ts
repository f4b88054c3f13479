import { CloseCode } from "../messages.ts";
import type { Clock } from "./clock.ts";
import { peerIdOf } from "./ids.ts";
import type { Flush } from "./log/flush.ts";
import type { Publisher } from "./log/publisher.ts";
import type { LogRecord } from "./log/record.ts";
import type { LogBounds, StoreSink } from "./log/store.ts";
import type { Topics } from "./log/topics.ts";
import type { Monitor } from "./observe/monitor.ts";
import type { Sessions } from "./peers/sessions.ts";
import type { Presence } from "./presence/presence.ts";
import type { DirectMessages } from "./protocol/direct_messages.ts";

/** The parts of the hub that {@linkcode StoreEvents} use. */
export interface StoreEventsContext {
  readonly clock: Clock;
  readonly monitor: Pick<Monitor, "storeWorked" | "storeFailed">;
  readonly topics: Pick<Topics, "get" | "opened">;
  readonly flush: Pick<Flush, "committed">;
  readonly publisher: Pick<Publisher, "committed" | "settled">;
  readonly sessions: Pick<Sessions, "claimedElsewhere">;
  readonly presence: Pick<Presence, "moved">;
  readonly direct: Pick<DirectMessages, "received">;
  /** Reports a failure of the store. */
  readonly failed: (error: unknown) => void;
}

/** Passes the events of the store to the parts of the hub. */
export class StoreEvents implements StoreSink {
  /** The number of records committed since the start. */
  committedRecords = 0;
  readonly settled: StoreSink["settled"];
  readonly failed: StoreSink["failed"];
  readonly #context: StoreEventsContext;

  constructor(context: StoreEventsContext) {
    this.#context = context;
    this.settled = context.publisher.settled;
    this.failed = context.failed;
  }

  opened(name: string, bounds: LogBounds): void {
    const { topics, flush } = this.#context;
    const topic = topics.get(name);
    if (topic === undefined) return;
    const { epoch } = topic.log;
    topic.open(bounds);
    topics.opened(topic);
    if (epoch === "") return;
    // Records were missed. Every cursor is still in the same log, and receives what there is of them, or a gap.
    if (epoch === bounds.epoch) return flush.committed(topic, []);
    // The cursors are in a log that no longer exists. A client that resumes receives the new epoch.
    for (const { reader } of [...topic.subscriptions]) {
      reader.close(CloseCode.restart, "Log lost");
    }
  }

  committed(
    name: string,
    offset: number,
    records: readonly LogRecord[],
  ): void {
    const { monitor, publisher, topics, flush } = this.#context;
    this.committedRecords += records.length;
    const topic = topics.get(name);
    // A record in memory does not show that the store works.
    if (topic?.settings.durable !== false) monitor.storeWorked();
    publisher.committed(offset, records);
    if (topic !== undefined) flush.committed(topic, records);
  }

  trimmed(name: string, tail: number): void {
    this.#context.topics.get(name)?.log.trimmed(tail);
  }

  claimed(session: string): void {
    const { sessions, presence, clock } = this.#context;
    sessions.claimedElsewhere(session);
    presence.moved(peerIdOf(session), clock.now());
  }

  directMessage(name: string): void {
    this.#context.direct.received(name);
  }

  health(works: boolean): void {
    const { monitor } = this.#context;
    if (works) monitor.storeWorked();
    else monitor.storeFailed();
  }
}
