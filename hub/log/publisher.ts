import type {
  AnyMessages,
  Contract,
  MessageMap,
  MessageOf,
} from "../../messages.ts";
import type { IgnoredRejections } from "../../common/ignored_rejections.ts";
import type { Clock } from "../clock.ts";
import type { Reporter } from "../hooks.ts";
import type { Peer } from "../peer.ts";
import { type Refusal, refusalError } from "../refusal.ts";
import type { Flush } from "./flush.ts";
import type { Handlers } from "./handlers.ts";
import { INDETERMINATE } from "./deduplication.ts";
import { HUB, LogRecord } from "./record.ts";
import type { Entry, Outcome, Store } from "./store.ts";
import { Topic } from "./topic.ts";
import type { TopicSettings } from "./topic_options.ts";

/** At this many gathered bytes, the publisher flushes at once: a program may publish in a loop that never ends its turn. */
const GATHER_BYTES = 256 * 1024;

/** The outcome of a publish: the record's offset, or a refusal. */
export type PublishOutcome = { readonly offset: number } | Refusal;

/** A message to publish. */
export interface Publication {
  readonly topic: Topic;
  /** A message, or a binary payload. */
  readonly message: object | Uint8Array<ArrayBuffer>;
  /** The publisher; absent for a message of the hub's own. */
  readonly peer?: Peer;
  /** The publisher's session, for deduplication. */
  readonly session?: string;
  /** The publisher's id of the message, for deduplication. */
  readonly id?: number;
  /** Receives the outcome, once. */
  settled(outcome: PublishOutcome): void;
}

/** A message, with the output of the contract's validator, or a copy of a binary payload. */
type Handled = { readonly type: string } | Uint8Array<ArrayBuffer>;

/** An entry of the store, with its publication. */
interface Publish extends Entry {
  readonly publication: Pick<Publication, "peer" | "settled">;
  /** The argument of the program's handlers; `undefined` without a handler. */
  readonly handled: Handled | undefined;
  isSettled: boolean;
}

/** The parts of the hub that a {@linkcode Publisher} uses. */
export interface PublisherContext {
  readonly contract: Contract<MessageMap>;
  readonly clock: Clock;
  readonly store: Pick<Store, "append">;
  readonly flush: Pick<Flush, "isClosed" | "isFlushing" | "schedule" | "flush">;
  readonly handlers: Handlers;
  /** Creates the promises of {@linkcode Publisher.publishAsHub}. */
  readonly rejections: IgnoredRejections;
  readonly reporter: Reporter;
  /** Reports a failure of the store. */
  storeFailed(error: unknown): void;
}

/** The write half of the log: checks messages, gathers them, appends them to the store, and settles their outcomes. */
export class Publisher {
  readonly #context: PublisherContext;
  /** The entries of the next append. */
  #gathered: Publish[] = [];
  #gatheredBytes = 0;
  /** Entries whose message has a handler, by their record, until they are settled. */
  readonly #awaitingHandlers = new Map<LogRecord, Publish>();
  /** Committed entries whose handlers run after the flush. */
  #committed: [publish: Publish, offset: number][] = [];
  /** The messages of the hub's own that have no outcome yet, each by its callback. */
  readonly #own = new Set<Publication["settled"]>();
  readonly #waiters = new Set<
    { settled(publication: Publication["settled"]): void }
  >();

  constructor(context: PublisherContext) {
    this.#context = context;
  }

  /** Checks a message and gathers it for the next flush. */
  publish(publication: Publication): void {
    const { topic, message, peer, session, id } = publication;
    const { clock, flush, handlers } = this.#context;
    if (flush.isClosed) {
      return publication.settled({
        code: "unavailable",
        message: "Hub closed",
      });
    }
    let body: string | Uint8Array<ArrayBuffer>;
    let handled: Handled | undefined;
    let key: string | undefined;
    if (message instanceof Uint8Array) {
      body = message;
      // A copy: a handler that changes the bytes must not change the record.
      if (handlers.has(topic.name, undefined)) {
        handled = new Uint8Array(message);
      }
    } else {
      const encoded = this.#encode(message, topic, peer);
      if ("refusal" in encoded) return publication.settled(encoded.refusal);
      ({ body, key } = encoded);
      if (handlers.has(topic.name, encoded.message.type)) {
        handled = encoded.message;
      }
    }
    const from = peer?.id ?? HUB;
    const record = new LogRecord(from, clock.time(), clock.now(), body, key);
    const entry: Publish = {
      topic: topic.name,
      record,
      session,
      id,
      publication,
      handled,
      isSettled: false,
    };
    if (handled !== undefined) this.#awaitingHandlers.set(record, entry);
    this.#gather(entry);
  }

  /**
   * Publishes a message of the hub's own.
   *
   * @param topic the topic, or the refusal to open it.
   * @param name the topic's name.
   * @param message a message, or a binary payload.
   * @returns the record's offset, once the record is committed. An ignored rejection is reported.
   * @throws {DrumbeatError} (as a rejection) when the message is refused.
   */
  publishAsHub(
    topic: Topic | Refusal,
    name: string,
    message: object | Uint8Array<ArrayBuffer>,
  ): Promise<number> {
    return this.#context.rejections.promise<number>((resolve, reject) => {
      const settled: Publication["settled"] = (outcome) => {
        if ("code" in outcome) {
          reject(refusalError(`Cannot publish to '${name}'`, outcome));
        } else resolve(outcome.offset);
        this.#own.delete(settled);
        for (const waiter of this.#waiters) waiter.settled(settled);
      };
      if (!(topic instanceof Topic)) return settled(topic);
      this.#own.add(settled);
      this.publish({ topic, message, settled });
    });
  }

  /** `true` while a message of the hub's own has no outcome. */
  get hasOwn(): boolean {
    return this.#own.size > 0;
  }

  /** Resolves when every message that the hub has published until now has its outcome. */
  async ownSettled(): Promise<void> {
    if (this.#own.size === 0) return;
    const waiting = new Set(this.#own);
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiter = {
      settled: (publication: Publication["settled"]) => {
        waiting.delete(publication);
        if (waiting.size === 0) resolve();
      },
    };
    this.#waiters.add(waiter);
    await promise;
    this.#waiters.delete(waiter);
  }

  /**
   * Gathers a record of an internal topic, without the checks of a message: hubs that share a store exchange such records.
   *
   * @param topic an internal topic.
   * @param from the hub's id.
   * @param body the record's body.
   * @param settled receives the outcome, once.
   */
  publishInternal(
    topic: Topic,
    from: string,
    body: string,
    settled: Publication["settled"],
  ): void {
    const { clock } = this.#context;
    this.#gather({
      topic: topic.name,
      record: new LogRecord(from, clock.time(), clock.now(), body),
      publication: { settled },
      handled: undefined,
      isSettled: false,
    });
  }

  #gather(entry: Publish): void {
    const { flush } = this.#context;
    this.#gathered.push(entry);
    this.#gatheredBytes += entry.record.bytes;
    if (this.#gatheredBytes >= GATHER_BYTES && !flush.isFlushing) flush.flush();
    else flush.schedule(true);
  }

  /** Appends what was gathered to the store. A failure of the store settles the entries that have no outcome yet. */
  append(): void {
    if (this.#gathered.length === 0) return;
    const entries = this.#gathered;
    this.#gathered = [];
    this.#gatheredBytes = 0;
    try {
      const result: unknown = this.#context.store.append(entries);
      if (result instanceof Promise) {
        result.catch((error) => this.#failed(entries, error));
      }
    } catch (error) {
      this.#failed(entries, error);
    }
  }

  /** The store may have written some of the records before it threw. */
  #failed(entries: readonly Publish[], error: unknown): void {
    this.#context.storeFailed(error);
    for (const entry of entries) this.settled(entry, INDETERMINATE);
  }

  /**
   * Queues the handlers of the records that the store has written. A repeated publish is settled without a record, so that
   * no handler receives it twice.
   *
   * @param offset the offset of the first record.
   * @param records the records.
   */
  committed(offset: number, records: readonly LogRecord[]): void {
    if (this.#awaitingHandlers.size === 0) return;
    records.forEach((record, i) => {
      const publish = this.#awaitingHandlers.get(record);
      if (publish !== undefined) this.#committed.push([publish, offset + i]);
    });
  }

  /** Passes the outcome of an entry to its publisher, once. It is a field, because the store calls it without `this`. */
  readonly settled = (entry: Entry, outcome: Outcome): void => {
    this.#awaitingHandlers.delete(entry.record);
    const publish = entry as Publish;
    if (publish.isSettled) return;
    publish.isSettled = true;
    publish.publication.settled(outcome);
  };

  /** Runs the program's handlers of the messages that were committed. */
  runHandlers(): void {
    if (this.#committed.length === 0) return;
    const committed = this.#committed;
    this.#committed = [];
    for (const [{ topic, record, publication, handled }, offset] of committed) {
      const { from, at } = record;
      const { peer } = publication;
      const info = { topic, from, at, offset, own: from === HUB };
      this.#context.handlers.run(
        handled!,
        peer === undefined ? info : { ...info, peer },
      );
    }
  }

  #encode(
    message: object,
    { settings }: Topic,
    peer: Peer | undefined,
  ):
    | {
      readonly message: { readonly type: string };
      readonly body: string;
      readonly key: string | undefined;
    }
    | { readonly refusal: Refusal } {
    try {
      const checked = this.#context.contract.check(message);
      if (!checked.ok) return { refusal: checked };
      return {
        message: checked.message,
        body: JSON.stringify(checked.message),
        key: settings.lag === "latest"
          ? keyOf(checked.message, settings, peer)
          : undefined,
      };
    } catch (error) {
      this.#context.reporter.report(error, "validate");
      const message = "Message validation failed";
      return { refusal: { code: "invalid", message } };
    }
  }
}

/** Calls the program's key function. */
function keyOf(
  message: { readonly type: string },
  { key }: TopicSettings,
  peer: Peer | undefined,
): string {
  const result: unknown = key(message as MessageOf<AnyMessages>, { peer });
  if (!(result instanceof Promise)) return result as string;
  // An ignored rejection would end the process.
  result.catch(() => {});
  throw new TypeError(
    "Cannot compute the key of a record: the function 'key' of its topic is asynchronous",
  );
}
