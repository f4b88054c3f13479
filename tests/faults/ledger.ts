/** A place in a topic's log. */
export interface Place {
  readonly epoch: string;
  readonly offset: number;
}

/** How a publish ended, as its publisher was told. */
export type Told =
  | { readonly offset: number; readonly epoch: string | undefined }
  | { readonly code: string };

/** One message, as its publisher wrote it down before it was sent. */
export interface Published {
  readonly publisher: string;
  /** Counts this publisher's messages to this topic. */
  readonly seq: number;
  readonly topic: string;
  /** What identifies it: no two messages are alike. */
  readonly body: string;
  /** Absent: nobody told the publisher. */
  told: Told | undefined;
}

/** What one subscriber was told, in order. */
export type Heard =
  /** Its cursor was put there. */
  | { readonly kind: "joined"; readonly at: Place }
  | {
    readonly kind: "record";
    readonly at: Place;
    readonly from: string;
    readonly body: string;
  }
  /** Records from `from` to `to` are lost; without `to`: the log is another one, and it goes on at `at`. */
  | {
    readonly kind: "gap";
    readonly from: number;
    readonly to: number | undefined;
    readonly at: Place;
  };

/** One subscription of one subscriber, across all its connections. */
export class Stream {
  readonly subscriber: string;
  readonly topic: string;
  readonly heard: Heard[] = [];
  /** Whether it left the topic: then nobody owes it anything after what it heard. */
  left = false;
  /** Where its cursor is, as far as it was told. */
  at: Place | undefined;
  readonly #intern: (text: string) => string;
  #waiting: { isThere(at: Place): boolean; resolve(): void }[] = [];
  readonly #begun = Promise.withResolvers<void>();

  constructor(
    subscriber: string,
    topic: string,
    intern: (text: string) => string = (text) => text,
  ) {
    this.subscriber = subscriber;
    this.topic = topic;
    this.#intern = intern;
  }

  /** Its cursor was put there. */
  joined(at: Place): void {
    this.#hear({ kind: "joined", at: { ...at } }, at);
  }

  /** A record came. */
  record(epoch: string, offset: number, from: string, body: string): void {
    this.#hear({
      kind: "record",
      at: { epoch: this.#intern(epoch), offset },
      from: this.#intern(from),
      body: this.#intern(body),
    }, { epoch, offset: offset + 1 });
  }

  /** It was told of a gap. @param at where its cursor is after it. */
  gap(from: number, to: number | undefined, at: Place): void {
    this.#hear({ kind: "gap", from, to, at: { ...at } }, at);
  }

  /** Resolves when it was told anything. */
  get begun(): Promise<void> {
    return this.#begun.promise;
  }

  /** Resolves when its cursor is there, or it has left. */
  reached({ epoch, offset }: Place): Promise<void> {
    return this.#until((at) => at.epoch === epoch && at.offset >= offset);
  }

  /** Resolves when its cursor is in another epoch than this one. */
  moved(epoch: string): Promise<void> {
    return this.#until((at) => at.epoch !== epoch);
  }

  /** It leaves the topic. */
  leave(): void {
    this.left = true;
    this.#look();
  }

  #hear(heard: Heard, at: Place): void {
    if (this.heard.length === 0) this.#begun.resolve();
    this.heard.push(heard);
    this.at = at;
    if (this.#waiting.length > 0) this.#look();
  }

  #until(isThere: (at: Place) => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ isThere, resolve });
      this.#look();
    });
  }

  #look(): void {
    const { at, left } = this;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const one of waiting) {
      if (left || (at !== undefined && one.isThere(at))) one.resolve();
      else this.#waiting.push(one);
    }
  }
}

/** All that publishers sent and were told, and all that subscribers heard: what the checker reads. */
export class Ledger {
  readonly published: Published[] = [];
  readonly streams: Stream[] = [];
  /** The public ids that each publisher had. */
  readonly peers: Map<string, Set<string>> = new Map();
  /** Where each topic's log ended when all was quiet: every subscriber that has not left should be there. */
  readonly ends: Map<string, Place> = new Map();
  readonly #texts = new Map<string, string>();
  readonly #seqs = new Map<string, number>();

  /** A publisher is about to publish. @param body given the number of the message, what it says; default: that number. */
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
      told: undefined,
    };
    this.published.push(message);
    return message;
  }

  /** A publisher has this public id now. */
  peer(publisher: string, id: string): void {
    const ids = this.peers.get(publisher) ?? new Set();
    this.peers.set(publisher, ids.add(id));
  }

  /** A subscription begins. */
  stream(subscriber: string, topic: string): Stream {
    const stream = new Stream(subscriber, topic, (text) => this.#intern(text));
    this.streams.push(stream);
    return stream;
  }

  /** How many records were heard. */
  get delivered(): number {
    return this.#count("record");
  }

  /** How many gaps were told. */
  get gaps(): number {
    return this.#count("gap");
  }

  #count(kind: Heard["kind"]): number {
    let count = 0;
    for (const { heard } of this.streams) {
      for (const one of heard) if (one.kind === kind) count++;
    }
    return count;
  }

  /** Millions of records say the same few thousand texts. */
  #intern(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    this.#texts.set(text, text);
    return text;
  }
}
