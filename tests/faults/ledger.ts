import { type Position, Stream } from "./stream.ts";

/** The outcome of a publish: its offset, or the code of the error. */
export type PublishOutcome =
  | { readonly offset: number; readonly epoch: string | undefined }
  | { readonly code: string };

/** A message, recorded before its publisher sends it. */
export interface Published {
  readonly publisher: string;
  /** The number of the message, counted for each publisher and topic. */
  readonly seq: number;
  readonly topic: string;
  /** The text that identifies the message: no two messages have the same. */
  readonly body: string;
  /** The outcome; `undefined` while the publish is pending. */
  outcome: PublishOutcome | undefined;
}

/** The record of a run: every publish with its outcome, and everything that subscribers received. The checker reads it. */
export class Ledger {
  readonly published: Published[] = [];
  readonly streams: Stream[] = [];
  /** The public ids of each publisher. */
  readonly peers: Map<string, Set<string>> = new Map();
  /** The end of each topic's log after the last publish. Every active subscriber must reach it. */
  readonly ends: Map<string, Position> = new Map();
  readonly #texts = new Map<string, string>();
  readonly #seqs = new Map<string, number>();

  /**
   * Records a message that is about to be published.
   *
   * @param publisher the publisher's name.
   * @param topic the topic's name.
   * @param body makes the identifying text from the message's number. Default: publisher and number.
   * @returns the entry, whose outcome the caller sets.
   */
  publish(
    publisher: string,
    topic: string,
    body: (seq: number) => string = (seq) => `${publisher}#${seq}`,
  ): Published {
    const key = `${publisher} ${topic}`;
    const seq = this.#seqs.get(key) ?? 0;
    this.#seqs.set(key, seq + 1);
    const message: Published = {
      publisher,
      seq,
      topic,
      body: this.#intern(body(seq)),
      outcome: undefined,
    };
    this.published.push(message);
    return message;
  }

  /** Records a public id of a publisher. */
  peer(publisher: string, id: string): void {
    const ids = this.peers.get(publisher) ?? new Set();
    this.peers.set(publisher, ids.add(id));
  }

  /** Starts the record of one subscription. */
  stream(subscriber: string, topic: string): Stream {
    const stream = new Stream(subscriber, topic, (text) => this.#intern(text));
    this.streams.push(stream);
    return stream;
  }

  /** The number of delivered records. */
  get delivered(): number {
    return this.#count("record");
  }

  /** The number of announced gaps. */
  get gaps(): number {
    return this.#count("gap");
  }

  /** The number of publishes that were refused: their code states that the message was not stored. */
  get refused(): number {
    return this.published.filter(({ outcome }) => isRefusal(outcome)).length;
  }

  /** The number of publishes that may have been stored. */
  get indeterminate(): number {
    return this.published.filter(({ outcome }) =>
      outcome !== undefined && "code" in outcome && !isRefusal(outcome)
    ).length;
  }

  #count(kind: "record" | "gap"): number {
    let count = 0;
    for (const { observations } of this.streams) {
      for (const one of observations) if (one.kind === kind) count++;
    }
    return count;
  }

  /** Shares equal texts: millions of records contain a few thousand different ones. */
  #intern(text: string): string {
    const shared = this.#texts.get(text);
    if (shared !== undefined) return shared;
    this.#texts.set(text, text);
    return text;
  }
}

/** Returns true for an error code with which a message must never be stored: every code but `indeterminate`. */
export function isRefusal(
  outcome: PublishOutcome | undefined,
): outcome is { readonly code: string } {
  return outcome !== undefined && "code" in outcome &&
    outcome.code !== "indeterminate";
}
