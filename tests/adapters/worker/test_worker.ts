import { MemoryStore } from "../../../adapters/store_memory.ts";
import type {
  HostEvent,
  HostRequest,
  Port,
} from "../../../adapters/worker/messages.ts";
import { workerStore } from "../../../adapters/worker/store.ts";
import { LogRecord } from "../../../hub/log/record.ts";
import type {
  Entry,
  LogBounds,
  Outcome,
  Store,
  StoreSink,
} from "../../../hub/log/store.ts";
import { FakeClock } from "../../hub/fake_clock.ts";
import { HostRig, type HostRigOptions } from "./host_rig.ts";

/** A worker's store, and a recorder of its calls. */
export class TestWorker implements StoreSink {
  readonly calls: string[] = [];
  readonly bounds: Map<string, LogBounds> = new Map();
  readonly logs: Map<string, [offset: number, record: LogRecord][]> = new Map();
  readonly outcomes: Map<Entry, Outcome> = new Map();
  readonly store: Store;
  #wake: (() => void) | undefined;

  constructor(store: Store) {
    this.store = store;
    store.connect(this);
  }

  opened(topic: string, bounds: LogBounds): void {
    this.bounds.set(topic, bounds);
    const runs = bounds.recent?.runs ?? [];
    this.logs.set(
      topic,
      runs.flatMap(({ offset, records }) =>
        records.map((record, i): [number, LogRecord] => [offset + i, record])
      ),
    );
    this.#record(`opened ${topic}`);
  }

  committed(
    topic: string,
    offset: number,
    records: readonly LogRecord[],
  ): void {
    const log = this.logs.get(topic)!;
    records.forEach((record, i) => log.push([offset + i, record]));
    this.#record(`committed ${topic}`);
  }

  trimmed(topic: string, tail: number): void {
    this.#record(`trimmed ${topic} ${tail}`);
  }

  settled(entry: Entry, outcome: Outcome): void {
    this.outcomes.set(entry, outcome);
    this.#record("settled");
  }

  claimed(session: string): void {
    this.#record(`claimed ${session}`);
  }

  directMessage(topic: string): void {
    this.#record(`directMessage ${topic}`);
  }

  failed(error: unknown): void {
    this.#record(`failed ${error}`);
  }

  health(works: boolean): void {
    this.#record(works ? "works" : "fails");
  }

  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  async open(topic: string): Promise<LogBounds> {
    this.store.open(topic);
    await this.until(() => this.bounds.has(topic));
    return this.bounds.get(topic)!;
  }

  async append(...entries: Entry[]): Promise<Outcome[]> {
    this.store.append(entries);
    await this.until(() => entries.every((entry) => this.outcomes.has(entry)));
    return entries.map((entry) => this.outcomes.get(entry)!);
  }

  /** Returns the offsets and texts of a topic. */
  texts(topic: string): [number, unknown][] {
    return this.logs.get(topic)!.map(([offset, { body }]) => [offset, body]);
  }

  #record(call: string): void {
    this.calls.push(call);
    this.#wake?.();
  }
}

/** Options of {@linkcode entry}. */
export interface EntryOptions {
  readonly topic?: string;
  readonly session?: string;
  readonly id?: number;
  readonly key?: string;
}

/** An entry of the topic `room`, unless the options name another. */
export function entry(body: string, options: EntryOptions = {}): Entry {
  const { topic = "room", session, id, key } = options;
  return {
    topic,
    record: new LogRecord("p", 0, 1_000, body, key),
    session,
    id,
  };
}

/** A host, the clock of its store, and a function that connects a worker. */
export interface StartedHost {
  readonly clock: FakeClock;
  readonly rig: HostRig;
  readonly worker: () => Promise<TestWorker>;
}

/** Starts a host, with a store in memory unless `make` makes another. */
export function startHost(
  options: HostRigOptions = {},
  make?: (clock: FakeClock) => Store,
): StartedHost {
  const clock = new FakeClock();
  const store = make?.(clock) ??
    new MemoryStore(clock, { sessionMs: options.sessionMs ?? 120_000 });
  const rig = new HostRig(store, clock, options);
  const worker = async () => new TestWorker(await rig.worker());
  return { clock, rig, worker };
}

/** A worker's end of a port, controlled by a test. */
export class TestPort implements Port {
  readonly events: HostEvent[] = [];
  onmessage: ((event: MessageEvent) => void) | null = null;
  #wake: (() => void) | undefined;

  postMessage(message: unknown): void {
    this.events.push(...message as HostEvent[]);
    this.#wake?.();
  }

  close(): void {}

  /** Delivers a message to the other end. */
  receive(...requests: (HostRequest | HostEvent)[]): void {
    this.onmessage?.(new MessageEvent("message", { data: requests }));
  }

  async until(holds: (events: HostEvent[]) => boolean): Promise<void> {
    while (!holds(this.events)) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }
}

/** Connects a worker to a port that a test controls. The host answers nothing. */
export async function connected(): Promise<
  { port: TestPort; worker: TestWorker }
> {
  const port = new TestPort();
  const connecting = workerStore(port);
  port.receive(["hello", { reads: false, sessionMs: 1 }]);
  const make = await connecting;
  const store = make(new FakeClock(), { sessionMs: 1, sessions: 1 });
  return { port, worker: new TestWorker(store) };
}
