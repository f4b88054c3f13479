import type {
  AnyMessages,
  Contract,
  MessageMap,
  MessageOf,
} from "../../messages.ts";
import type { IgnoredRejections } from "../../common/ignored_rejections.ts";
import type { Clock } from "../clock.ts";
import type { Connection } from "../peers/connection.ts";
import type { Delivery } from "./flush.ts";
import type { Handlers } from "./handlers.ts";
import type { Reporter } from "../hooks.ts";
import { HUB, LogRecord } from "./record.ts";
import { type Refusal, refusalError } from "../refusal.ts";
import { INDETERMINATE } from "./outcome.ts";
import type { Entry, Outcome } from "./store.ts";
import { Topic } from "./topic.ts";
import type { TopicSettings } from "./topic_options.ts";

/** A message on its way to a log. */
export interface Publication {
  readonly topic: Topic;
  /** A message, or a binary payload. */
  readonly message: object | Uint8Array<ArrayBuffer>;
  /** Whose it is; absent: the program's. */
  readonly connection?: Connection;
  readonly session?: string;
  readonly id?: number;
  /** Called once, with the offset or the refusal. */
  settled(outcome: { readonly offset: number } | Refusal): void;
}

/** What the program's handlers receive: a message, or a binary payload. */
type Handled = { readonly type: string } | Uint8Array<ArrayBuffer>;

/** An entry with what the hub wants back when it is settled. */
interface Publish extends Entry {
  readonly publication: Publication;
  /** The message as the contract let it through, where the program's handlers want it. */
  readonly handled: Handled | undefined;
  /** Whether its outcome was told. */
  isSettled: boolean;
}

/** What {@linkcode Publisher} needs of the hub. */
export interface PublisherContext {
  readonly contract: Contract<MessageMap>;
  readonly clock: Clock;
  readonly delivery: Delivery;
  readonly handlers: Handlers;
  readonly rejections: IgnoredRejections;
  readonly reporter: Reporter;
}

/** Checks what is published, hands it to the delivery, and tells how it ended. */
export class Publisher {
  readonly #context: PublisherContext;
  /** Messages that handlers wait for, by their record. */
  readonly #awaited = new Map<LogRecord, Publish>();
  /** Messages whose handlers run after the flush. */
  #handled: [publish: Publish, offset: number][] = [];

  constructor(context: PublisherContext) {
    this.#context = context;
  }

  /** Checks a message and gathers it for the next flush. */
  publish(publication: Publication): void {
    const { topic, message, connection, session, id } = publication;
    const { clock, delivery, handlers } = this.#context;
    if (delivery.closed) {
      const message = "The hub is closed";
      return publication.settled({ code: "unavailable", message });
    }
    let body: string | Uint8Array<ArrayBuffer>;
    let handled: Handled | undefined;
    let key: string | undefined;
    if (message instanceof Uint8Array) {
      body = message;
      // A copy: a handler that changes the bytes must not change the record.
      if (handlers.has(topic.name, undefined)) handled = message.slice();
    } else {
      const encoded = this.#encode(message, topic, connection);
      if ("refusal" in encoded) return publication.settled(encoded.refusal);
      ({ body, key } = encoded);
      if (handlers.has(topic.name, encoded.message.type)) {
        handled = encoded.message;
      }
    }
    const from = connection?.id ?? HUB;
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
    if (handled !== undefined) this.#awaited.set(record, entry);
    delivery.append(entry);
  }

  /**
   * Publishes as the hub.
   *
   * @param topic the topic, or the reason why it cannot be opened.
   * @param name the topic's name.
   * @param message the message, or a binary payload.
   * @returns the offset. An ignored rejection is reported.
   * @throws {DrumbeatError} (as a rejection) when the message is refused.
   */
  publishOwn(
    topic: Topic | Refusal,
    name: string,
    message: object | Uint8Array<ArrayBuffer>,
  ): Promise<number> {
    return this.#context.rejections.promise<number>((resolve, reject) => {
      const settled: Publication["settled"] = (outcome) => {
        if ("code" in outcome) {
          reject(refusalError(`Cannot publish to '${name}'`, outcome));
        } else resolve(outcome.offset);
      };
      if (topic instanceof Topic) this.publish({ topic, message, settled });
      else settled(topic);
    });
  }

  /**
   * Gathers a record that is no message: hubs that share a store tell each other something.
   *
   * @param topic a log of the hub's own.
   * @param from who says it.
   * @param body what it is.
   * @param settled called once, with the offset or the refusal.
   */
  note(
    topic: Topic,
    from: string,
    body: string,
    settled: Publication["settled"],
  ): void {
    const { clock, delivery } = this.#context;
    const record = new LogRecord(from, clock.time(), clock.now(), body);
    const publication = { topic, message: {}, settled };
    const entry: Publish = {
      topic: topic.name,
      record,
      publication,
      handled: undefined,
      isSettled: false,
    };
    delivery.append(entry);
  }

  /** The store has written records at `offset` and on. A repeated publish is settled and not written: nobody hears it twice. */
  committed(offset: number, records: readonly LogRecord[]): void {
    if (this.#awaited.size === 0) return;
    records.forEach((record, i) => {
      const publish = this.#awaited.get(record);
      if (publish !== undefined) this.#handled.push([publish, offset + i]);
    });
  }

  /** The store says how an entry ended. */
  settled(entry: Entry, outcome: Outcome): void {
    this.#awaited.delete(entry.record);
    const publish = entry as Publish;
    if (publish.isSettled) return;
    publish.isSettled = true;
    publish.publication.settled(outcome);
  }

  /** Settles entries whose append threw: the store may have committed some of them. */
  lost(entries: readonly Entry[]): void {
    for (const entry of entries) this.settled(entry, INDETERMINATE);
  }

  /** Runs the program's handlers of what was committed. */
  runHandlers(): void {
    if (this.#handled.length === 0) return;
    const handled = this.#handled;
    this.#handled = [];
    for (const [{ publication, record, handled: message }, offset] of handled) {
      const { connection, topic: { name: topic } } = publication;
      const { from, at } = record;
      const info = { topic, from, at, offset, own: from === HUB };
      this.#context.handlers.run(
        message!,
        connection === undefined ? info : { ...info, peer: connection },
      );
    }
  }

  #encode(
    message: object,
    { settings }: Topic,
    peer: Connection | undefined,
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
      const message = "The message could not be checked";
      return { refusal: { code: "invalid", message } };
    }
  }
}

/** What a record replaces, by the program's word. */
function keyOf(
  message: { readonly type: string },
  { key }: TopicSettings,
  peer: Connection | undefined,
): string {
  const found: unknown = key(message as MessageOf<AnyMessages>, { peer });
  if (!(found instanceof Promise)) return found as string;
  // Nobody will look at it: a rejection of it must not end the process.
  found.catch(() => {});
  throw new TypeError(
    "A topic's key is asynchronous; it would reorder records",
  );
}
