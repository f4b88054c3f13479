/**
 * Many cores: hubs in workers, each with its own sockets on the same port, and the logs and sessions of all of them in one
 * isolate, which hosts the store that they share. A message port lies between.
 *
 * @module
 */
import type { Clock } from "../../hub/clock.ts";
import type {
  Entry,
  Store,
  StoredRecords,
  StoreSink,
} from "../../hub/log/store.ts";
import { WINDOW_BYTES } from "./worker_link.ts";
import {
  type Ask,
  type HostInfo,
  pack,
  type Packed,
  type Port,
  type Tell,
  unpack,
  unpackBounds,
} from "./messages.ts";

export { hostStore, type HostStoreOptions, StoreHost } from "./host.ts";
export type { Port } from "./messages.ts";

/** Bytes of entries that may be on their way to the host; above it they are refused. */
const MAX_UNSETTLED_BYTES = 32 * 1024 * 1024;

/** Makes a worker's store, as `serve` and `createHub` take one. */
export type WorkerStoreFactory = (
  clock: Clock,
  options: { readonly sessionMs: number },
) => WorkerStore;

/**
 * Connects a worker to the store that another isolate hosts.
 *
 * @param port the other end of the port that `hostStore(…).attach` was given.
 * @returns a factory to give to `serve` or `createHub`, once the host has answered.
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createHub } from "../../hub.ts";
 * import { hostStore, workerStore } from "./store.ts";
 *
 * await using host = hostStore();
 * const { port1, port2 } = new MessageChannel();
 * host.attach(port1);
 * // In a worker, which was sent the other end:
 * await using hub = createHub({ store: await workerStore(port2) });
 * assertEquals(await hub.broadcast({ type: "chat", text: "shared" }), 0);
 * ```
 */
export function workerStore(port: Port): Promise<WorkerStoreFactory> {
  return new Promise((resolve) => {
    port.onmessage = ({ data }: MessageEvent<readonly Tell[]>) => {
      const [hello] = data;
      if (hello?.[0] !== "hello") return;
      port.onmessage = null;
      resolve((clock, { sessionMs }) =>
        new WorkerStore(port, clock, hello[1], sessionMs)
      );
    };
  });
}

/** A call that waits for the host's answer. */
interface Waiting {
  /** The answer. */
  resolve(answer: unknown): void;
  /** There is none. */
  reject(error: Error): void;
}

/** A worker's side of a store that another isolate hosts. What one turn asks travels as one message. */
export class WorkerStore implements Store {
  /** Other workers write to it, too. */
  readonly shared = true;
  /** Reads below the ring, where the host's store can. */
  readonly read?: (
    topic: string,
    from: number,
    maxBytes: number,
  ) => Promise<StoredRecords>;
  readonly #port: Port;
  readonly #clock: Clock;
  #asks: Ask[] = [];
  #number = 0;
  readonly #unsettled = new Map<number, Entry>();
  #unsettledBytes = 0;
  readonly #waiting = new Map<number, Waiting>();
  /** Bytes of records that the host has not been told were taken in. */
  #taken = 0;
  #sink: StoreSink | undefined;
  /** The host has gone. */
  #over = false;
  #closed: PromiseWithResolvers<void> | undefined;

  /**
   * Use {@linkcode workerStore}.
   *
   * @param port the way to the host.
   * @param clock the hub's clock.
   * @param about what the host said of its store.
   * @param sessionMs the hub's own, in ms.
   * @throws {RangeError} when the hub's sessions live longer or shorter than the store's.
   */
  constructor(port: Port, clock: Clock, about: HostInfo, sessionMs: number) {
    if (sessionMs !== about.sessionMs) {
      throw new RangeError(
        `The hub's 'sessionMs' is ${sessionMs} and the hosted store's ${about.sessionMs}: give both the same`,
      );
    }
    this.#port = port;
    this.#clock = clock;
    if (about.reads) {
      this.read = (topic, from, maxBytes) =>
        this.#ask((number) => ["read", number, topic, from, maxBytes]);
    }
    port.onmessage = ({ data }) => this.#receive(data);
  }

  connect(sink: StoreSink): void {
    this.#sink = sink;
  }

  open(topic: string): void {
    this.#post(["open", topic]);
  }

  append(entries: readonly Entry[]): void {
    const packed = [];
    for (const entry of entries) {
      const { topic, record, session, id } = entry;
      // A host that commits more slowly than peers publish must not cost all memory.
      if (this.#over || this.#unsettledBytes > MAX_UNSETTLED_BYTES) {
        this.#refuse(entry);
        continue;
      }
      const number = this.#number++;
      this.#unsettled.set(number, entry);
      this.#unsettledBytes += record.bytes;
      packed.push(
        [number, topic, pack(record, this.#clock), session, id] as const,
      );
    }
    if (packed.length > 0) this.#post(["append", packed]);
  }

  forget(topic: string): void {
    this.#post(["forget", topic]);
  }

  begin(session: string): void {
    this.#post(["begin", session]);
  }

  claim(session: string): Promise<boolean> {
    return this.#ask((number) => ["claim", number, session]);
  }

  detach(session: string): void {
    this.#post(["detach", session]);
  }

  /** Resolves when the host has answered all that was asked. Idempotent. */
  [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed === undefined) {
      this.#closed = Promise.withResolvers();
      this.#post(["bye"]);
      if (this.#over) this.#closed.resolve();
    }
    return this.#closed.promise;
  }

  #ask<T>(make: (number: number) => Ask): Promise<T> {
    const number = this.#number++;
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    if (this.#over) reject(gone());
    else {
      const answered = resolve as (answer: unknown) => void;
      this.#waiting.set(number, { resolve: answered, reject });
      this.#post(make(number));
    }
    return promise;
  }

  /** All that is asked before the next microtask is one message. */
  #post(ask: Ask): void {
    if (this.#over) return;
    if (this.#asks.push(ask) > 1) return;
    queueMicrotask(() => {
      const asks = this.#asks;
      this.#asks = [];
      if (!this.#over) this.#port.postMessage(asks);
    });
  }

  #receive(tells: readonly Tell[]): void {
    for (const tell of tells) {
      try {
        this.#hear(tell);
      } catch (error) {
        this.#sink?.failed(error);
      }
    }
    if (this.#taken < WINDOW_BYTES / 4) return;
    this.#post(["taken", this.#taken]);
    this.#taken = 0;
  }

  #hear(tell: Tell): void {
    const sink = this.#sink;
    switch (tell[0]) {
      case "opened": {
        const bounds = unpackBounds(tell[2], this.#clock);
        for (const { records } of bounds.recent?.runs ?? []) {
          for (const { bytes } of records) this.#taken += bytes;
        }
        return sink?.opened(tell[1], bounds);
      }
      case "committed":
        return sink?.committed(
          tell[1],
          tell[2],
          tell[3].map((packed) => this.#record(packed)),
        );
      case "trimmed":
        return sink?.trimmed(tell[1], tell[2]);
      case "settled":
        return this.#settle(tell[1], { offset: tell[2] });
      case "refused":
        return this.#settle(tell[1], { code: tell[2], message: tell[3] });
      case "read": {
        const records = tell[3].map((packed) => unpack(packed, this.#clock));
        return this.#answer(tell[1])?.resolve({ offset: tell[2], records });
      }
      case "claim":
        return this.#answer(tell[1])?.resolve(tell[2]);
      case "broken":
        return this.#answer(tell[1])?.reject(new Error(tell[2]));
      case "claimed":
        // A claim that was granted before it, in this very message, is heard of in a microtask: this must not overtake it.
        return queueMicrotask(() => sink?.claimed(tell[1]));
      case "directMessage":
        return sink?.directMessage?.(tell[1]);
      case "bye":
        return this.#end();
    }
  }

  /** The very record that was appended here, or one that another worker appended. */
  #record(packed: Packed | number) {
    if (typeof packed === "number") return this.#unsettled.get(packed)!.record;
    const record = unpack(packed, this.#clock);
    this.#taken += record.bytes;
    return record;
  }

  #settle(number: number, outcome: Parameters<StoreSink["settled"]>[1]): void {
    const entry = this.#unsettled.get(number);
    if (entry === undefined) return;
    this.#unsettled.delete(number);
    this.#unsettledBytes -= entry.record.bytes;
    this.#sink?.settled(entry, outcome);
  }

  #answer(number: number): Waiting | undefined {
    const waiting = this.#waiting.get(number);
    this.#waiting.delete(number);
    return waiting;
  }

  #refuse(entry: Entry): void {
    const message = "The log cannot be written now";
    this.#sink?.settled(entry, { code: "unavailable", message });
  }

  #end(): void {
    this.#over = true;
    this.#port.onmessage = null;
    this.#port.close();
    const unsettled = [...this.#unsettled.values()];
    this.#unsettled.clear();
    for (const entry of unsettled) this.#refuse(entry);
    for (const { reject } of this.#waiting.values()) reject(gone());
    this.#waiting.clear();
    if (this.#closed === undefined) this.#sink?.failed(gone());
    this.#closed?.resolve();
  }
}

function gone(): Error {
  return new Error("The hosted store has ended");
}
