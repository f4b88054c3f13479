import { topicNameProblem } from "../../messages.ts";
import type { Connection } from "../peers/connection.ts";
import {
  PresenceLog,
  type PresenceLogContext,
  TICK_MS,
} from "./replication.ts";
import type { PresenceChange } from "./change.ts";
import { Room } from "./topic_members.ts";

/** Above this many members a topic's presence is a count. */
const MAX_NAMED = 1000;
/** A member whose session went on at another hub has so long to become one there, in ms. */
const MOVE_MS = 10_000;

/** What {@linkcode Presence} needs of the hub. */
export interface PresenceContext {
  /** Sends a frame of the presence kind. */
  send(connection: Connection, text: string): void;
  /** Plans a flush. */
  schedule(): void;
  /** Tells the program. */
  changed(change: PresenceChange): void;
  /** With a store that several hubs share: what their telling each other needs. */
  readonly nodes?: PresenceLogContext;
}

/**
 * Who is in which topic: docs/protocol.md, "Presence". A member is a session, not a connection: it stays through a cut
 * for the time of grace, and leaves exactly once.
 */
export class Presence {
  readonly #context: PresenceContext;
  readonly #graceMs: number;
  readonly #rooms = new Map<string, Room>();
  /** Members whose connection is gone, and when their grace ends. */
  readonly #parted = new Map<string, { until: number; rooms: Room[] }>();
  readonly #fresh = new Set<Room>();
  #isBeating = false;

  constructor(graceMs: number, context: PresenceContext) {
    this.#graceMs = graceMs;
    this.#context = context;
  }

  /**
   * The members of a topic: data by the peer's public id. Where hubs share a store, whoever asks follows the topic: the
   * first answer has only those whom this hub knew.
   */
  members(topic: string): ReadonlyMap<string, unknown> {
    const known = this.#rooms.get(topic);
    if (this.#context.nodes === undefined) return known?.members ?? new Map();
    if (topicNameProblem(topic) !== undefined) return new Map();
    const room = known ?? this.#room(topic);
    room.log!.looked();
    return room.members;
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
    this.#show(
      room,
      id,
      room.log === undefined ? { data } : room.log.set(id, data),
    );
  }

  /** A peer has left a topic. */
  leave(connection: Connection, topic: string): void {
    const room = this.#rooms.get(topic);
    if (room === undefined || !connection.rooms.delete(topic)) return;
    room.unwatch(connection);
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
      room.unwatch(connection);
      rooms.push(room);
    }
    connection.rooms.clear();
    this.#parted.set(id, { until: now + this.#graceMs, rooms });
    if (ended) this.#over(id);
    else for (const room of rooms) room.log?.parted(id);
  }

  /** A session has gone on at another hub: what it does not become a member of there, it has left. */
  moved(id: string, now: number): void {
    const parted = this.#parted.get(id);
    if (parted === undefined) return;
    parted.until = Math.min(parted.until, now + MOVE_MS);
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
      if (until <= now) this.#over(id);
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
      const change = room.takeChange();
      if (change !== undefined) this.#context.changed(change);
      this.#tell(room, change);
      if (room.log !== undefined) room.log.write();
      else if (room.members.size === 0 && room.watchers.size === 0) {
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
        everybody ??= encode({ topic, snapshot: true, join: room.list() });
        this.#context.send(watcher, everybody);
      } else {
        news ??= encode(change);
        this.#context.send(watcher, news);
      }
    }
    room.counted = counted;
  }

  #over(id: string): void {
    const parted = this.#parted.get(id);
    this.#parted.delete(id);
    for (const room of parted?.rooms ?? []) this.#remove(room, id);
  }

  #remove(room: Room, id: string): void {
    this.#show(room, id, room.log?.remove(id));
  }

  #show(
    room: Room,
    id: string,
    said: { readonly data: unknown } | undefined,
  ): void {
    if (room.show(id, said)) this.#touch(room);
  }

  #touch(room: Room): void {
    this.#fresh.add(room);
    this.#context.schedule();
  }

  #room(topic: string): Room {
    let room = this.#rooms.get(topic);
    if (room === undefined) {
      this.#rooms.set(topic, room = new Room(topic));
      this.#follow(room);
    }
    return room;
  }

  /** Where hubs share a store, a room is one for all of them. */
  #follow(room: Room): void {
    const { nodes } = this.#context;
    if (nodes === undefined) return;
    // What is followed while nobody has ever connected is swept as well.
    nodes.heartbeat.start();
    const log: PresenceLog = room.log = new PresenceLog(room.topic, nodes, {
      changed: (peer) => this.#show(room, peer, log.newest(peer)),
      isParted: (peer) => this.#parted.has(peer),
      touched: () => this.#touch(room),
    });
    this.#beat();
  }

  #beat(): void {
    if (this.#isBeating || this.#rooms.size === 0) return;
    this.#isBeating = true;
    this.#context.nodes!.clock.after(TICK_MS, () => {
      this.#isBeating = false;
      for (const room of this.#rooms.values()) {
        if (room.log!.tick()) this.#unfollow(room);
      }
      this.#beat();
    });
  }

  /** Nobody here is in the room, or asks who is. */
  #unfollow(room: Room): void {
    room.log!.end();
    for (const peer of [...room.members.keys()]) room.show(peer, undefined);
    const change = room.takeChange();
    if (change !== undefined) this.#context.changed(change);
    this.#rooms.delete(room.topic);
    this.#fresh.delete(room);
  }
}

function encode(frame: object): string {
  return JSON.stringify({ type: "presence", ...frame });
}
