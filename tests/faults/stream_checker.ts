import { isRefusal, type Ledger, type Published } from "./ledger.ts";
import type { Position, Stream } from "./stream.ts";
import type { Violation, ViolationKind } from "./violation.ts";

/** Data that the checks of all streams share. */
export interface SharedChecks {
  readonly ledger: Ledger;
  /** The published messages by their body. */
  readonly byBody: ReadonlyMap<string, Published>;
  /** The acknowledged messages by offset, for each topic and epoch. */
  readonly acknowledged: ReadonlyMap<string, ReadonlyMap<number, Published>>;
  /** The records that any stream received, by position: together they are the logs. */
  readonly log: Map<string, Published>;
}

/** Checks one stream, from its first observation to its last. */
export class StreamChecker {
  readonly #stream: Stream;
  readonly #shared: SharedChecks;
  readonly #violations: Violation[] = [];
  readonly #received = new Map<Published, Position>();
  readonly #lastSeq = new Map<string, number>();
  #at: Position | undefined;

  constructor(stream: Stream, shared: SharedChecks) {
    this.#stream = stream;
    this.#shared = shared;
  }

  /** Returns the violations of this stream. */
  run(): readonly Violation[] {
    for (const observation of this.#stream.observations) {
      switch (observation.kind) {
        case "subscribed":
          if (this.#at !== undefined) {
            this.#expect(observation.at, "a new position");
          }
          this.#at = observation.at;
          break;
        case "record":
          this.#record(observation.at, observation.from, observation.body);
          break;
        case "gap":
          this.#gap(observation.from, observation.to, observation.at);
      }
    }
    this.#checkEnd();
    return this.#violations;
  }

  #record(at: Position, from: string, body: string): void {
    const message = this.#shared.byBody.get(body);
    const before = message && this.#received.get(message);
    if (before !== undefined) {
      this.#violate(
        "duplicated",
        `'${body}' at ${formatPosition(at)} was received before, at ${
          formatPosition(before)
        }`,
      );
    } else this.#expect(at, `'${body}'`);
    this.#at = { epoch: at.epoch, offset: at.offset + 1 };
    if (message === undefined) {
      return this.#violate("phantom", `'${body}' at ${formatPosition(at)}`);
    }
    this.#received.set(message, at);
    if (message.topic !== this.#stream.topic) {
      return this.#violate(
        "phantom",
        `'${body}' was published to '${message.topic}'`,
      );
    }
    this.#checkPublisher(message, from);
    this.#checkOutcome(message, at);
    if (before === undefined) this.#checkOrder(message);
    this.#checkAgreement(message, at);
  }

  /** Checks that the cursor is at a position. */
  #expect(to: Position, what: string): void {
    const at = this.#at;
    const place = `${what} at ${formatPosition(to)}`;
    if (at === undefined) {
      this.#violate("unannounced gap", `${place} before a first position`);
    } else if (at.epoch !== to.epoch) {
      this.#violate(
        "unannounced gap",
        `${place} after ${formatPosition(at)}: another epoch`,
      );
      this.#addLost(at, Infinity);
    } else if (to.offset < at.offset) {
      this.#violate("reordered", `${place} after ${formatPosition(at)}`);
    } else if (to.offset > at.offset) {
      this.#violate("unannounced gap", `${place}, not ${formatPosition(at)}`);
      this.#addLost(at, to.offset);
    }
  }

  #gap(from: number, to: number | undefined, next: Position): void {
    const at = this.#at;
    if (at === undefined) return void (this.#at = next);
    if (from > at.offset) {
      this.#violate(
        "unannounced gap",
        `A gap from ${from} was received at ${formatPosition(at)}`,
      );
      this.#addLost(at, from);
    }
    this.#at = to === undefined ? next : { epoch: at.epoch, offset: to };
  }

  #checkPublisher({ publisher, body }: Published, from: string): void {
    const peers = this.#shared.ledger.peers.get(publisher);
    if (peers !== undefined && !peers.has(from)) {
      this.#violate("phantom", `'${body}' is from ${publisher}, not ${from}`);
    }
  }

  /** Checks that the record may be stored at all. A pending publish and an `indeterminate` one may be. */
  #checkOutcome({ outcome, body }: Published, at: Position): void {
    if (!isRefusal(outcome)) return;
    this.#violate(
      "refused but stored",
      `'${body}' at ${formatPosition(at)} was refused with '${outcome.code}'`,
    );
  }

  #checkOrder({ publisher, seq, body }: Published): void {
    const last = this.#lastSeq.get(publisher) ?? -1;
    if (seq < last) {
      this.#violate(
        "reordered",
        `'${body}' after number ${last} of its publisher`,
      );
    }
    this.#lastSeq.set(publisher, Math.max(seq, last));
  }

  /** Checks that every subscriber received the same record at a position. */
  #checkAgreement(message: Published, at: Position): void {
    const key = positionKey(this.#stream.topic, at);
    const found = this.#shared.log.get(key);
    if (found === undefined) this.#shared.log.set(key, message);
    else if (found !== message) {
      this.#violate(
        "diverged",
        `'${message.body}' at ${
          formatPosition(at)
        }, where other subscribers received '${found.body}'`,
      );
    }
  }

  /** Checks that the cursor reached the end of the log. */
  #checkEnd(): void {
    const end = this.#shared.ledger.ends.get(this.#stream.topic);
    if (end === undefined || this.#stream.isUnsubscribed) return;
    const at = this.#at;
    if (at?.epoch === end.epoch && at.offset >= end.offset) return;
    const before = this.#violations.length;
    if (at !== undefined) {
      this.#addLost(at, at.epoch === end.epoch ? end.offset : Infinity);
    }
    if (this.#violations.length === before) {
      this.#violate(
        "lost",
        `The log ended at ${formatPosition(end)}, the cursor ${
          at === undefined
            ? "has no position"
            : `stopped at ${formatPosition(at)}`
        }`,
      );
    }
  }

  /** Adds every acknowledged message of a range that the subscriber neither received nor has a gap for. */
  #addLost(from: Position, to: number): void {
    const key = `${this.#stream.topic} ${from.epoch}`;
    for (const [offset, { body }] of this.#shared.acknowledged.get(key) ?? []) {
      if (offset < from.offset || offset >= to) continue;
      this.#violate(
        "lost",
        `'${body}' at ${formatPosition({ epoch: from.epoch, offset })}`,
      );
    }
  }

  #violate(kind: ViolationKind, detail: string): void {
    const { topic, subscriber: client } = this.#stream;
    this.#violations.push({ kind, topic, client, detail });
  }
}

/** Returns the key of a position in one topic. */
export function positionKey(
  topic: string,
  { epoch, offset }: Position,
): string {
  return `${topic} ${epoch} ${offset}`;
}

/** Formats a position as `epoch/offset`. */
export function formatPosition({ epoch, offset }: Position): string {
  return `${epoch}/${offset}`;
}
