import {
  CloseCode,
  type Contract,
  type Joined,
  type MessageMap,
  type Start,
} from "../messages.ts";
import { IgnoredRejections } from "../common/ignored_rejections.ts";
import { Access, type AccessOptions } from "./access/access.ts";
import type { Ticket } from "./access/ticket.ts";
import type { TopicUse } from "./access/allow.ts";
import type { Clock } from "./clock.ts";
import { Connection } from "./peers/connection.ts";
import { Connections } from "./peers/connections.ts";
import { Delivery } from "./log/flush.ts";
import { Handlers } from "./log/handlers.ts";
import { Heartbeat } from "./peers/heartbeat.ts";
import { GuardedStore } from "./log/guarded_store.ts";
import { type LogPart, readHistory } from "./log/history.ts";
import { type ErrorStage, type Hooks, Reporter } from "./hooks.ts";
import { directLogOf, newPeerId, randomId } from "./ids.ts";
import { Monitor } from "./observe/monitor.ts";
import type { HeartbeatOptions, Limits } from "./limits.ts";
import { Presence } from "./presence/presence.ts";
import { checkPresence } from "./presence/member_data.ts";
import { Publisher } from "./log/publisher.ts";
import type { Refusal } from "./refusal.ts";
import { type RateBounds, rateBounds } from "./peers/rate_limit.ts";
import { Requests } from "./protocol/requests.ts";
import { Sessions } from "./peers/sessions.ts";
import type { ConnectionRequest, Socket } from "./socket.ts";
import { statsOf } from "./observe/series.ts";
import type { HubStats } from "./observe/stats.ts";
import type { Store } from "./log/store.ts";
import { StoreAnswers } from "./store_answers.ts";
import { type Reader, Subscription } from "./log/subscription.ts";
import { Topic } from "./log/topic.ts";
import type { TopicSettings } from "./log/topic_options.ts";
import { Topics } from "./log/topics.ts";

/** Everything that {@linkcode Core} is made of, with no default left open. */
export interface CoreOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly contract: Contract<MessageMap>;
  readonly limits: Limits;
  readonly heartbeat: HeartbeatOptions;
  readonly topics: (name: string) => TopicSettings;
  readonly sessionMs: number;
  readonly graceMs: number;
  readonly access: Pick<AccessOptions, "authorize" | "allow">;
  readonly hooks: Hooks;
}

/** The hub's inside: what ties its parts together. */
export class Core {
  readonly clock: Clock;
  readonly contract: Contract<MessageMap>;
  /** Its id among the hubs that share a store. */
  readonly node: string = `$${randomId(12)}`;
  readonly limits: Limits;
  /** How much each connection may send; absent: any amount. */
  readonly rates: RateBounds | undefined;
  readonly monitor: Monitor;
  readonly reporter: Reporter;
  readonly access: Access;
  readonly connections: Connections;
  readonly topics: Topics;
  readonly heartbeat: Heartbeat;
  readonly delivery: Delivery;
  readonly sessions: Sessions;
  readonly handlers: Handlers;
  readonly requests: Requests;
  /** Reports the refusals of the hub's own publishes that the program ignores. */
  readonly rejections: IgnoredRejections;
  readonly publisher: Publisher;
  readonly presence: Presence;
  readonly #store: Store;
  readonly #answers: StoreAnswers;

  constructor(options: CoreOptions) {
    const { clock, limits, contract, hooks } = options;
    this.clock = clock;
    this.limits = limits;
    this.rates = rateBounds(limits);
    const monitor = this.monitor = new Monitor(clock);
    const reporter = this.reporter = new Reporter(
      hooks,
      (error, stage) => monitor.failed(error, stage),
    );
    const answers = this.#answers = new StoreAnswers(this);
    const store = this.#store = new GuardedStore(options.store, {
      failed: (error) => answers.failed(error),
      lost: (entries) => this.publisher.lost(entries),
    });
    this.contract = contract;
    const leave = (connection: Connection, code: number, reason: string) =>
      this.connections.leave(connection, code, reason);
    const handlerFailed = (error: unknown) => reporter.report(error, "handler");
    this.access = new Access(
      { ...options.access, ...limits },
      { clock, reporter, leave },
    );
    this.connections = new Connections({
      clock,
      hooks,
      reporter,
      monitor,
      departed: (connection, ended) => this.#departed(connection, ended),
    });
    this.topics = new Topics(
      store,
      clock,
      limits,
      options.topics,
      options.sessionMs,
      (error) => answers.failed(error),
    );
    this.sessions = new Sessions(store, leave);
    this.heartbeat = new Heartbeat(clock, options.heartbeat, limits.helloMs, {
      leave,
      sweep: () => {
        const now = clock.now();
        this.topics.sweep(now, (slow) => this.#tooSlow(slow));
        this.presence.sweep(now);
        this.requests.sweep(now);
        this.access.sweep(now);
      },
    });
    this.delivery = new Delivery({
      clock,
      store,
      reporter,
      monitor,
      tooSlow: (subscription) => this.#tooSlow(subscription),
      failed: (reader, error) => this.abandon(reader, error, "flush"),
      afterFlush: () => {
        this.presence.flush();
        this.publisher.runHandlers();
      },
    });
    this.handlers = new Handlers(handlerFailed);
    this.requests = new Requests({
      contract,
      clock,
      monitor,
      timeoutMs: limits.requestMs,
      failed: handlerFailed,
    });
    this.rejections = new IgnoredRejections({
      // A closed clock calls nothing.
      afterTurn: (check) => {
        if (this.delivery.closed) void Promise.resolve().then(check);
        else clock.turn(check);
        return undefined;
      },
      ignored: (error) => reporter.report(error, "publish"),
    });
    this.publisher = new Publisher({
      contract,
      clock,
      delivery: this.delivery,
      handlers: this.handlers,
      rejections: this.rejections,
      reporter,
    });
    this.presence = new Presence(options.graceMs, {
      send: (connection, text) => connection.tell(text),
      schedule: () => this.delivery.schedule(),
      changed: (change) =>
        reporter.guard("presence", () => hooks.onPresence?.(change)),
      ...(store.shared ? { nodes: this } : {}),
    });
    store.connect(answers);
  }

  /** Takes a connection in. */
  attach(
    socket: Socket,
    request: ConnectionRequest,
    ticket?: Ticket,
  ): Connection {
    const connection = new Connection(
      this,
      newPeerId(),
      socket,
      request,
      ticket,
    );
    this.connections.add(connection);
    this.heartbeat.start();
    try {
      connection.wire.opened();
    } catch (error) {
      this.abandon(connection, error, "receive");
    }
    return connection;
  }

  /** Something of the program's failed while serving a connection: it costs that connection, nothing else. */
  abandon(connection: Reader, error: unknown, stage: ErrorStage): void {
    this.reporter.report(error, stage);
    connection.close(1011, "Internal error");
  }

  #tooSlow({ connection }: Subscription<Reader>): void {
    connection.close(CloseCode.lagging, "Too slow for a topic");
  }

  #departed(connection: Connection, sessionEnded: boolean): void {
    this.heartbeat.forget(connection);
    this.access.forget(connection);
    this.requests.detach(connection);
    this.delivery.forget(connection);
    const now = this.clock.now();
    for (const subscription of connection.subscriptions.values()) {
      subscription.topic.idleSince = now;
      subscription.topic.subscriptions.delete(subscription);
    }
    this.presence.part(connection, sessionEnded, now);
    connection.wire.left();
  }

  /** A topic for a peer, made where it is not there, or why the peer cannot have it for that. */
  openFor(
    connection: Connection,
    use: TopicUse,
    name: string,
  ): Topic | Refusal {
    return this.access.refusal(use, connection, name) ??
      this.topics.open(name, connection.addressKey);
  }

  /** Puts a cursor into an open topic. */
  subscribe(connection: Connection, topic: Topic, start: Start): Joined {
    const joined = topic.place(start);
    if (start.offset !== undefined) this.monitor.recovered(joined.recovered);
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
    if (topic.name === directLogOf(connection.id)) {
      connection.leftOwn = { epoch: topic.epoch, offset: subscription.cursor };
    }
    connection.waiting.delete(subscription);
    this.presence.leave(connection, topic.name);
  }

  /** Makes a subscriber a member of its topic's presence, if it wants to be. */
  showPresence(
    connection: Connection,
    topic: Topic,
    { presence, data }: Pick<Start, "presence" | "data">,
  ): Refusal | undefined {
    // Gone by the answer to its own frame: whoever were added now would never leave.
    if (!presence || connection.isDetached) return undefined;
    const checked = checkPresence(
      this.contract,
      data,
      this.limits.presenceBytes,
      (error) => this.reporter.report(error, "validate"),
    );
    if ("code" in checked) return checked;
    this.presence.set(connection, topic.name, checked.value);
  }

  /** Reads a topic's past. */
  async read(
    name: string,
    from: number,
    limit: number,
    by?: string,
  ): Promise<LogPart | Refusal> {
    const topic = this.topics.open(name, by);
    if (!(topic instanceof Topic)) return topic;
    await topic.opened;
    try {
      return await readHistory(topic, this.#store, from, limit);
    } catch (error) {
      this.#answers.failed(error);
      return { code: "unavailable", message: "The log could not be read" };
    }
  }

  /** The numbers of now. */
  stats(): HubStats {
    const { connections, topics, delivery, monitor } = this;
    const committed = this.#answers.records;
    return statsOf({ connections, topics, delivery, monitor, committed });
  }
}
