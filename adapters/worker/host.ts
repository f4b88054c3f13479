import type { Cancel, Clock } from "../../hub/clock.ts";
import { directPeerOf } from "../../hub/ids.ts";
import type { LogRecord } from "../../hub/log/record.ts";
import type { Entry, Store, StoredRecords } from "../../hub/log/store.ts";
import {
  topicOptions,
  type TopicOptionsByName,
  type TopicSettings,
} from "../../hub/log/topic_options.ts";
import { WebClock } from "../clock_web.ts";
import { HostNode } from "./worker_link.ts";
import { HostedLogs } from "./hosted_logs.ts";
import { HostedSessions } from "./hosted_sessions.ts";
import {
  type Ask,
  pack,
  type PackedEntry,
  type Port,
  unpack,
} from "./messages.ts";
import { MemoryStore } from "../store_memory.ts";

/** How often logs are trimmed by age, and those forgotten that no worker has, in ms. */
const SWEEP_MS = 10_000;

/** Options of {@linkcode hostStore}: what the hubs of the workers and their store agree on. */
export interface HostStoreOptions {
  /** Makes the store: `sqliteStore(path)` of `./sqlite` is one. Default: in memory. */
  readonly store?: (
    clock: Clock,
    options: { readonly sessionMs: number; readonly sessions: number },
  ) => Store;
  /** How long a session can be resumed after its connection ended, in ms. Default: 120,000. */
  readonly sessionMs?: number;
  /** Sessions that may wait to be resumed, at all workers together. Default: 20,000. */
  readonly sessions?: number;
  /** What each topic's log keeps: the same as each hub's. Default: 1,000 records, 1 MiB, 120 s. */
  readonly topics?: TopicOptionsByName;
  /** Something failed that is no single publish's fault. Default: nothing. */
  readonly onError?: (error: unknown) => void;
}

/**
 * Hosts a store for hubs in other isolates: workers, each of which is given a port to it.
 *
 * @param options see {@linkcode HostStoreOptions}.
 * @returns the host. Close it, or `await using` it: it holds a timer, ports and the store.
 * @throws {RangeError} when a number of the options is not one, {@linkcode TypeError} for an unknown name.
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createHub } from "../../hub.ts";
 * import { hostStore, workerStore } from "./store.ts";
 *
 * await using host = hostStore();
 * const offsets = [];
 * for (let worker = 0; worker < 2; worker++) {
 *   const { port1, port2 } = new MessageChannel();
 *   host.attach(port1);
 *   await using hub = createHub({ store: await workerStore(port2) });
 *   offsets.push(await hub.broadcast({ type: "chat", text: "one log" }));
 * }
 * assertEquals(offsets, [0, 1]);
 * ```
 */
export function hostStore(options: HostStoreOptions = {}): StoreHost {
  const { sessionMs = 120_000, sessions = 20_000, topics } = options;
  const { onError = () => {} } = options;
  const settings = topicOptions(topics);
  const clock = new WebClock();
  try {
    const make = options.store ?? ((...made) => new MemoryStore(...made));
    const store = make(clock, { sessionMs, sessions });
    return new StoreHost({ store, clock }, { sessionMs, settings, onError });
  } catch (error) {
    clock.close();
    throw error;
  }
}

/** An entry, and whose it is. */
interface HostedEntry extends Entry {
  readonly node: HostNode;
}

/** {@linkcode HostStoreOptions} with no default left open. */
interface HostSettings {
  readonly sessionMs: number;
  readonly settings: (topic: string) => TopicSettings;
  readonly onError: (error: unknown) => void;
}

/** A store that several hubs share: one order of offsets, told to every worker that has the topic open. */
export class StoreHost implements AsyncDisposable {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #options: HostSettings;
  readonly #nodes = new Set<HostNode>();
  readonly #logs: HostedLogs;
  readonly #sessions: HostedSessions;
  #pending: HostedEntry[] = [];
  #scheduled = false;
  #stopSweeping: Cancel | undefined;
  #closed: Promise<void> | undefined;

  /**
   * Use {@linkcode hostStore} unless you bring a clock of your own.
   *
   * @param ports the store and the clock. The host owns them: closing it closes them.
   * @param options what {@linkcode hostStore} fills in.
   */
  constructor(
    ports: { readonly store: Store; readonly clock: Clock },
    options: HostSettings,
  ) {
    this.#store = ports.store;
    this.#clock = ports.clock;
    this.#options = options;
    this.#sessions = new HostedSessions(ports.store);
    this.#logs = new HostedLogs(
      ports.store,
      ports.clock,
      options.settings,
      options.sessionMs,
    );
    ports.store.connect({
      opened: (topic, bounds) => this.#logs.opened(topic, bounds),
      committed: (topic, offset, records) =>
        this.#committed(topic, offset, records),
      trimmed: (topic, tail) => this.#logs.trimmed(topic, tail),
      settled: (entry, outcome) =>
        (entry as HostedEntry).node.settled(entry.record, outcome),
      claimed: (session) => this.#sessions.claimedElsewhere(session),
      directMessage: (topic) => this.#ring(topic),
      failed: (error) => options.onError(error),
    });
    this.#sweep();
  }

  /**
   * Takes in a worker.
   *
   * @param port one end of a channel; the worker gives the other one to `workerStore`.
   * @returns a function to call when the worker is gone: its sessions start to expire, and its topics wait for its peers
   * to come back elsewhere. Idempotent.
   */
  attach(port: Port): () => void {
    const node = new HostNode(port, this.#clock, () => this.#schedule());
    this.#nodes.add(node);
    port.onmessage = ({ data }: MessageEvent<readonly Ask[]>) => {
      for (const ask of data) {
        try {
          this.#hear(node, ask);
        } catch (error) {
          // A store that throws must not end the process of all workers.
          this.#options.onError(error);
        }
      }
    };
    const { sessionMs } = this.#options;
    const reads = this.#store.read !== undefined;
    port.postMessage([["hello", { reads, sessionMs }]]);
    return () => this.#detach(node);
  }

  #detach(node: HostNode): void {
    if (!this.#nodes.delete(node)) return;
    node.close();
    for (const log of [...node.logs]) this.#logs.release(node, log.name);
    this.#sessions.lost(node);
  }

  /** Commits what waits, tells the workers that it ends, and closes the store and the clock. Idempotent. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#closed ??= this.#close();
  }

  async #close(): Promise<void> {
    this.#flush();
    this.#stopSweeping?.();
    await this.#store[Symbol.asyncDispose]();
    for (const node of this.#nodes) node.tell(["bye"]);
    this.#post();
    this.#clock.close();
  }

  #hear(node: HostNode, ask: Ask): void {
    switch (ask[0]) {
      case "open":
        return this.#logs.open(node, ask[1]);
      case "forget":
        return this.#logs.release(node, ask[1]);
      case "append":
        for (const entry of ask[1]) this.#gather(node, entry);
        return this.#schedule();
      case "read":
        return this.#read(node, ask);
      case "begin":
        return this.#sessions.begin(node, ask[1]);
      case "claim":
        return this.#sessions.claim(node, ask[1], ask[2]);
      case "detach":
        return this.#sessions.leave(node, ask[1]);
      case "taken":
        return node.taken(ask[1]);
      case "bye":
        return node.leave();
    }
  }

  #gather(node: HostNode, packed: PackedEntry): void {
    const [number, topic, packedRecord, session, id] = packed;
    const record = unpack(packedRecord, this.#clock);
    node.appends(record, number);
    this.#pending.push({ topic, record, session, id, node });
  }

  #read(
    node: HostNode,
    [, number, topic, from, maxBytes]: Extract<
      Ask,
      readonly ["read", ...unknown[]]
    >,
  ): void {
    const answer = ({ offset, records }: StoredRecords) => {
      const packed = records.map((record) => pack(record, this.#clock));
      node.tell(["read", number, offset, packed]);
    };
    const fail = (error: unknown) =>
      node.tell(["broken", number, String(error)]);
    try {
      const found = this.#store.read!(topic, from, maxBytes);
      if (found instanceof Promise) found.then(answer).catch(fail);
      else answer(found);
    } catch (error) {
      fail(error);
    }
  }

  /** One commit and one message to each worker for all that comes in with this turn of the event loop. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#clock.turn(() => {
      this.#scheduled = false;
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
    for (const node of this.#nodes) if (node.post()) this.#detach(node);
  }

  #append(entries: readonly HostedEntry[]): void {
    try {
      this.#store.append(entries);
    } catch (error) {
      this.#options.onError(error);
      const message = "The log cannot be written now";
      for (const { node, record } of entries) {
        node.settled(record, { code: "unavailable", message });
      }
    }
  }

  #committed(
    topic: string,
    offset: number,
    records: readonly LogRecord[],
  ): void {
    this.#logs.committed(topic, offset, records);
    if (!this.#store.shared && directPeerOf(topic) !== undefined) {
      this.#ring(topic);
    }
    this.#schedule();
  }

  #ring(topic: string): void {
    for (const node of this.#nodes) node.tell(["directMessage", topic]);
  }

  #sweep(): void {
    this.#logs.sweep();
    this.#stopSweeping = this.#clock.after(SWEEP_MS, () => this.#sweep());
  }
}
