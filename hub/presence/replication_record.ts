import { isCount, utf8Length } from "../../messages.ts";

/** What a node says of one of its members. */
export interface Said {
  /** When the member said it, in ms since 1970. Of two nodes' words on one member the newer counts. */
  readonly at: number;
  /** What the member says of itself. */
  readonly data: unknown;
}

/** One record of the log in which nodes tell each other who is in a topic. */
export interface PresenceEntry {
  /** Who came to the node, or has new data; in a list all whom it has. */
  readonly join: readonly (readonly [peer: string, said: Said])[];
  /** Who left the node. */
  readonly leave: readonly string[];
  /** It is the `nth` of `of` parts of the node's whole list, which follow each other. Absent: what has changed. */
  readonly part?: { readonly nth: number; readonly of: number };
  /** The other nodes are to say their lists. */
  readonly ask: boolean;
}

/**
 * Encodes what has changed on a node.
 *
 * @param join who came or has new data.
 * @param leave who left.
 * @param maxBytes about the most that one record has; one member alone may have more.
 */
export function encodeChanges(
  join: Iterable<readonly [string, Said]>,
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
 * Encodes everybody whom a node has: at least one record, though it be nobody.
 *
 * @param members who they are.
 * @param ask whether the other nodes are to answer with theirs.
 * @param maxBytes about the most that one record has; one member alone may have more.
 */
export function encodeList(
  members: ReadonlyMap<string, Said>,
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
 * Decodes a record of such a log.
 *
 * @param body the record's.
 * @returns what it says; `undefined` if it is none: another version of the hub may write what this one does not know.
 */
export function decodeEntry(
  body: string | Uint8Array,
): PresenceEntry | undefined {
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

function encodeMember([peer, { at, data }]: readonly [string, Said]): string {
  return `[${JSON.stringify(peer)},${at},${JSON.stringify(data)}]`;
}

/** Joins pieces with commas, into texts of about `maxBytes` at most, each of at least one piece. */
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
