import { ErrorPrinter } from "../common/error_printer.ts";
import { IgnoredRejections } from "../common/ignored_rejections.ts";
import type { Contract, MessageMap } from "../messages.ts";
import { Access } from "./access/access.ts";
import type { AttachContext } from "./attach.ts";
import type { Clock } from "./clock.ts";
import { type ErrorStage, Reporter } from "./hooks.ts";
import { peerIdOf, randomId } from "./ids.ts";
import { Flush } from "./log/flush.ts";
import { GuardedStore } from "./log/guarded_store.ts";
import { Handlers } from "./log/handlers.ts";
import { type LogPart, readHistory } from "./log/history.ts";
import { Publisher } from "./log/publisher.ts";
import type { Store } from "./log/store.ts";
import { Topic } from "./log/topic.ts";
import { Topics } from "./log/topics.ts";
import { Monitor } from "./observe/monitor.ts";
import { statsOf } from "./observe/metrics.ts";
import type { HubStats } from "./observe/stats.ts";
import type { HubSettings } from "./options.ts";
import type { Connection } from "./peers/connection.ts";
import { Connections, type DetachCause } from "./peers/connections.ts";
import { Heartbeat } from "./peers/heartbeat.ts";
import { rateBounds } from "./peers/rate_limit.ts";
import { Sessions } from "./peers/sessions.ts";
import { Presence } from "./presence/presence.ts";
import { DirectMessages } from "./protocol/direct_messages.ts";
import { Requests } from "./protocol/requests.ts";
import { Subscriptions } from "./protocol/subscriptions.ts";
import type { Refusal } from "./refusal.ts";
import { StoreEvents } from "./store_events.ts";

/** Options of {@linkcode Core}. */
export interface CoreOptions extends HubSettings {
  readonly store: Store;
  readonly clock: Clock;
}

/**
 * The parts of a hub, and what connects them. It creates every part, and each part receives a context with the members that
 * it uses; no part receives the core. Its public members are what `Hub`, `HubTopic`, `HubPeer` and `HubTransport` use.
 */
export class Core {
  readonly contract: Contract<MessageMap>;
  readonly reporter: Reporter;
  readonly monitor: Monitor;
  readonly handlers: Handlers;
  readonly requests: Requests;
  readonly access: Access;
  readonly connections: Connections;
  /** The context of `attach`. */
  readonly attachment: AttachContext;
  readonly #options: CoreOptions;
  readonly #store: GuardedStore;
  readonly #storeEvents: StoreEvents;
  readonly #topics: Topics;
  readonly #flush: Flush;
  readonly #publisher: Publisher;
  readonly #rejections: IgnoredRejections;
  readonly #heartbeat: Heartbeat;
  readonly #sessions: Sessions;
  readonly #presence: Presence;
  readonly #subscriptions: Subscriptions;
  readonly #direct: DirectMessages;

  constructor(options: CoreOptions) {
    const { clock, limits, contract, hooks } = options;
    this.#options = options;
    this.contract = contract;
    const monitor: Monitor = this.monitor = new Monitor(
      clock,
      (error) => reporter.report(error, "observe"),
    );
    const reporter: Reporter = this.reporter = new Reporter(
      hooks,
      new ErrorPrinter(clock),
      (error, stage) => monitor.failed(error, stage),
    );
    const handlerFailed = (error: unknown) => reporter.report(error, "handler");
    const store = this.#store = new GuardedStore(
      options.store,
      this.#storeFailed,
    );

    const connections = this.connections = new Connections({
      clock,
      limits,
      hooks,
      reporter,
      monitor,
      detached: (connection, cause) => this.#detached(connection, cause),
    });
    const heartbeat = this.#heartbeat = new Heartbeat(
      clock,
      options.heartbeat,
      limits.helloMs,
      () => this.#sweep(),
    );
    const sessions = this.#sessions = new Sessions({
      store,
      clock,
      sessionMs: options.sessionMs,
      limits,
      forgotten: (session) => this.#presence.forgotten(peerIdOf(session)),
    });
    const access = this.access = new Access(
      { ...options.access, ...limits },
      { clock, reporter },
    );

    const topics = this.#topics = new Topics({
      store,
      clock,
      limits,
      keepMs: options.sessionMs,
      settings: options.topics,
      // The heartbeat's sweep drops old records, also of a hub that never had a peer.
      created: () => heartbeat.start(),
      failed: this.#storeFailed,
    });
    const flush = this.#flush = new Flush({
      clock,
      store,
      reporter,
      monitor,
      topics,
    });
    this.handlers = new Handlers(handlerFailed);
    this.#rejections = new IgnoredRejections({
      // A closed clock calls nothing.
      afterTurn: (check) => {
        if (flush.isClosed) void Promise.resolve().then(check);
        else clock.turn(check);
        return undefined;
      },
      ignored: (error) => reporter.report(error, "publish"),
    });
    const publisher = this.#publisher = new Publisher({
      contract,
      clock,
      store: options.store,
      flush,
      handlers: this.handlers,
      rejections: this.#rejections,
      reporter,
      storeFailed: this.#storeFailed,
    });
    const presence = this.#presence = new Presence(options.graceMs, {
      flush,
      limits,
      changed: (change) =>
        reporter.guard("presence", () => hooks.onPresence?.(change)),
      replication: store.shared
        ? {
          node: `$${randomId(12)}`,
          clock,
          topics,
          flush,
          publisher,
          limits,
        }
        : undefined,
    });
    flush.connect({ publisher, presence });

    const requests = this.requests = new Requests({
      contract,
      clock,
      monitor,
      timeoutMs: limits.requestMs,
      failed: handlerFailed,
    });
    const subscriptions = this.#subscriptions = new Subscriptions({
      clock,
      contract,
      limits,
      monitor,
      reporter,
      flush,
      presence,
    });
    const direct = this.#direct = new DirectMessages({
      limits,
      topics,
      publisher,
      connections,
      subscriptions,
    });
    this.attachment = {
      connections,
      heartbeat,
      connection: {
        clock,
        limits,
        rates: rateBounds(limits),
        reporter,
        heartbeat,
        connections,
        presence,
        publisher,
        flush,
        direct,
      },
      protocol: {
        clock,
        limits,
        reporter,
        monitor,
        heartbeat,
        access,
        sessions,
        publisher,
        flush,
        requests,
        direct,
        openFor: (use, connection, name) =>
          access.refusal(use, connection, name) ??
            topics.open(name, connection.addressKey),
        subscriptions,
        read: (name, from, limit, address) =>
          this.read(name, from, limit, address),
        open: (connection) => {
          presence.resumed(connection);
          heartbeat.watch(connection);
          connections.open(connection);
        },
      },
    };

    this.#storeEvents = new StoreEvents({
      clock,
      monitor,
      topics,
      flush,
      publisher,
      sessions,
      presence,
      direct,
      failed: this.#storeFailed,
    });
    options.store.connect(this.#storeEvents);
  }

  readonly #storeFailed = (error: unknown): void => {
    this.monitor.storeFailed();
    this.reporter.report(error, "store");
  };

  /** Publishes a message of the hub's own to a topic. */
  publish(name: string, message: object): Promise<number> {
    return this.#publisher.publishAsHub(
      this.#topics.open(name),
      name,
      message,
    );
  }

  /** Sends a message to one peer only. */
  send(id: string, message: object): Promise<number> {
    return this.#direct.send(id, message);
  }

  /** Returns a topic; `undefined` if it is not in memory. */
  topic(name: string): Topic | undefined {
    return this.#topics.get(name);
  }

  /** Returns the members of a topic's presence. */
  members(name: string): ReadonlyMap<string, unknown> {
    return this.#presence.members(name);
  }

  /**
   * Reads a part of a topic's log.
   *
   * @param name the topic's name.
   * @param from the first offset.
   * @param limit the largest number of records.
   * @param address the address of the peer that reads; absent for the program.
   */
  async read(
    name: string,
    from: number,
    limit: number,
    address?: string,
  ): Promise<LogPart | Refusal> {
    const topic = this.#topics.open(name, address);
    if (!(topic instanceof Topic)) return topic;
    await topic.opened;
    try {
      return await readHistory(topic, this.#store, from, limit);
    } catch (error) {
      this.#storeFailed(error);
      return { code: "unavailable", message: "Log cannot be read" };
    }
  }

  /** Appends what was published, and moves the cursors, without waiting for the turn's end. */
  flush(): void {
    this.#flush.flush();
  }

  /** Stops the timers. The connections have to be closed next, then {@linkcode Core.close} has to be called. */
  stop(): void {
    this.#flush.flush();
    this.#heartbeat.stop();
  }

  /** Flushes for the last time, and reports the refusals that the program ignored. */
  close(): void {
    this.#flush.flush();
    this.#flush.close();
    this.#rejections.flush();
  }

  /**
   * Returns a promise that settles as another one does, and whose rejection the program may ignore.
   *
   * @param promise the other promise.
   * @param stage the stage with which an ignored rejection is reported.
   */
  mayIgnore<T>(promise: Promise<T>, stage: ErrorStage): Promise<T> {
    return this.#rejections.watch(
      promise,
      (error) => this.reporter.report(error, stage),
    );
  }

  /** Returns the hub's numbers. */
  stats(): HubStats {
    return statsOf({
      connections: this.connections,
      topics: this.#topics,
      flush: this.#flush,
      monitor: this.monitor,
      committed: this.#storeEvents.committedRecords,
      storeWorks: this.storeWorks,
    });
  }

  /** `false` while the store reports itself as failing, or its newest attempt failed, for up to 10 s. */
  get storeWorks(): boolean {
    return this.#store.healthy && this.monitor.storeWorks;
  }

  #detached(connection: Connection, cause: DetachCause): void {
    this.#heartbeat.forget(connection);
    this.access.forget(connection);
    this.requests.detach(connection);
    this.#flush.forget(connection);
    const now = this.#options.clock.now();
    this.#subscriptions.detach(connection, now);
    this.#presence.detached(connection, cause, now);
    connection.wire.detached();
  }

  #sweep(): void {
    const now = this.#options.clock.now();
    this.#store.sweep();
    this.#topics.sweep(now);
    this.#presence.sweep(now);
    this.requests.sweep(now);
    this.access.sweep(now);
  }
}
