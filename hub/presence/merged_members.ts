import type { PresenceEntry, Said } from "./replication_record.ts";

/** What another node has said. */
interface Node {
  readonly members: Map<string, Said>;
  /** The age of the roster when it was last heard. */
  heardAt: number;
  /** Whom the list names that it is in the middle of. */
  listed: Set<string> | undefined;
  /** How many parts of that list have come. */
  parts: number;
}

/**
 * Who is in one topic, as each node says for itself. A member is there while any node has it, and what it says of itself
 * is the newest that any node knows: nodes need not agree on an order, for none speaks of another's members.
 */
export class Roster {
  /** Those whom this node has. */
  readonly own: Map<string, Said> = new Map();
  readonly #others = new Map<string, Node>();

  /** What counts of a member: the newest that any node says. `undefined`: no node has it. */
  newest(peer: string): Said | undefined {
    let newest = this.own.get(peer);
    for (const { members } of this.#others.values()) {
      const said = members.get(peer);
      if (isNewer(said, newest)) newest = said;
    }
    return newest;
  }

  /**
   * A member of this node's has something to say of itself: from now on that is the newest.
   *
   * @param time now, in ms since 1970.
   */
  set(peer: string, data: unknown, time: number): void {
    const known = this.newest(peer);
    // A node whose clock is ahead must not have the last word for as long as it is.
    const at = known === undefined ? time : Math.max(time, known.at + 1);
    this.own.set(peer, { at, data });
  }

  /** Whether another node has a newer word on a member than this one: the member has moved there. */
  hasMoved(peer: string): boolean {
    const own = this.own.get(peer);
    return own !== undefined && this.newest(peer) !== own;
  }

  /**
   * Another node has said something.
   *
   * @param node its id.
   * @param entry what it says.
   * @param age the roster's age, from which on it may be silent.
   * @returns the members of whom something is new.
   */
  take(node: string, entry: PresenceEntry, age: number): Set<string> {
    const { join, leave, part } = entry;
    const changed = new Set<string>();
    let other = this.#others.get(node);
    if (other === undefined) {
      other = { members: new Map(), heardAt: age, listed: undefined, parts: 0 };
      this.#others.set(node, other);
    }
    const { members } = other;
    other.heardAt = age;
    if (part?.nth === 0) {
      other.listed = new Set();
      other.parts = 0;
    }
    for (const [peer, said] of join) {
      other.listed?.add(peer);
      if (members.get(peer)?.at === said.at) continue;
      members.set(peer, said);
      changed.add(peer);
    }
    for (const peer of leave) if (members.delete(peer)) changed.add(peer);
    if (part === undefined) return changed;
    // Without one of its parts a list does not say who is not in it.
    if (part.nth !== other.parts++) other.listed = undefined;
    if (part.nth + 1 < part.of || other.listed === undefined) return changed;
    for (const peer of members.keys()) {
      if (other.listed.has(peer)) continue;
      members.delete(peer);
      changed.add(peer);
    }
    other.listed = undefined;
    return changed;
  }

  /** Records were missed: a list that is on its way may lack some of its parts. */
  missed(): void {
    for (const other of this.#others.values()) other.listed = undefined;
  }

  /**
   * Drops the nodes that were not heard since.
   *
   * @param age the roster's age at that time.
   * @returns the members of whom something is new.
   */
  drop(age: number): Set<string> {
    const changed = new Set<string>();
    for (const [node, { heardAt, members }] of this.#others) {
      if (heardAt > age) continue;
      this.#others.delete(node);
      for (const peer of members.keys()) changed.add(peer);
    }
    return changed;
  }
}

/** At the same time, what sorts higher: all nodes must come to the same. */
function isNewer(said: Said | undefined, than: Said | undefined): boolean {
  if (said === undefined || than === undefined) return said !== undefined;
  if (said.at !== than.at) return said.at > than.at;
  return JSON.stringify(said.data) > JSON.stringify(than.data);
}
