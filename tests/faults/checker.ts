import type { Ledger, Place, Published, Stream } from "./ledger.ts";

/** What can be wrong with a ledger. */
export type ViolationKind =
  /** An acknowledged message that a subscriber should have had neither arrived nor was it in a gap that was told. */
  | "lost"
  /** A subscriber got a message twice. */
  | "duplicated"
  /** A subscriber's offsets, or one publisher's messages, came in another order. */
  | "reordered"
  /** A record that nobody published so: unknown, refused, in another topic, or under another's name. */
  | "phantom"
  /** Offsets, or the epoch, jumped and nobody said so. */
  | "unannounced gap"
  /** The log has something else where a message was acknowledged. */
  | "acknowledged but missing"
  /** Two subscribers got different records at the same place. */
  | "diverged"
  /** A rule of the scenario's own. */
  | "rule";

/** One thing that is wrong. */
export interface Violation {
  readonly kind: ViolationKind;
  readonly topic: string;
  /** Who saw it, or whose message it is. */
  readonly who: string;
  readonly detail: string;
}

/** What all subscribers together say the logs hold. */
type Truth = Map<string, Published>;

/**
 * Holds a ledger against the promise: every message to every subscriber exactly once and in order, or the subscriber is told
 * which offsets it missed.
 *
 * @param ledger what was written down; it is not changed.
 * @returns everything that is wrong, in the order in which it is found.
 */
export function check(ledger: Ledger): Violation[] {
  const violations: Violation[] = [];
  const byBody = new Map(ledger.published.map((one) => [one.body, one]));
  const acks = acksByTopic(ledger);
  const truth: Truth = new Map();
  const covered = new Set<string>();
  for (const stream of ledger.streams) {
    const walk = new Walk(ledger, stream, byBody, acks, truth, covered);
    violations.push(...walk.run());
  }
  violations.push(...missing(ledger, truth, covered));
  return violations;
}

/** Counts violations by their kind. */
export function tally(
  violations: readonly Violation[],
): Partial<Record<ViolationKind, number>> {
  const counts: Partial<Record<ViolationKind, number>> = {};
  for (const { kind } of violations) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

function placeKey(topic: string, { epoch, offset }: Place): string {
  return `${topic} ${epoch} ${offset}`;
}

/** Messages by the place at which they were acknowledged, for each topic and epoch. */
function acksByTopic(ledger: Ledger): Map<string, Map<number, Published>> {
  const acks = new Map<string, Map<number, Published>>();
  for (const message of ledger.published) {
    const { told, topic } = message;
    if (told === undefined || !("offset" in told)) continue;
    const key = `${topic} ${told.epoch}`;
    const there = acks.get(key) ?? new Map();
    acks.set(key, there.set(told.offset, message));
  }
  return acks;
}

/** What was acknowledged at a place that somebody's cursor passed, and is not there. */
function missing(
  { published }: Ledger,
  truth: Truth,
  covered: ReadonlySet<string>,
): Violation[] {
  const violations: Violation[] = [];
  const places = new Map<Published, string>();
  for (const [place, message] of truth) places.set(message, place);
  for (const message of published) {
    const { told, topic, publisher: who, body } = message;
    if (told === undefined || !("offset" in told)) continue;
    const { epoch, offset } = told;
    if (epoch === undefined) continue;
    const key = placeKey(topic, { epoch, offset });
    const there = truth.get(key);
    const elsewhere = places.get(message);
    if (there === message) continue;
    // Nobody looked there and the message was seen nowhere: whether it was stored cannot be said.
    if (!covered.has(key) && elsewhere === undefined) continue;
    violations.push({
      kind: "acknowledged but missing",
      topic,
      who,
      detail: `'${body}' was acknowledged at ${epoch}/${offset}, where ${
        there === undefined ? "nothing was" : `'${there.body}' is`
      }${elsewhere === undefined ? "" : `; it is at ${elsewhere}`}`,
    });
  }
  return violations;
}

/** One stream, from its first place to its last. */
class Walk {
  readonly #ledger: Ledger;
  readonly #stream: Stream;
  readonly #byBody: ReadonlyMap<string, Published>;
  readonly #acks: ReadonlyMap<string, ReadonlyMap<number, Published>>;
  readonly #truth: Truth;
  readonly #covered: Set<string>;
  readonly #violations: Violation[] = [];
  readonly #seen = new Map<Published, Place>();
  readonly #lastSeq = new Map<string, number>();
  #at: Place | undefined;

  constructor(
    ledger: Ledger,
    stream: Stream,
    byBody: ReadonlyMap<string, Published>,
    acks: ReadonlyMap<string, ReadonlyMap<number, Published>>,
    truth: Truth,
    covered: Set<string>,
  ) {
    this.#ledger = ledger;
    this.#stream = stream;
    this.#byBody = byBody;
    this.#acks = acks;
    this.#truth = truth;
    this.#covered = covered;
  }

  run(): readonly Violation[] {
    for (const heard of this.#stream.heard) {
      switch (heard.kind) {
        case "joined":
          if (this.#at !== undefined) this.#step(heard.at, "a new place");
          this.#at = heard.at;
          break;
        case "record":
          this.#record(heard.at, heard.from, heard.body);
          break;
        case "gap":
          this.#gap(heard.from, heard.to, heard.at);
      }
    }
    this.#end();
    return this.#violations;
  }

  #record(at: Place, from: string, body: string): void {
    const message = this.#byBody.get(body);
    const before = message && this.#seen.get(message);
    if (before !== undefined) {
      this.#violate(
        "duplicated",
        `'${body}' at ${show(at)} came before, at ${show(before)}`,
      );
    } else this.#step(at, `'${body}'`);
    this.#at = { epoch: at.epoch, offset: at.offset + 1 };
    if (message === undefined) {
      return this.#violate("phantom", `'${body}' at ${show(at)}`);
    }
    this.#seen.set(message, at);
    if (message.topic !== this.#stream.topic) {
      return this.#violate(
        "phantom",
        `'${body}' was published to '${message.topic}'`,
      );
    }
    this.#source(message, at, from);
    if (before === undefined) this.#order(message);
    this.#agree(message, at);
  }

  /** The cursor is to be there. */
  #step(to: Place, what: string): void {
    const at = this.#at;
    if (at === undefined) {
      this.#violate("unannounced gap", `${what} at ${show(to)} before a start`);
    } else if (at.epoch !== to.epoch) {
      this.#violate(
        "unannounced gap",
        `${what} at ${show(to)} after ${show(at)}: another epoch`,
      );
      this.#lost(at, Infinity);
    } else if (to.offset < at.offset) {
      this.#violate("reordered", `${what} at ${show(to)} after ${show(at)}`);
    } else if (to.offset > at.offset) {
      this.#violate(
        "unannounced gap",
        `${what} at ${show(to)}, not ${show(at)}`,
      );
      this.#lost(at, to.offset);
    }
  }

  #gap(from: number, to: number | undefined, next: Place): void {
    const at = this.#at;
    if (at === undefined) return void (this.#at = next);
    if (from > at.offset) {
      this.#violate(
        "unannounced gap",
        `A gap from ${from} was told at ${show(at)}`,
      );
      this.#lost(at, from);
    }
    this.#at = to === undefined ? next : { epoch: at.epoch, offset: to };
  }

  /** Whether it is whose it says it is, and may be there at all. */
  #source({ publisher, told, body }: Published, at: Place, from: string): void {
    const peers = this.#ledger.peers.get(publisher);
    if (peers !== undefined && !peers.has(from)) {
      this.#violate("phantom", `'${body}' is from ${publisher}, not ${from}`);
    }
    // `unknown` says that it may have been stored; every other code says that it was not.
    if (told !== undefined && "code" in told && told.code !== "indeterminate") {
      this.#violate(
        "phantom",
        `'${body}' at ${show(at)} was refused: ${told.code}`,
      );
    }
  }

  #order({ publisher, seq, body }: Published): void {
    const last = this.#lastSeq.get(publisher) ?? -1;
    if (seq < last) {
      this.#violate(
        "reordered",
        `'${body}' after number ${last} of its publisher`,
      );
    }
    this.#lastSeq.set(publisher, Math.max(seq, last));
  }

  /** Whether all subscribers have the same record there. */
  #agree(message: Published, at: Place): void {
    const key = placeKey(this.#stream.topic, at);
    this.#covered.add(key);
    const there = this.#truth.get(key);
    if (there === undefined) this.#truth.set(key, message);
    else if (there !== message) {
      this.#violate(
        "diverged",
        `'${message.body}' at ${show(at)}, where others have '${there.body}'`,
      );
    }
  }

  /** It should have come to where the log ended. */
  #end(): void {
    const end = this.#ledger.ends.get(this.#stream.topic);
    if (end === undefined || this.#stream.left) return;
    const at = this.#at;
    if (at?.epoch === end.epoch && at.offset >= end.offset) return;
    const before = this.#violations.length;
    if (at !== undefined) {
      this.#lost(at, at.epoch === end.epoch ? end.offset : Infinity);
    }
    if (this.#violations.length === before) {
      this.#violate(
        "lost",
        `The log ended at ${show(end)}, it came to ${
          at === undefined ? "nothing" : show(at)
        }`,
      );
    }
  }

  /** Acknowledged messages that it did not get and was not told of. */
  #lost(from: Place, to: number): void {
    const acks = this.#acks.get(`${this.#stream.topic} ${from.epoch}`) ?? [];
    for (const [offset, { body }] of acks) {
      if (offset < from.offset || offset >= to) continue;
      this.#violate("lost", `'${body}' at ${from.epoch}/${offset}`);
    }
  }

  #violate(kind: ViolationKind, detail: string): void {
    const { topic, subscriber: who } = this.#stream;
    this.#violations.push({ kind, topic, who, detail });
  }
}

function show({ epoch, offset }: Place): string {
  return `${epoch}/${offset}`;
}
