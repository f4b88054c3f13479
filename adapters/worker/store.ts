/**
 * Several cores: each worker has a hub with its own sockets on the same port, and one isolate hosts the store that they
 * share. A message port connects them.
 *
 * @module
 */
import type { Clock } from "../../hub/clock.ts";
import { INDETERMINATE, UNAVAILABLE } from "../../hub/log/deduplication.ts";
import type { LogRecord } from "../../hub/log/record.ts";
import type {
  Entry,
  Outcome,
  Store,
  StoredRecords,
  StoreFactory,
  StoreSink,
} from "../../hub/log/store.ts";
import {
  type HostEvent,
  type HostInfo,
  type HostRequest,
  pack,
  type PackedRecord,
  type Port,
  type StoreHealth,
  unpack,
  unpackBounds,
} from "./messages.ts";
import { WINDOW_BYTES } from "./worker_link.ts";

export { type HostSettings, StoreHost } from "./host.ts";
export { hostStore, type HostStoreOptions } from "./host_store.ts";
export type { HostInfo, Port } from "./messages.ts";
export type { TopicSettings } from "../../hub/log/topic_options.ts";

/** Maximum bytes of entries without an outcome: a host that commits too slowly must not cost all memory. */
const MAX_UNSETTLED_BYTES = 32 * 1024 * 1024;

/**
 * Connects a worker to the store that another isolate hosts.
 *
 * @param port the other end of the port that `hostStore(…).attach` was given.
 * @returns a promise of the factory for the option `store` of `serve` or `createHub`. It resolves when the host answers.
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createHub } from "../../hub.ts";
 * import { hostStore, workerStore } from "./store.ts";
 *
 * await using host = hostStore();
 * const { port1, port2 } = new MessageChannel();
 * host.attach(port1);
 * // In a worker, which has received the other end:
 * await using hub = createHub({ store: await workerStore(port2) });
 * assertEquals(await hub.broadcast({ type: "chat", text: "shared" }), 0);
 * ```
 */
export function workerStore(port: Port): Promise<StoreFactory<WorkerStore>> {
  return new Promise((resolve) => {
    port.onmessage = ({ data }: MessageEvent<readonly HostEvent[]>) => {
      const [hello] = data;
      if (hello?.[0] !== "hello") return;
      port.onmessage = null;
      resolve((clock, { sessionMs }) => {
        const [, host] = hello;
        return new WorkerStore(port, clock, { host, sessionMs });
      });
    };
  });
}

/** Settings of {@linkcode WorkerStore}. */
export interface WorkerStoreSettings {
  /** The properties of the hosted store. */
  readonly host: HostInfo;
  /** The time for which the hub's sessions can be resumed, in ms. */
  readonly sessionMs: number;
}

/** A call that waits for the host's answer. */
interface PendingCall {
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

/**
 * A worker's side of a store that another isolate hosts. The requests of one turn travel as one message.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { WebClock } from "../clock_web.ts";
 * import { hostStore, workerStore } from "./store.ts";
 *
 * await using host = hostStore();
 * const { port1, port2 } = new MessageChannel();
 * host.attach(port1);
 * const makeStore = await workerStore(port2);
 * const clock = new WebClock();
 * const settings = { sessionMs: 120_000, sessions: 20_000 };
 * await using store = makeStore(clock, settings);
 * assertEquals(await store.claim("unknown"), false);
 * ```
 */
export class WorkerStore implements Store {
  /** `true`: other workers write to the same logs. */
  readonly shared = true;
  /** Reads records below the hub's ring, if the hosted store can. */
  readonly read?: (
    topic: string,
    from: number,
    maxBytes: number,
  ) => Promise<StoredRecords>;
  readonly #port: Port;
  readonly #clock: Clock;
  #requests: HostRequest[] = [];
  /** The number of the next entry or call. */
  #number = 0;
  /** Entries and calls below it were posted. */
  #posted = 0;
  readonly #unsettled = new Map<number, Entry>();
  #unsettledBytes = 0;
  readonly #calls = new Map<number, PendingCall>();
  /** Bytes of records received since the host was notified. */
  #receivedBytes = 0;
  #sink: StoreSink | undefined;
  #health: StoreHealth = "works";
  #hasEnded = false;
  #closed: PromiseWithResolvers<void> | undefined;

  /**
   * Use {@linkcode workerStore}.
   *
   * @param port the port to the host.
   * @param clock the hub's clock.
   * @param settings see {@linkcode WorkerStoreSettings}.
   * @throws {RangeError} when the hub and the host have different `sessionMs`.
   */
  constructor(
    port: Port,
    clock: Clock,
    { host, sessionMs }: WorkerStoreSettings,
  ) {
    if (sessionMs !== host.sessionMs) {
      throw new RangeError(
        `Cannot connect to the hosted store: the hub's 'sessionMs' is ${sessionMs}, the host's ${host.sessionMs}`,
      );
    }
    this.#port = port;
    this.#clock = clock;
    if (host.reads) {
      this.read = (topic, from, maxBytes) =>
        this.#call((number) => ["read", number, topic, from, maxBytes]);
    }
    port.onmessage = ({ data }) => this.#receive(data);
  }

  /** `false` while the hosted store reports itself as failing. */
  get healthy(): boolean {
    return this.#health !== "fails";
  }

  connect(sink: StoreSink): void {
    this.#sink = sink;
  }

  open(topic: string): void {
    this.#request(["open", topic]);
  }

  append(entries: readonly Entry[]): void {
    const packed = [];
    for (const entry of entries) {
      const { topic, record, session, id } = entry;
      if (this.#hasEnded || this.#unsettledBytes > MAX_UNSETTLED_BYTES) {
        this.#sink?.settled(entry, UNAVAILABLE);
        continue;
      }
      const number = this.#number++;
      this.#unsettled.set(number, entry);
      this.#unsettledBytes += record.bytes;
      packed.push(
        [number, topic, pack(record, this.#clock), session, id] as const,
      );
    }
    if (packed.length > 0) this.#request(["append", packed]);
  }

  forget(topic: string): void {
    this.#request(["forget", topic]);
  }

  begin(session: string): void {
    this.#request(["begin", session]);
  }

  claim(session: string): Promise<boolean> {
    return this.#call((number) => ["claim", number, session]);
  }

  detach(session: string): void {
    this.#request(["detach", session]);
  }

  /** Resolves when the host has answered every request. Idempotent. */
  [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed === undefined) {
      this.#closed = Promise.withResolvers();
      this.#request(["close"]);
      if (this.#hasEnded) this.#closed.resolve();
    }
    return this.#closed.promise;
  }

  #call<T>(requestOf: (number: number) => HostRequest): Promise<T> {
    const number = this.#number++;
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    if (this.#hasEnded) reject(endedError());
    else {
      const answered = resolve as (answer: unknown) => void;
      this.#calls.set(number, { resolve: answered, reject });
      this.#request(requestOf(number));
    }
    return promise;
  }

  /** Adds a request to the next message, which is posted in a microtask. */
  #request(request: HostRequest): void {
    if (this.#hasEnded) return;
    if (this.#requests.push(request) > 1) return;
    queueMicrotask(() => {
      const requests = this.#requests;
      this.#requests = [];
      if (this.#hasEnded) return;
      this.#posted = this.#number;
      this.#port.postMessage(requests);
    });
  }

  #receive(events: readonly HostEvent[]): void {
    for (const event of events) {
      try {
        this.#handle(event);
      } catch (error) {
        this.#sink?.failed(error);
      }
    }
    if (this.#receivedBytes < WINDOW_BYTES / 4) return;
    this.#request(["received", this.#receivedBytes]);
    this.#receivedBytes = 0;
  }

  #handle(event: HostEvent): void {
    const sink = this.#sink;
    switch (event[0]) {
      case "opened": {
        const bounds = unpackBounds(event[2], this.#clock);
        for (const { records } of bounds.recent?.runs ?? []) {
          for (const { bytes } of records) this.#receivedBytes += bytes;
        }
        return sink?.opened(event[1], bounds);
      }
      case "committed":
        return sink?.committed(
          event[1],
          event[2],
          event[3].map((packed) => this.#record(packed)),
        );
      case "trimmed":
        return sink?.trimmed(event[1], event[2]);
      case "settled":
        return this.#settle(event[1], { offset: event[2] });
      case "rejected":
        return this.#settle(event[1], { code: event[2], message: event[3] });
      case "read": {
        const records = event[3].map((packed) => unpack(packed, this.#clock));
        return this.#callOf(event[1])?.resolve({ offset: event[2], records });
      }
      case "claim":
        return this.#callOf(event[1])?.resolve(event[2]);
      case "failed":
        return this.#callOf(event[1])?.reject(new Error(event[2]));
      case "claimed":
        // In a microtask: the promise of an earlier claim, which this message resolves, must come first.
        return queueMicrotask(() => sink?.claimed(event[1]));
      case "directMessage":
        return sink?.directMessage?.(event[1]);
      case "health":
        this.#health = event[1];
        return sink?.health?.(event[1] === "works");
      case "closed":
        return this.#end();
    }
  }

  /** Returns the record that this worker appended, or unpacks one of another worker. */
  #record(packed: PackedRecord | number): LogRecord {
    if (typeof packed === "number") return this.#unsettled.get(packed)!.record;
    const record = unpack(packed, this.#clock);
    this.#receivedBytes += record.bytes;
    return record;
  }

  #settle(number: number, outcome: Outcome): void {
    const entry = this.#unsettled.get(number);
    if (entry === undefined) return;
    this.#unsettled.delete(number);
    this.#unsettledBytes -= entry.record.bytes;
    this.#sink?.settled(entry, outcome);
  }

  #callOf(number: number): PendingCall | undefined {
    const call = this.#calls.get(number);
    this.#calls.delete(number);
    return call;
  }

  /** The host has sent its last event. It may have committed entries that were posted and not settled. */
  #end(): void {
    this.#hasEnded = true;
    this.#port.onmessage = null;
    this.#port.close();
    for (const number of [...this.#unsettled.keys()]) {
      this.#settle(number, number < this.#posted ? INDETERMINATE : UNAVAILABLE);
    }
    for (const { reject } of this.#calls.values()) reject(endedError());
    this.#calls.clear();
    if (this.#closed === undefined) this.#sink?.failed(endedError());
    this.#closed?.resolve();
  }
}

function endedError(): Error {
  return new Error("The host of the store has ended");
}
