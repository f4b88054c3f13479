import { isCount, utf8Length } from "../../messages.ts";

/** The state of a member, as its hub states it. */
export interface MemberState {
  /** The time at which the member set its data, in ms since 1970. Of the states of two hubs, the newer one counts. */
  readonly at: number;
  /** The member's data. */
  readonly data: unknown;
}

/** A record of the log through which hubs exchange the members of one topic. */
export interface ReplicationRecord {
  /** Members that joined or changed their data; in a list, all members of the hub. */
  readonly join: readonly (readonly [peer: string, state: MemberState])[];
  /** Members that left the hub. */
  readonly leave: readonly string[];
  /** The number of the record among the parts of the hub's whole list. Absent: the record is a change. */
  readonly part?: { readonly nth: number; readonly of: number };
  /** `true` if the record requests the lists of the other hubs. */
  readonly ask: boolean;
}

/**
 * Encodes the changes of a hub's members.
 *
 * @param join the members that joined or changed their data.
 * @param leave the members that left.
 * @param maxBytes the maximum bytes of a record, about; one member alone may exceed it.
 */
export function encodeChanges(
  join: Iterable<readonly [string, MemberState]>,
  leave: Iterable<string>,
  maxBytes: number,
): string[] {
  const joins = split(Array.from(join, encodeMember), maxBytes / 2);
  const leaves = split(
    Array.from(leave, (peer) => JSON.stringify(peer)),
    maxBytes / 2,
  );
  const bodies: string[] = [];
  for (let i = 0; i < Math.max(joins.length, leaves.length); i++) {
    bodies.push(`{"join":[${joins[i] ?? ""}],"leave":[${leaves[i] ?? ""}]}`);
  }
  return bodies;
}

/**
 * Encodes the whole list of a hub's members, as at least one record.
 *
 * @param members the members.
 * @param ask `true` to request the lists of the other hubs.
 * @param maxBytes the maximum bytes of a record, about; one member alone may exceed it.
 */
export function encodeList(
  members: ReadonlyMap<string, MemberState>,
  ask: boolean,
  maxBytes: number,
): string[] {
  const parts = split(Array.from(members, encodeMember), maxBytes);
  if (parts.length === 0) parts.push("");
  const end = ask ? `,"ask":true}` : "}";
  return parts.map((join, nth) =>
    `{"part":[${nth},${parts.length}],"join":[${join}]${end}`
  );
}

/**
 * Decodes a record.
 *
 * @param body the record's body.
 * @returns the record; `undefined` for a body of another shape, which a hub of another version may write.
 */
export function decodeReplication(
  body: string | Uint8Array,
): ReplicationRecord | undefined {
  try {
    const { join = [], leave = [], part, ask = false } = JSON.parse(
      body as string,
    );
    if (!leave.every((peer: unknown) => typeof peer === "string")) return;
    if (part !== undefined && !part.every(isCount)) return;
    const members = join.map(
      ([peer, at, data]: [unknown, unknown, unknown]) => {
        if (typeof peer !== "string" || typeof at !== "number") throw undefined;
        return [peer, { at, data }] as const;
      },
    );
    return {
      join: members,
      leave,
      ask: ask === true,
      ...(part === undefined ? {} : { part: { nth: part[0], of: part[1] } }),
    };
  } catch {
    return undefined;
  }
}

function encodeMember(
  [peer, { at, data }]: readonly [string, MemberState],
): string {
  return `[${JSON.stringify(peer)},${at},${JSON.stringify(data)}]`;
}

/** Joins pieces with commas into texts of about `maxBytes`, each of at least one piece. */
function split(pieces: readonly string[], maxBytes: number): string[] {
  const texts: string[] = [];
  let bytes = Infinity;
  for (const piece of pieces) {
    const more = utf8Length(piece) + 1;
    if (bytes + more > maxBytes) {
      texts.push(piece);
      bytes = more;
    } else {
      texts[texts.length - 1] += `,${piece}`;
      bytes += more;
    }
  }
  return texts;
}
