import { utf8Length } from "../../messages.ts";
import type { Limits } from "../limits.ts";
import type { Refusal } from "../refusal.ts";

/** The memory of one member in one topic, without its data, in bytes: entries of maps, an id, an object. */
const MEMBER_BYTES = 256;
/** The memory of an object or array, in bytes: `[[],[],…]` takes many times the bytes of its text. */
const OBJECT_BYTES = 64;
/** The memory of a further element, in bytes. */
const ELEMENT_BYTES = 32;

/** The limits of the members of this hub. */
export type MemberLimits = Pick<
  Limits,
  "membersPerTopic" | "presenceBytesPerAddress" | "presenceBytesTotal"
>;

/** A sum over members that has a limit: the members of a topic, the bytes of an address, or the bytes of all. */
export class MemberSum {
  used = 0;
  /** The members in it without a connection, by public id, oldest first. */
  readonly detached: Set<string> = new Set();
}

/** The share of a member in the sums, for one topic. */
interface Charge {
  readonly bytes: number;
  /** Absent without an address. */
  readonly address: string | undefined;
  /** The sum of the topic. */
  readonly topic: MemberSum;
}

/**
 * The bound of a hub's own members. Each member counts in three sums: the members of its topic, the bytes of its address, and
 * the bytes of all. At a limit, the members without a connection leave, oldest first, as sessions without a connection do;
 * if there are none, the new member is refused.
 */
export class MemberBudget {
  readonly #limits: MemberLimits;
  readonly #all = new MemberSum();
  readonly #addresses = new Map<string, MemberSum>();
  /** The charges of each member, by topic. */
  readonly #charges = new Map<string, Map<MemberSum, Charge>>();
  /** Removes a member without a connection from all its topics. */
  readonly #expire: (id: string) => void;

  /**
   * @param limits the limits.
   * @param expire removes a member without a connection from all its topics.
   */
  constructor(limits: MemberLimits, expire: (id: string) => void) {
    this.#limits = limits;
    this.#expire = expire;
  }

  /**
   * Counts a member's data in a topic, instead of its earlier data.
   *
   * @param id the member's public id.
   * @param topic the sum of the topic.
   * @param address the address of its connection, as limits count it; empty if it has none.
   * @param data the data.
   * @returns a refusal at a limit: then the earlier data counts.
   */
  take(
    id: string,
    topic: MemberSum,
    address: string,
    data: unknown,
  ): Refusal | undefined {
    const charge = {
      bytes: costOf(data),
      address: address || undefined,
      topic,
    };
    const earlier = this.#charges.get(id)?.get(topic);
    if (earlier !== undefined) this.#count(earlier, -1);
    const refusal = this.#refusal(id, charge);
    if (refusal === undefined) {
      // It resumed from another address.
      if (earlier !== undefined && earlier.address !== charge.address) {
        this.#forget(id, earlier);
      }
      const charges = this.#charges.get(id) ?? new Map<MemberSum, Charge>();
      this.#charges.set(id, charges);
      charges.set(topic, charge);
      this.#count(charge, 1);
    } else if (earlier !== undefined) this.#count(earlier, 1);
    return refusal;
  }

  /** Counts a member in a topic no longer. */
  release(id: string, topic: MemberSum): void {
    const charges = this.#charges.get(id);
    const charge = charges?.get(topic);
    if (charges === undefined || charge === undefined) return;
    charges.delete(topic);
    if (charges.size === 0) this.#charges.delete(id);
    this.#forget(id, charge);
    this.#count(charge, -1);
  }

  /** Notes that a member has no connection. */
  detached(id: string): void {
    for (const sum of this.#sumsOf(id)) {
      sum.detached.delete(id);
      sum.detached.add(id);
    }
  }

  /** Notes that a member has a connection again. */
  resumed(id: string): void {
    for (const sum of this.#sumsOf(id)) sum.detached.delete(id);
  }

  #refusal(id: string, charge: Charge): Refusal | undefined {
    const { membersPerTopic, presenceBytesPerAddress, presenceBytesTotal } =
      this.#limits;
    const { bytes, topic } = charge;
    const address = charge.address === undefined
      ? undefined
      : this.#addressOf(charge.address);
    if (!this.#fits(id, topic, 1, membersPerTopic)) {
      const message =
        `Too many members of the topic: at most ${membersPerTopic}`;
      return { code: "limit", message };
    }
    if (
      address !== undefined &&
      !this.#fits(id, address, bytes, presenceBytesPerAddress)
    ) {
      const message =
        `Too much presence data of one address: at most ${presenceBytesPerAddress} bytes`;
      return { code: "limit", message };
    }
    if (!this.#fits(id, this.#all, bytes, presenceBytesTotal)) {
      const message =
        `Too much presence data: at most ${presenceBytesTotal} bytes`;
      return { code: "limit", message };
    }
    return undefined;
  }

  /** Removes members without a connection until there is capacity. @returns `false` if none are left. */
  #fits(id: string, sum: MemberSum, added: number, limit: number): boolean {
    while (sum.used + added > limit) {
      const oldest = oldestBut(id, sum);
      if (oldest === undefined) return false;
      // Before the call: whatever it does, the loop ends.
      sum.detached.delete(oldest);
      this.#expire(oldest);
    }
    return true;
  }

  #count({ bytes, address, topic }: Charge, sign: 1 | -1): void {
    topic.used += sign;
    this.#all.used += sign * bytes;
    if (address === undefined) return;
    const sum = this.#addressOf(address);
    sum.used += sign * bytes;
    if (sum.used === 0) this.#addresses.delete(address);
    else this.#addresses.set(address, sum);
  }

  #addressOf(address: string): MemberSum {
    return this.#addresses.get(address) ?? new MemberSum();
  }

  /** A member that a sum has no more must not stay in the order of its members without a connection. */
  #forget(id: string, { topic, address }: Charge): void {
    topic.detached.delete(id);
    this.#all.detached.delete(id);
    if (address !== undefined) this.#addressOf(address).detached.delete(id);
  }

  *#sumsOf(id: string): Generator<MemberSum> {
    const charges = this.#charges.get(id);
    if (charges === undefined) return;
    yield this.#all;
    for (const { topic, address } of charges.values()) {
      yield topic;
      if (address !== undefined) yield this.#addressOf(address);
    }
  }
}

/** Returns the oldest member without a connection, except the one that needs the capacity. */
function oldestBut(id: string, { detached }: MemberSum): string | undefined {
  for (const oldest of detached) if (oldest !== id) return oldest;
  return undefined;
}

/** Estimates the memory of a member's data. */
function costOf(data: unknown): number {
  const text = JSON.stringify(data);
  let bytes = MEMBER_BYTES + utf8Length(text);
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === 0x7b || unit === 0x5b) bytes += OBJECT_BYTES;
    else if (unit === 0x2c) bytes += ELEMENT_BYTES;
  }
  return bytes;
}
