import type { Cancel, Clock } from "../../hub/clock.ts";
import { directPeerOf } from "../../hub/ids.ts";
import { INDETERMINATE } from "../../hub/log/deduplication.ts";
import type { LogRecord } from "../../hub/log/record.ts";
import type {
  Entry,
  Outcome,
  Store,
  StoredRecords,
} from "../../hub/log/store.ts";
import type { TopicSettings } from "../../hub/log/topic_options.ts";
import { HostedLogs } from "./hosted_logs.ts";
import { HostedSessions } from "./hosted_sessions.ts";
import {
  type HostRequest,
  pack,
  type PackedEntry,
  type Port,
  type StoreHealth,
  unpack,
} from "./messages.ts";
import { WorkerLink } from "./worker_link.ts";

/** The interval at which logs are trimmed by age and unused ones forgotten, in ms. */
const SWEEP_MS = 10_000;

/** An entry of a worker. */
interface HostedEntry extends Entry {
  readonly link: WorkerLink;
}

/** Settings of {@linkcode StoreHost}. */
export interface HostSettings {
  /** The time for which a session can be resumed after its connection was closed, in ms. */
  readonly sessionMs: number;
  /** Returns the settings of a topic. */
  readonly settings: (topic: string) => TopicSettings;
  /** The bytes of the records of all logs in memory. */
  readonly recordBytes: number;
  /** Called with a failure of the store that concerns no single publish. */
  readonly onError: (error: unknown) => void;
}

const CLOSED: Outcome = { code: "unavailable", message: "Store is closed" };

/**
 * A store that several hubs share: one order of offsets, sent to every worker that has the topic open.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createHub } from "../../hub.ts";
 * import { hostStore, type StoreHost, workerStore } from "./store.ts";
 *
 * // Connects a hub to a host.
 * async function hubOf(host: StoreHost) {
 *   const { port1, port2 } = new MessageChannel();
 *   host.attach(port1);
 *   return createHub({ store: await workerStore(port2) });
 * }
 *
 * await using host = hostStore();
 * await using hub = await hubOf(host);
 * assertEquals(await hub.broadcast({ type: "chat", text: "hello" }), 0);
 * ```
 */
export class StoreHost implements AsyncDisposable {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #options: HostSettings;
  readonly #links = new Set<WorkerLink>();
  readonly #logs: HostedLogs;
  readonly #sessions: HostedSessions;
  #pending: HostedEntry[] = [];
  #health: StoreHealth = "works";
  #isScheduled = false;
  #cancelSweep: Cancel | undefined;
  #closed: Promise<void> | undefined;

  /**
   * Use `hostStore`, unless you have a clock of your own.
   *
   * @param ports the store and the clock. The host owns them: it closes them when it is disposed.
   * @param options see {@linkcode HostSettings}.
   */
  constructor(
    ports: { readonly store: Store; readonly clock: Clock },
    options: HostSettings,
  ) {
    this.#store = ports.store;
    this.#clock = ports.clock;
    this.#options = options;
    this.#sessions = new HostedSessions(ports.store);
    this.#logs = new HostedLogs(ports.store, ports.clock, options);
    ports.store.connect({
      opened: (topic, bounds) => this.#logs.opened(topic, bounds),
      committed: (topic, offset, records) =>
        this.#committed(topic, offset, records),
      trimmed: (topic, tail) => this.#logs.trimmed(topic, tail),
      settled: (entry, outcome) =>
        (entry as HostedEntry).link.settled(entry.record, outcome),
      claimed: (session) => this.#sessions.claimedElsewhere(session),
      directMessage: (topic) => this.#announceDirectMessage(topic),
      failed: (error) => this.#failed(error),
      health: (works) => this.#setHealth(works ? "works" : "doubtful"),
    });
    this.#sweep();
  }

  /**
   * Attaches a worker.
   *
   * @param port one end of a channel; the worker passes the other end to `workerStore`.
   * @returns a function to call when the worker has ended: it detaches the worker's sessions, and keeps its topics for the
   * peers that resume elsewhere. Idempotent.
   */
  attach(port: Port): () => void {
    const link = new WorkerLink(port, this.#clock, () => this.#schedule());
    this.#links.add(link);
    port.onmessage = ({ data }: MessageEvent<readonly HostRequest[]>) => {
      for (const request of data) {
        try {
          this.#receive(link, request);
        } catch (error) {
          // A store that throws must not end the process of all workers.
          this.#failed(error);
        }
      }
    };
    const { sessionMs } = this.#options;
    const reads = this.#store.read !== undefined;
    port.postMessage([["hello", { reads, sessionMs }]]);
    if (this.#health !== "works") link.send(["health", this.#health]);
    return () => this.#detach(link);
  }

  #detach(link: WorkerLink): void {
    if (!this.#links.delete(link)) return;
    link.dispose();
    for (const log of [...link.logs]) this.#logs.forget(link, log.name);
    this.#sessions.detachAll(link);
  }

  /** Commits every pending entry, sends the workers the last event, and closes the store and the clock. Idempotent. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#closed ??= this.#close();
  }

  async #close(): Promise<void> {
    this.#flush();
    this.#cancelSweep?.();
    await this.#store[Symbol.asyncDispose]();
    for (const link of this.#links) link.send(["closed"]);
    this.#post();
    this.#clock.close();
  }

  #receive(link: WorkerLink, request: HostRequest): void {
    switch (request[0]) {
      case "open":
        return this.#logs.open(link, request[1]);
      case "forget":
        return this.#logs.forget(link, request[1]);
      case "append":
        for (const entry of request[1]) this.#gather(link, entry);
        return this.#schedule();
      case "read":
        return this.#read(link, request);
      case "has":
        return this.#has(link, request[1], request[2]);
      case "begin":
        return this.#sessions.begin(link, request[1]);
      case "claim":
        return this.#sessions.claim(link, request[1], request[2]);
      case "detach":
        return this.#sessions.detach(link, request[1]);
      case "received":
        return link.received(request[1]);
      case "close":
        return link.close();
    }
  }

  #gather(link: WorkerLink, packed: PackedEntry): void {
    const [number, topic, packedRecord, session, id] = packed;
    const record = unpack(packedRecord, this.#clock);
    link.appends(record, number);
    // The store may be closed already, and accepts nothing.
    if (this.#closed !== undefined) return link.settled(record, CLOSED);
    this.#pending.push({ topic, record, session, id, link });
  }

  #read(
    link: WorkerLink,
    [, number, topic, from, maxBytes]: Extract<
      HostRequest,
      readonly ["read", ...unknown[]]
    >,
  ): void {
    const answer = ({ offset, records }: StoredRecords) => {
      const packed = records.map((record) => pack(record, this.#clock));
      link.send(["read", number, offset, packed]);
    };
    const fail = (error: unknown) =>
      link.send(["failed", number, String(error)]);
    try {
      const found = this.#store.read!(topic, from, maxBytes);
      if (found instanceof Promise) found.then(answer).catch(fail);
      else answer(found);
    } catch (error) {
      fail(error);
    }
  }

  #has(link: WorkerLink, number: number, topic: string): void {
    const { has, read, shared = false } = this.#store;
    const found = has?.call(this.#store, topic) ??
      (read !== undefined || shared || this.#logs.has(topic));
    if (!(found instanceof Promise)) return link.send(["has", number, found]);
    found.then(
      (found) => link.send(["has", number, found]),
      (error) => link.send(["failed", number, String(error)]),
    );
  }

  /** Schedules one commit, and one message to each worker, for all requests of this turn of the event loop. */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#clock.turn(() => {
      this.#isScheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    const entries = this.#pending;
    this.#pending = [];
    if (entries.length > 0) this.#append(entries);
    this.#post();
    this.#logs.trim();
  }

  #post(): void {
    for (const link of this.#links) if (link.post()) this.#detach(link);
  }

  #append(entries: readonly HostedEntry[]): void {
    const failed = (error: unknown) => {
      this.#failed(error);
      // The store may have committed some of them. A settled entry is not settled again.
      for (const { link, record } of entries) {
        link.settled(record, INDETERMINATE);
      }
    };
    try {
      const result: unknown = this.#store.append(entries);
      // An async store: its rejection must not end the process of all workers.
      if (result instanceof Promise) result.catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  #committed(
    topic: string,
    offset: number,
    records: readonly LogRecord[],
  ): void {
    // A record in memory does not show that the store works.
    if (this.#options.settings(topic).durable) this.#setHealth("works");
    this.#logs.committed(topic, offset, records);
    if (!this.#store.shared && directPeerOf(topic) !== undefined) {
      this.#announceDirectMessage(topic);
    }
    this.#schedule();
  }

  #announceDirectMessage(topic: string): void {
    for (const link of this.#links) link.send(["directMessage", topic]);
  }

  #failed(error: unknown): void {
    this.#options.onError(error);
    this.#setHealth("doubtful");
  }

  /** Sends each worker the store's health when it changes. */
  #setHealth(health: StoreHealth): void {
    const { healthy = true } = this.#store;
    const next = healthy ? health : "fails";
    if (next === this.#health) return;
    this.#health = next;
    for (const link of this.#links) link.send(["health", next]);
    this.#schedule();
  }

  #sweep(): void {
    // A store may recover, or fail, without an event. A doubtful one stays so until an event.
    if (this.#store.healthy === false) this.#setHealth("fails");
    else if (this.#health === "fails") this.#setHealth("works");
    this.#store.sweep?.();
    this.#logs.sweep();
    this.#cancelSweep = this.#clock.after(SWEEP_MS, () => this.#sweep());
  }
}
