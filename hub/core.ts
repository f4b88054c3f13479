import {
  CloseCode,
  type Contract,
  type ErrorCode,
  type Issue,
  type Joined,
  type MessageMap,
  type Start,
} from "../messages.ts";
import type { Clock } from "./clock.ts";
import { Connection } from "./connection.ts";
import { Delivery } from "./delivery.ts";
import { Handlers } from "./handlers.ts";
import { Heartbeat } from "./heartbeat.ts";
import { newPeerId } from "./ids.ts";
import type { HeartbeatOptions, Limits } from "./limits.ts";
import type { Retention } from "./log.ts";
import type { Departure, Peer } from "./peer.ts";
import { HUB, LogRecord } from "./record.ts";
import { Sessions } from "./sessions.ts";
import type { ConnectionInfo, Socket } from "./socket.ts";
import type { Entry, LogBounds, Outcome, Store, StoreSink } from "./store.ts";
import { Subscription } from "./subscription.ts";
import { Topic } from "./topic.ts";
import { Topics } from "./topics.ts";

/** Where something of the program's own, or of the store's, went wrong. */
export type ErrorStage =
  | "receive"
  | "hello"
  | "handler"
  | "join"
  | "leave"
  | "validate"
  | "flush"
  | "store"
  | "socket";

/** The program's hooks. What they throw goes to `onError`. */
export interface Hooks {
  /** A peer is there: greeted, in its topics. */
  onJoin?: ((peer: Peer) => void) | undefined;
  /** A peer that had joined has left. Called exactly once for each. */
  onLeave?: ((peer: Peer, departure: Departure) => void) | undefined;
  /** Something failed. The hub goes on; at most one connection was lost. Default: nothing. */
  onError?:
    | ((error: unknown, context: { readonly stage: ErrorStage }) => void)
    | undefined;
}

/** Why a publish was refused. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
  readonly issues?: readonly Issue[];
}

/** A message on its way to a log. */
export interface Publication {
  readonly topic: string;
  /** A message, or a binary payload. */
  readonly message: object | Uint8Array<ArrayBuffer>;
  /** Whose it is; absent: the program's. */
  readonly connection?: Connection;
  readonly session?: string;
  readonly id?: number;
  /** Called once, with the offset or the refusal. */
  settled(outcome: { readonly offset: number } | Refusal): void;
}

/** An entry with what the hub wants back when it is settled. */
interface Publish extends Entry {
  readonly publication: Publication;
  /** The message as the contract let it through, where the program's handlers want it. */
  readonly handled: { readonly type: string } | undefined;
}

/** The numbers of `hub.stats()`. */
export interface HubStats {
  /** Peers that have joined. */
  readonly peers: number;
  /** Connections, those that have not said hello included. */
  readonly connections: number;
  /** Connections that have left and whose transport has not said that they are gone. */
  readonly zombies: number;
  readonly topics: number;
  /** Records in the rings, and their bytes. */
  readonly records: number;
  readonly recordBytes: number;
  /** Since the start: records committed, deliveries of one record to one peer, gaps told, flushes, joins and leaves. */
  readonly committed: number;
  readonly delivered: number;
  readonly gaps: number;
  readonly flushes: number;
  readonly joins: number;
  readonly leaves: number;
}

/** Everything that {@linkcode Core} is made of, with no default left open. */
export interface CoreOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly contract: Contract<MessageMap>;
  readonly limits: Limits;
  readonly heartbeat: HeartbeatOptions;
  readonly retention: (name: string) => Retention;
  readonly sessionMs: number;
  readonly hooks: Hooks;
}

/** The hub's inside: who is connected, what is published, and what the store says. */
export class Core implements StoreSink {
  readonly clock: Clock;
  readonly limits: Limits;
  readonly peers: Set<Peer> = new Set();
  readonly connections: Set<Connection> = new Set();
  readonly topics: Topics;
  readonly heartbeat: Heartbeat;
  readonly delivery: Delivery;
  readonly sessions: Sessions;
  readonly handlers: Handlers;
  readonly #contract: Contract<MessageMap>;
  readonly #hooks: Hooks;
  readonly #zombies = new Set<Connection>();
  /** Messages whose handlers run after the flush. */
  #handled: {
    message: { readonly type: string };
    offset: number;
    publication: Publication;
  }[] = [];
  #onGone: (() => void) | undefined;
  #committed = 0;
  #joins = 0;
  #leaves = 0;

  constructor(options: CoreOptions) {
    const { store, clock, limits } = options;
    this.clock = clock;
    this.limits = limits;
    this.#contract = options.contract;
    this.#hooks = options.hooks;
    this.handlers = new Handlers((error) => this.report(error, "handler"));
    this.topics = new Topics(
      store,
      clock,
      limits,
      options.retention,
      options.sessionMs,
    );
    this.sessions = new Sessions(
      store,
      (connection, code, reason) => this.leave(connection, code, reason),
    );
    this.heartbeat = new Heartbeat(clock, options.heartbeat, limits.helloMs, {
      leave: (connection, code, reason) => this.leave(connection, code, reason),
      sweep: () => this.topics.sweep(clock.now()),
    });
    this.delivery = new Delivery({
      clock,
      store,
      afterFlush: () => this.#runHandlers(),
      report: (error, stage) => this.report(error, stage),
    });
    store.connect(this);
  }

  /** Takes a connection in. */
  attach(socket: Socket, info: ConnectionInfo): Connection {
    const connection = new Connection(this, newPeerId(), socket, info);
    this.connections.add(connection);
    connection.wire.opened();
    return connection;
  }

  /** The dialect has greeted a connection: it is a peer now. */
  joined(connection: Connection): void {
    if (connection.hasLeft) return;
    connection.joined = true;
    this.peers.add(connection);
    this.#joins++;
    if (connection.wire.name !== "plain") this.heartbeat.watch(connection);
    this.#call("join", () => this.#hooks.onJoin?.(connection));
  }

  /** The hub's decision that a connection has left: once, and never waiting for a `close` event. */
  leave(connection: Connection, code: number, reason: string): void {
    if (connection.hasLeft) return;
    this.#depart(connection, code, reason);
    this.#zombies.add(connection);
    connection.socket.close(code, reason);
    // Who is silent, or takes nothing in, will not take part in a closing handshake.
    if (code === CloseCode.silent || code === CloseCode.lagging) {
      connection.socket.terminate();
    }
  }

  /** The transport says that a connection is gone; some say so twice, some never. */
  socketClosed(connection: Connection, code: number, reason: string): void {
    this.#zombies.delete(connection);
    if (this.#zombies.size === 0) this.#onGone?.();
    // Deno reports 0 where the standard has 1006.
    if (!connection.hasLeft) {
      this.#depart(connection, code === 0 ? CloseCode.abnormal : code, reason);
    }
  }

  /** Resolves when every connection that left is gone, or after `graceMs`. */
  allGone(graceMs: number): Promise<void> {
    if (this.#zombies.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = this.clock.after(graceMs, resolve);
      this.#onGone = () => {
        cancel();
        resolve();
      };
    });
  }

  #depart(connection: Connection, code: number, reason: string): void {
    connection.hasLeft = true;
    this.connections.delete(connection);
    this.heartbeat.forget(connection);
    this.delivery.forget(connection);
    const now = this.clock.now();
    for (const { topic } of connection.subscriptions.values()) {
      topic.idleSince = now;
    }
    for (const subscription of connection.subscriptions.values()) {
      subscription.topic.subscriptions.delete(subscription);
    }
    connection.wire.left();
    if (!connection.joined) return;
    this.peers.delete(connection);
    this.#leaves++;
    this.#call(
      "leave",
      () => this.#hooks.onLeave?.(connection, { code, reason }),
    );
  }

  /** Puts a cursor into an open topic. */
  subscribe(connection: Connection, topic: Topic, start: Start): Joined {
    const joined = topic.place(start);
    const subscription = new Subscription(connection, topic, joined.offset);
    topic.subscriptions.add(subscription);
    connection.subscriptions.set(topic.name, subscription);
    this.delivery.start(subscription);
    return joined;
  }

  /** Takes a cursor out: nothing of the topic follows. */
  unsubscribe(subscription: Subscription): void {
    const { connection, topic } = subscription;
    topic.subscriptions.delete(subscription);
    topic.idleSince = this.clock.now();
    connection.subscriptions.delete(topic.name);
    connection.waiting.delete(subscription);
  }

  /** Checks a message and gathers it for the next flush. */
  publish(publication: Publication): void {
    const { message, connection, session, id } = publication;
    const topic = this.topics.open(publication.topic);
    if (!(topic instanceof Topic)) return publication.settled(topic);
    let body: string | Uint8Array<ArrayBuffer>;
    let handled: { readonly type: string } | undefined;
    if (message instanceof Uint8Array) body = message;
    else {
      const checked = this.#check(message);
      if (!checked.ok) return publication.settled(checked);
      if (this.handlers.has(checked.message.type)) handled = checked.message;
      body = JSON.stringify(checked.message);
    }
    const record = new LogRecord(
      connection?.id ?? HUB,
      this.clock.time(),
      this.clock.now(),
      body,
    );
    const entry: Publish = {
      topic: topic.name,
      record,
      session,
      id,
      publication,
      handled,
    };
    this.heartbeat.start();
    this.delivery.append(entry);
  }

  #check(message: object) {
    try {
      return this.#contract.check(message);
    } catch (error) {
      this.report(error, "validate");
      return {
        ok: false as const,
        code: "invalid" as const,
        message: "The message could not be checked",
      };
    }
  }

  opened(name: string, bounds: LogBounds): void {
    const topic = this.topics.get(name);
    if (topic === undefined) return;
    const lost = topic.epoch !== "";
    topic.open(bounds);
    if (!lost) return;
    // Their cursors are in a log that is no more. They come back, ask for it, and are told of the new epoch.
    for (const { connection } of [...topic.subscriptions]) {
      this.leave(connection, CloseCode.restart, "A topic's log was lost");
    }
  }

  committed(
    name: string,
    _offset: number,
    records: readonly LogRecord[],
  ): void {
    this.#committed += records.length;
    const topic = this.topics.get(name);
    if (topic !== undefined) this.delivery.committed(topic, records);
  }

  trimmed(name: string, tail: number): void {
    this.topics.get(name)?.trimmed(tail);
  }

  settled(entry: Entry, outcome: Outcome): void {
    const { publication, handled } = entry as Publish;
    publication.settled(outcome);
    if (handled === undefined || "code" in outcome) return;
    this.#handled.push({
      message: handled,
      offset: outcome.offset,
      publication,
    });
    this.delivery.schedule();
  }

  claimed(session: string): void {
    this.sessions.claimedElsewhere(session);
  }

  failed(error: unknown): void {
    this.report(error, "store");
  }

  /** Something of the program's failed while serving a connection: it costs that connection, nothing else. */
  abandon(connection: Connection, error: unknown, stage: ErrorStage): void {
    this.report(error, stage);
    this.leave(connection, 1011, "Internal error");
  }

  /** Hands a failure to the program. A hook that fails at that is not asked again. */
  report(error: unknown, stage: ErrorStage): void {
    try {
      this.#hooks.onError?.(error, { stage });
    } catch {
      // Nobody is left to tell.
    }
  }

  /** The numbers of now. */
  stats(): HubStats {
    let records = 0;
    let recordBytes = 0;
    for (const topic of this.topics) {
      records += topic.log.size;
      recordBytes += topic.log.bytes;
    }
    return {
      peers: this.peers.size,
      connections: this.connections.size,
      zombies: this.#zombies.size,
      topics: this.topics.size,
      records,
      recordBytes,
      committed: this.#committed,
      ...this.delivery.counts,
      joins: this.#joins,
      leaves: this.#leaves,
    };
  }

  #runHandlers(): void {
    const handled = this.#handled;
    if (handled.length === 0) return;
    this.#handled = [];
    for (const { message, offset, publication } of handled) {
      const { connection, topic } = publication;
      this.handlers.run(
        message,
        connection === undefined
          ? { topic, offset }
          : { peer: connection, topic, offset },
      );
    }
  }

  #call(stage: ErrorStage, hook: () => void): void {
    try {
      hook();
    } catch (error) {
      this.report(error, stage);
    }
  }
}
