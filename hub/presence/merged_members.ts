import type { MemberState, ReplicationRecord } from "./replication_record.ts";

/** The members of another hub, as its records state them. */
interface OtherHub {
  readonly members: Map<string, MemberState>;
  /** The age at its last record. */
  receivedAt: number;
  /** The members of a list whose parts are still arriving. */
  listed: Set<string> | undefined;
  /** The parts of that list that have arrived. */
  parts: number;
}

/**
 * The members of one topic, merged from the records of every hub. A member exists while any hub has it, with the newest
 * data that any hub has. The order of the hubs' records does not matter, because a hub states its own members only.
 */
export class MergedMembers {
  /** The members of this hub. */
  readonly own: Map<string, MemberState> = new Map();
  readonly #others = new Map<string, OtherHub>();

  /** Returns the newest state of a member; `undefined` if no hub has it. */
  newest(peer: string): MemberState | undefined {
    let newest = this.own.get(peer);
    for (const { members } of this.#others.values()) {
      const state = members.get(peer);
      if (isNewer(state, newest)) newest = state;
    }
    return newest;
  }

  /**
   * Sets the data of a member of this hub, as the newest.
   *
   * @param peer the member's public id.
   * @param data the member's data.
   * @param time ms since 1970.
   */
  set(peer: string, data: unknown, time: number): void {
    const newest = this.newest(peer);
    // Without this, a hub whose clock is ahead would have the newest state for as long as it is ahead.
    const at = newest === undefined ? time : Math.max(time, newest.at + 1);
    this.own.set(peer, { at, data });
  }

  /** Returns `true` if another hub has a newer state of a member of this hub: the member has moved there. */
  hasMoved(peer: string): boolean {
    const own = this.own.get(peer);
    return own !== undefined && this.newest(peer) !== own;
  }

  /**
   * Merges a record of another hub.
   *
   * @param hub the other hub's id.
   * @param record the record.
   * @param age the present age, to find hubs that stopped sending.
   * @returns the members whose state may have changed.
   */
  merge(hub: string, record: ReplicationRecord, age: number): Set<string> {
    const { join, leave, part } = record;
    const changed = new Set<string>();
    let other = this.#others.get(hub);
    if (other === undefined) {
      other = {
        members: new Map(),
        receivedAt: age,
        listed: undefined,
        parts: 0,
      };
      this.#others.set(hub, other);
    }
    const { members } = other;
    other.receivedAt = age;
    if (part?.nth === 0) {
      other.listed = new Set();
      other.parts = 0;
    }
    for (const [peer, state] of join) {
      other.listed?.add(peer);
      if (members.get(peer)?.at === state.at) continue;
      members.set(peer, state);
      changed.add(peer);
    }
    for (const peer of leave) if (members.delete(peer)) changed.add(peer);
    if (part === undefined) return changed;
    // If a part is missing, a member that the list lacks may still exist.
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

  /** Ignores the lists that are still arriving: records were missed, so that parts may be missing. */
  missed(): void {
    for (const other of this.#others.values()) other.listed = undefined;
  }

  /**
   * Drops the hubs that have sent nothing since an age.
   *
   * @returns the members whose state may have changed.
   */
  drop(age: number): Set<string> {
    const changed = new Set<string>();
    for (const [hub, { receivedAt, members }] of this.#others) {
      if (receivedAt > age) continue;
      this.#others.delete(hub);
      for (const peer of members.keys()) changed.add(peer);
    }
    return changed;
  }
}

/** Compares by time, then by the data's JSON: all hubs must choose the same state. */
function isNewer(
  state: MemberState | undefined,
  other: MemberState | undefined,
): boolean {
  if (state === undefined || other === undefined) return state !== undefined;
  if (state.at !== other.at) return state.at > other.at;
  return JSON.stringify(state.data) > JSON.stringify(other.data);
}
