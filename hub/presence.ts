import type { Member } from "../messages.ts";
import type { Connection } from "./connection.ts";

/** Above this many members a topic's presence is a count. */
const MAX_NAMED = 1000;

/** Who came and who left, in one topic, in one flush. */
export interface PresenceChange {
  /** The topic's name. */
  readonly topic: string;
  /** Who came, or has new data. */
  readonly join: readonly Member[];
  /** The public ids of those who left. */
  readonly leave: readonly string[];
}

/** What {@linkcode Presence} needs of the hub. */
export interface PresenceContext {
  /** Sends a frame of the presence kind. */
  send(connection: Connection, text: string): void;
  /** Plans a flush. */
  schedule(): void;
  /** Tells the program. */
  changed(change: PresenceChange): void;
}

/** Who is in one topic, and who is told of it. */
interface Room {
  readonly topic: string;
  /** Data by the peer's public id: one entry for each session, whatever its connection does. */
  readonly members: Map<string, unknown>;
  readonly watchers: Set<Connection>;
  /** Watchers that were told nothing yet, or had no credit when they would have been. */
  readonly behind: Set<Connection>;
  /** Who changed since the last flush. */
  readonly changed: Set<string>;
  /** Who was there at the last flush. */
  readonly known: Set<string>;
  /** Whether the last flush told their number only. */
  counted: boolean;
}

/**
 * Who is in which topic: docs/protocol.md, "Presence". A member is a session, not a connection: it stays through a cut
 * for the time of grace, and leaves exactly once.
 */
export class Presence {
  readonly #context: PresenceContext;
  readonly #graceMs: number;
  readonly #rooms = new Map<string, Room>();
  /** Members whose connection is gone, in the order in which their grace ends. */
  readonly #parted = new Map<string, { until: number; rooms: Room[] }>();
  readonly #fresh = new Set<Room>();

  constructor(graceMs: number, context: PresenceContext) {
    this.#graceMs = graceMs;
    this.#context = context;
  }

  /** The members of a topic: data by the peer's public id. */
  members(topic: string): ReadonlyMap<string, unknown> {
    return this.#rooms.get(topic)?.members ?? new Map();
  }

  /** A peer becomes a member, comes back, or has new data. */
  set(connection: Connection, topic: string, data: unknown): void {
    const room = this.#room(topic);
    if (!room.watchers.has(connection)) {
      room.watchers.add(connection);
      room.behind.add(connection);
      connection.rooms.add(topic);
      this.#touch(room);
    }
    const { id } = connection;
    const same = room.members.has(id) &&
      JSON.stringify(room.members.get(id)) === JSON.stringify(data);
    if (same) return;
    room.members.set(id, data);
    room.changed.add(id);
    this.#touch(room);
  }

  /** A peer has left a topic. */
  leave(connection: Connection, topic: string): void {
    const room = this.#rooms.get(topic);
    if (room === undefined || !connection.rooms.delete(topic)) return;
    this.#unwatch(room, connection);
    this.#remove(room, connection.id);
  }

  /**
   * A connection has left the hub.
   *
   * @param ended whether its session is over as well; if not, its entries stay for the time of grace.
   */
  part(connection: Connection, ended: boolean, now: number): void {
    if (connection.rooms.size === 0) return;
    const { id } = connection;
    // It may have come back and fallen again before it was in all the topics that it had been in.
    const rooms = this.#parted.get(id)?.rooms ?? [];
    for (const topic of connection.rooms) {
      const room = this.#rooms.get(topic)!;
      this.#unwatch(room, connection);
      rooms.push(room);
    }
    connection.rooms.clear();
    this.#parted.delete(id);
    this.#parted.set(id, { until: now + this.#graceMs, rooms });
    if (ended) this.#over(id);
  }

  /** A session has come back: it has left the topics that it does not name again. */
  resumed(connection: Connection): void {
    const parted = this.#parted.get(connection.id);
    if (parted === undefined) return;
    this.#parted.delete(connection.id);
    for (const room of parted.rooms) {
      if (!room.watchers.has(connection)) this.#remove(room, connection.id);
    }
  }

  /** Lets go of those whose time of grace has ended. */
  sweep(now: number): void {
    for (const [id, { until }] of this.#parted) {
      if (until > now) break;
      this.#over(id);
    }
  }

  /** Whether a connection waits to be told who is there. */
  isBehind(connection: Connection): boolean {
    for (const topic of connection.rooms) {
      if (this.#rooms.get(topic)?.behind.has(connection)) return true;
    }
    return false;
  }

  /** Tells every watcher that can take it what is new: one frame for each topic and flush. */
  flush(): void {
    const rooms = [...this.#fresh];
    this.#fresh.clear();
    for (const room of rooms) {
      const change = this.#changeOf(room);
      if (change !== undefined) this.#context.changed(change);
      this.#tell(room, change);
      if (room.members.size === 0 && room.watchers.size === 0) {
        this.#rooms.delete(room.topic);
      }
    }
  }

  /** A connection took in what it was sent. */
  wake(connection: Connection): void {
    if (!this.isBehind(connection)) return;
    for (const topic of connection.rooms) this.#touch(this.#rooms.get(topic)!);
  }

  #tell(room: Room, change: PresenceChange | undefined): void {
    const { topic } = room;
    const counted = room.members.size > MAX_NAMED;
    let everybody: string | undefined;
    let news: string | undefined;
    for (const watcher of room.watchers) {
      const behind = room.behind.has(watcher);
      if (!behind && change === undefined) continue;
      if (!watcher.canTake) {
        room.behind.add(watcher);
        continue;
      }
      room.behind.delete(watcher);
      if (counted) {
        news ??= encode({ topic, count: room.members.size });
        this.#context.send(watcher, news);
      } else if (behind || room.counted || change === undefined) {
        // Who was told a number only knows nobody.
        everybody ??= encode({ topic, snapshot: true, join: listOf(room) });
        this.#context.send(watcher, everybody);
      } else {
        news ??= encode(change);
        this.#context.send(watcher, news);
      }
    }
    room.counted = counted;
  }

  #changeOf(room: Room): PresenceChange | undefined {
    const join: Member[] = [];
    const leave: string[] = [];
    for (const peer of room.changed) {
      if (room.members.has(peer)) {
        room.known.add(peer);
        join.push({ peer, data: room.members.get(peer) });
      } else if (room.known.delete(peer)) leave.push(peer);
    }
    room.changed.clear();
    if (join.length === 0 && leave.length === 0) return undefined;
    return { topic: room.topic, join, leave };
  }

  #over(id: string): void {
    const parted = this.#parted.get(id);
    this.#parted.delete(id);
    for (const room of parted?.rooms ?? []) this.#remove(room, id);
  }

  #remove(room: Room, id: string): void {
    if (!room.members.delete(id)) return;
    room.changed.add(id);
    this.#touch(room);
  }

  #unwatch(room: Room, connection: Connection): void {
    room.watchers.delete(connection);
    room.behind.delete(connection);
  }

  #touch(room: Room): void {
    this.#fresh.add(room);
    this.#context.schedule();
  }

  #room(topic: string): Room {
    let room = this.#rooms.get(topic);
    if (room === undefined) {
      room = {
        topic,
        members: new Map(),
        watchers: new Set(),
        behind: new Set(),
        changed: new Set(),
        known: new Set(),
        counted: false,
      };
      this.#rooms.set(topic, room);
    }
    return room;
  }
}

function encode(frame: object): string {
  return JSON.stringify({ type: "presence", ...frame });
}

function listOf(room: Room): Member[] {
  return [...room.members].map(([peer, data]) => ({ peer, data }));
}
