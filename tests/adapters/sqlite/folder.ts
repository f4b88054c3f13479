import { SqliteStore } from "../../../adapters/sqlite/loop_store.ts";
import type {
  SqliteOptions,
  SqliteStoreOptions,
} from "../../../adapters/sqlite/store.ts";
import type { HubOptions } from "../../../hub/options.ts";
import { LogRecord } from "../../../hub/log/record.ts";
import type {
  Entry,
  LogBounds,
  Outcome,
  StoreSink,
} from "../../../hub/log/store.ts";
import { FakeClock } from "../../hub/fake_clock.ts";
import { type AnyFrame, InMemory, type TestPeer } from "../../hub/in_memory.ts";

export const HOUR_MS: number = 60 * 60 * 1000;
export const MINUTE_MS: number = 60 * 1000;
export const SESSION = "AAAAAAAAAAAA.BBBBBBBBBBBBBBBBBBBBBBBB";

/** A clock whose wall clock a test can move. */
export class JumpyClock extends FakeClock {
  jumpedMs = 0;

  override time(): number {
    return super.time() + this.jumpedMs;
  }

  /** The clock of the next process, which starts `downMs` later. */
  next(downMs = 0): JumpyClock {
    const clock = new JumpyClock();
    clock.jumpedMs = this.time() + downMs - clock.time();
    return clock;
  }
}

/** Records the calls of a store. */
export class Recorder implements StoreSink {
  readonly bounds: Map<string, LogBounds> = new Map();
  readonly logs: Map<string, Map<number, unknown>> = new Map();
  readonly outcomes: Outcome[] = [];
  readonly tails: number[] = [];
  readonly failures: unknown[] = [];

  opened(topic: string, bounds: LogBounds): void {
    this.bounds.set(topic, bounds);
  }

  committed(
    topic: string,
    offset: number,
    records: readonly LogRecord[],
  ): void {
    const log = this.logs.get(topic) ?? new Map<number, unknown>();
    this.logs.set(topic, log);
    records.forEach(({ body }, i) => log.set(offset + i, body));
  }

  trimmed(_topic: string, tail: number): void {
    this.tails.push(tail);
  }

  settled(_entry: Entry, outcome: Outcome): void {
    this.outcomes.push(outcome);
  }

  claimed(): void {}

  failed(error: unknown): void {
    this.failures.push(error);
  }

  /** Returns the offsets, or codes, since the last call. */
  take(): (number | string)[] {
    return this.outcomes.splice(0).map((outcome) =>
      "code" in outcome ? outcome.code : outcome.offset
    );
  }
}

/** A temporary folder of a test. */
export class Folder implements AsyncDisposable {
  readonly path: string = Deno.makeTempDirSync();
  readonly #open = new Set<SqliteStore>();
  clock: JumpyClock = new JumpyClock();

  get file(): string {
    return `${this.path}/drumbeat.sqlite`;
  }

  /** Opens the store in the folder. */
  open(
    options: SqliteOptions = {},
    file: string = this.file,
  ): { store: SqliteStore; sink: Recorder } {
    const store = new SqliteStore(file, this.clock, options);
    this.#open.add(store);
    const sink = new Recorder();
    store.connect(sink);
    return { store, sink };
  }

  /** Closes a store. The clock is that of the next process then. */
  async close(store: SqliteStore, downMs = 0): Promise<void> {
    await store[Symbol.asyncDispose]();
    this.clock = this.clock.next(downMs);
  }

  /** Copies the file in the state of a crash at this moment. */
  crashed(): string {
    const copy = `${this.path}/${crypto.randomUUID()}.sqlite`;
    for (const end of ["", "-wal"]) {
      Deno.copyFileSync(this.file + end, copy + end);
    }
    this.clock = this.clock.next();
    return copy;
  }

  /** Makes a hub on a store in the folder. */
  hub(
    options: HubOptions & { readonly store?: SqliteStoreOptions } = {},
  ): InMemory {
    const { store, ...rest } = options;
    const { sessionMs = 120_000 } = options;
    return new InMemory(
      this.clock,
      rest,
      (clock) => new SqliteStore(this.file, clock, { sessionMs, ...store }),
    );
  }

  /** Closes a hub. The clock is that of the next process then. */
  async stop(hub: InMemory): Promise<void> {
    await hub[Symbol.asyncDispose]();
    this.clock = this.clock.next();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const store of this.#open) await store[Symbol.asyncDispose]();
    await Deno.remove(this.path, { recursive: true });
  }
}

/** An entry of a topic, with a session where it has an id. */
export function entry(body: string, id?: number, topic = "room"): Entry {
  return {
    topic,
    record: new LogRecord("peer-a", 1_700_000_000_000, 0, body),
    ...(id === undefined ? {} : { session: SESSION, id }),
  };
}

/** Entries with the bodies `0`, `1`, …, padded to a size. */
export function entries(count: number, size = 1): Entry[] {
  return Array.from(
    { length: count },
    (_, n) => entry(`${n}`.padEnd(size, "x")),
  );
}

/** A publish frame. */
export function publish(id: number, text = `${id}`): AnyFrame {
  return {
    type: "publish",
    id,
    topic: "room",
    message: { type: "chat", text },
  };
}

/** Reads and acknowledges frames until no more arrive. @returns the texts and gaps, in order. */
export function received(hub: InMemory, peer: TestPeer): unknown[] {
  const all: unknown[] = [];
  let frames = 0;
  for (;;) {
    hub.flush();
    const fresh = peer.read().flatMap((frame: AnyFrame) => {
      if (frame.type === "gap") return [{ from: frame.from, to: frame.to }];
      if (frame.type !== "batch") return [];
      frames++;
      return frame.messages.map(({ message }: AnyFrame) => message.text);
    });
    all.push(...fresh);
    if (fresh.length === 0) return all;
    peer.send({ type: "ack", frames });
  }
}

/** The texts `from`, `from + 1`, … */
export function texts(count: number, from = 0): string[] {
  return Array.from({ length: count }, (_, n) => `${from + n}`);
}

/** Reads every offset and body of a topic from the file. */
export function onDisk(
  store: SqliteStore,
  topic = "room",
): [offset: number, body: unknown][] {
  const { offset, records } = store.read(topic, 0, Infinity);
  return records.map(({ body }, i) => [offset + i, body]);
}
