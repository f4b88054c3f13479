import type { Clock } from "../../hub/clock.ts";
import { INDETERMINATE } from "../../hub/log/deduplication.ts";
import type { LogRecord } from "../../hub/log/record.ts";
import type { Entry, Outcome } from "../../hub/log/store.ts";
import {
  type HostEvent,
  type HostRequest,
  pack,
  type PackedEntry,
  type Port,
  unpack,
} from "../worker/messages.ts";
import type { SqliteStore } from "./loop_store.ts";

/** An entry of the hub, with the hub's number. */
interface NumberedEntry extends Entry {
  readonly number: number;
}

/** The parts of the isolate that a {@linkcode ServedStore} uses. */
export interface ServedStoreContext {
  readonly store: SqliteStore;
  readonly clock: Clock;
  readonly port: Port;
  /** Called after the last event was posted. */
  closed(): void;
}

/**
 * Serves a store to the hub at the other end of a port. The events of one turn are posted as one message: after an append,
 * the records and the outcomes of its one transaction.
 */
export class ServedStore {
  readonly #context: ServedStoreContext;
  #events: HostEvent[] = [];
  /** The numbers of the entries that have no outcome, by their records. */
  readonly #unsettled = new Map<LogRecord, number>();

  constructor(context: ServedStoreContext) {
    this.#context = context;
    context.store.connect({
      opened: (topic, { epoch, tail, head }) =>
        this.#send(["opened", topic, [epoch, tail, head, head, []]]),
      committed: (topic, offset, records) => {
        const numbers = records.map((record) => this.#unsettled.get(record)!);
        this.#send(["committed", topic, offset, numbers]);
      },
      trimmed: (topic, tail) => this.#send(["trimmed", topic, tail]),
      settled: (entry, outcome) =>
        this.#settled((entry as NumberedEntry).record, outcome),
      claimed: () => {},
      failed: (error) => this.#failed(error),
    });
    context.port.onmessage = ({ data }) => {
      for (const request of data as readonly HostRequest[]) {
        try {
          this.#receive(request);
        } catch (error) {
          this.#failed(error);
        }
      }
    };
  }

  #receive(request: HostRequest): void {
    const { store } = this.#context;
    switch (request[0]) {
      case "open":
        return store.open(request[1]);
      case "forget":
        return store.forget(request[1]);
      case "append":
        return this.#append(request[1]);
      case "read": {
        const [, number, topic, from, maxBytes] = request;
        return this.#answer(number, () => {
          const { offset, records } = store.read(topic, from, maxBytes);
          const { clock } = this.#context;
          const packed = records.map((record) => pack(record, clock));
          return ["read", number, offset, packed];
        });
      }
      case "has": {
        const [, number, topic] = request;
        return this.#answer(number, () => ["has", number, store.has(topic)]);
      }
      case "begin":
        return store.begin(request[1]);
      case "claim": {
        const [, number, session] = request;
        return this.#answer(
          number,
          () => ["claim", number, store.claim(session)],
        );
      }
      case "detach":
        return store.detach(request[1]);
      case "received":
        return;
      case "close":
        void this.#close();
    }
  }

  #append(packed: readonly PackedEntry[]): void {
    const { store, clock } = this.#context;
    const entries = packed.map(([number, topic, record, session, id]) => {
      const unpacked = unpack(record, clock);
      this.#unsettled.set(unpacked, number);
      return { topic, record: unpacked, session, id, number };
    });
    try {
      store.append(entries);
    } finally {
      // After an exception, the store may have committed the entries. A settled entry is not settled again.
      for (const record of [...this.#unsettled.keys()]) {
        this.#settled(record, INDETERMINATE);
      }
    }
  }

  #settled(record: LogRecord, outcome: Outcome): void {
    const number = this.#unsettled.get(record);
    if (number === undefined) return;
    this.#unsettled.delete(record);
    this.#send(
      "offset" in outcome
        ? ["settled", number, outcome.offset]
        : ["rejected", number, outcome.code, outcome.message],
    );
  }

  #answer(number: number, make: () => HostEvent): void {
    try {
      this.#send(make());
    } catch (error) {
      this.#send(["failed", number, reasonOf(error)]);
    }
  }

  #failed(error: unknown): void {
    this.#send(["error", reasonOf(error)]);
  }

  async #close(): Promise<void> {
    const { store, closed } = this.#context;
    try {
      await store[Symbol.asyncDispose]();
    } catch (error) {
      this.#failed(error);
    }
    this.#send(["closed"]);
    this.#post();
    closed();
  }

  /** Adds an event to the next message, which is posted in a microtask. */
  #send(event: HostEvent): void {
    if (this.#events.push(event) === 1) queueMicrotask(() => this.#post());
  }

  #post(): void {
    const events = this.#events;
    this.#events = [];
    if (events.length > 0) this.#context.port.postMessage(events);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
