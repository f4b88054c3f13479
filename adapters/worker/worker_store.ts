import type { Clock } from "../../hub/clock.ts";
import { INDETERMINATE, UNAVAILABLE } from "../../hub/log/deduplication.ts";
import type { LogRecord } from "../../hub/log/record.ts";
import type {
  Entry,
  Outcome,
  Store,
  StoredRecords,
  StoreSink,
} from "../../hub/log/store.ts";
import {
  type HostEvent,
  type HostInfo,
  type HostRequest,
  pack,
  type PackedEntry,
  type PackedRecord,
  type Port,
  type StoreHealth,
  unpack,
  unpackBounds,
} from "./messages.ts";
import { WINDOW_BYTES } from "./worker_link.ts";

/** Maximum bytes of entries without an outcome: a host that commits too slowly must not cost all memory. */
const MAX_UNSETTLED_BYTES = 32 * 1024 * 1024;

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
 * A hub's side of a store that another isolate hosts. The requests of one turn travel as one message.
 *
 * One append is under way at a time, and the next one has every entry that was gathered meanwhile. A message port delivers
 * one message in a turn of the event loop: with an append for each flush, a slow disk would receive its commits one by one.
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
  /** `true` if other hubs write to the same logs. */
  readonly shared: boolean;
  /** `true` if other hubs write to the same logs: their host keeps the topics with `durable: false`. */
  readonly hostsEphemeral: boolean;
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
  /** The entries of the next append. */
  #gathered: PackedEntry[] = [];
  /** Entries below it are in an append that was posted. */
  #appended = 0;
  /** The number of entries without an outcome in the append that is under way. */
  #underWay = 0;
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
    this.shared = this.hostsEphemeral = host.shared ?? true;
    if (host.reads) {
      this.read = (topic, from, maxBytes) =>
        this.#call((number) => ["read", number, topic, from, maxBytes]);
    }
    port.onmessage = ({ data }) => this.#receive(data);
  }

  /** `false` while the hosted store reports itself as failing, and when the host has ended. */
  get healthy(): boolean {
    return this.#health !== "fails";
  }

  connect(sink: StoreSink): void {
    this.#sink = sink;
  }

  open(topic: string): void {
    this.#checkHost();
    this.#request(["open", topic]);
  }

  append(entries: readonly Entry[]): void {
    for (const entry of entries) {
      const { topic, record, session, id } = entry;
      if (this.#hasEnded || this.#unsettledBytes > MAX_UNSETTLED_BYTES) {
        this.#sink?.settled(entry, UNAVAILABLE);
        continue;
      }
      const number = this.#number++;
      this.#unsettled.set(number, entry);
      this.#unsettledBytes += record.bytes;
      const packed = pack(record, this.#clock);
      this.#gathered.push([number, topic, packed, session, id]);
    }
    this.#appendNext();
  }

  /** Requests the append of what was gathered, unless an append is under way. */
  #appendNext(): void {
    if (this.#underWay > 0 || this.#gathered.length === 0) return;
    const entries = this.#gathered;
    this.#gathered = [];
    this.#underWay = entries.length;
    this.#appended = this.#number;
    this.#request(["append", entries]);
  }

  has(topic: string): Promise<boolean> {
    return this.#call((number) => ["has", number, topic]);
  }

  forget(topic: string): void {
    this.#request(["forget", topic]);
  }

  begin(session: string): void {
    this.#checkHost();
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
      this.#closeIfSettled();
      if (this.#hasEnded) this.#closed.resolve();
    }
    return this.#closed.promise;
  }

  /**
   * Ends the store: its host has ended without a last event. It may have committed the append that was under way.
   *
   * @param error the reason, which is reported unless the store is closed.
   */
  end(error: Error): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#health = "fails";
    this.#port.onmessage = null;
    this.#port.close();
    this.#gathered = [];
    for (const number of [...this.#unsettled.keys()]) {
      const isPosted = number < this.#appended;
      this.#settle(number, isPosted ? INDETERMINATE : UNAVAILABLE);
    }
    for (const { reject } of this.#calls.values()) reject(error);
    this.#calls.clear();
    if (this.#closed === undefined) this.#sink?.failed(error);
    this.#closed?.resolve();
  }

  #checkHost(): void {
    if (this.#hasEnded && this.#closed === undefined) throw endedError();
  }

  /** The last request follows the last append. */
  #closeIfSettled(): void {
    if (this.#closed === undefined || this.#unsettled.size > 0) return;
    this.#request(["close"]);
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
    queueMicrotask(() => this.#post());
  }

  #post(): void {
    const requests = this.#requests;
    this.#requests = [];
    if (requests.length === 0 || this.#hasEnded) return;
    this.#port.postMessage(requests);
  }

  #receive(events: readonly HostEvent[]): void {
    for (const [event] of events) {
      if (event === "settled" || event === "rejected") this.#underWay--;
    }
    // Posted before the events are handled: the host commits while the hub delivers.
    this.#appendNext();
    this.#post();
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
      case "has":
      case "claim":
        return this.#callOf(event[1])?.resolve(event[2]);
      case "failed":
        return this.#callOf(event[1])?.reject(new Error(event[2]));
      case "claimed":
        // In a microtask: the promise of an earlier claim, which this message resolves, must come first.
        return queueMicrotask(() => sink?.claimed(event[1]));
      case "directMessage":
        return sink?.directMessage?.(event[1]);
      case "error":
        return sink?.failed(new Error(event[1]));
      case "health":
        this.#health = event[1];
        return sink?.health?.(event[1] === "works");
      case "closed":
        return this.end(
          event[1] === undefined ? endedError() : new Error(event[1]),
        );
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
    this.#closeIfSettled();
  }

  #callOf(number: number): PendingCall | undefined {
    const call = this.#calls.get(number);
    this.#calls.delete(number);
    return call;
  }
}

function endedError(): Error {
  return new Error("The host of the store has ended");
}
