/**
 * Hubs and clients with one defence switched off: for the negative controls. A checker that finds nothing wrong with them
 * would find nothing anywhere.
 *
 * @module
 */
import { MemoryStore } from "../../adapters/store_memory.ts";
import { connect, type ConnectOptions } from "../../client.ts";
import type { Clock } from "../../hub/clock.ts";
import { LogRecord } from "../../hub/log/record.ts";
import type { Entry, Outcome, Store, StoreSink } from "../../hub/log/store.ts";
import type { NearSocket } from "../hub/socket_pair.ts";
import { bodyOf } from "./recorder.ts";
import { EAGER, type Stage } from "./scenario.ts";

/** A store that does not remember outcomes: what is sent again is stored again. */
export class ForgetfulStore extends MemoryStore {
  override append(entries: readonly Entry[]): void {
    super.append(
      entries.map((entry) => ({ ...entry, session: undefined, id: undefined })),
    );
  }
}

/** A store that changes what is published as bytes. */
export class DirtyStore extends MemoryStore {
  override append(entries: readonly Entry[]): void {
    super.append(entries.map((entry) => {
      const { from, at, since, body } = entry.record;
      if (typeof body === "string") return entry;
      const record = new LogRecord(from, at, since, body.toReversed());
      return { ...entry, record };
    }));
  }
}

/** A store in memory that gives its logs the same epoch in each run, as if they were the same logs. */
export class OneEpochStore extends MemoryStore {
  override connect(sink: StoreSink): void {
    super.connect({
      opened: (topic, bounds) =>
        sink.opened(topic, { ...bounds, epoch: "always" }),
      committed: (...what) => sink.committed(...what),
      trimmed: (...what) => sink.trimmed(...what),
      settled: (...what) => sink.settled(...what),
      claimed: (session) => sink.claimed(session),
      failed: (error) => sink.failed(error),
    });
  }
}

/** Says that publishes are committed, and commits them later: what is killed in between is acknowledged and gone. */
export class HastyStore implements Store {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #delayMs: number;
  readonly #heads = new Map<string, number>();
  #sink: StoreSink | undefined;

  constructor(store: Store, clock: Clock, delayMs: number) {
    this.#store = store;
    this.#clock = clock;
    this.#delayMs = delayMs;
  }

  connect(sink: StoreSink): void {
    this.#sink = sink;
    this.#store.connect({
      opened: (topic, bounds) => {
        if (!this.#heads.has(topic)) this.#heads.set(topic, bounds.head);
        sink.opened(topic, bounds);
      },
      committed: (...what) => sink.committed(...what),
      trimmed: (...what) => sink.trimmed(...what),
      settled() {},
      claimed: (session) => sink.claimed(session),
      failed: (error) => sink.failed(error),
    });
  }

  append(entries: readonly Entry[]): void {
    for (const entry of entries) {
      const offset = this.#heads.get(entry.topic) ?? 0;
      this.#heads.set(entry.topic, offset + 1);
      const outcome: Outcome = { offset };
      this.#sink!.settled(entry, outcome);
    }
    this.#clock.after(this.#delayMs, () => this.#store.append(entries));
  }

  open(topic: string): void {
    this.#store.open(topic);
  }

  forget(topic: string): void {
    this.#store.forget(topic);
  }

  begin(session: string): void {
    this.#store.begin(session);
  }

  claim(session: string): boolean | Promise<boolean> {
    return this.#store.claim(session);
  }

  detach(session: string): void {
    this.#store.detach(session);
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#store[Symbol.asyncDispose]();
  }
}

/** Lets no `gap` out of a hub: who falls off the log is not told. */
export function withoutGaps(near: NearSocket): void {
  const send = near.send.bind(near);
  near.send = (data) => {
    if (typeof data !== "string" || !data.startsWith('{"type":"gap"')) {
      send(data);
    }
  };
}

/** Changes offsets on the way to the client, so that what is after a gap looks as if it were next: nobody is told. */
export function withHiddenGaps(near: NearSocket): void {
  const send = near.send.bind(near);
  const hidden = new Map<string, number>();
  near.send = (data) => {
    if (typeof data !== "string") return send(data);
    const frame = JSON.parse(data);
    const skipped = hidden.get(frame.topic) ?? 0;
    if (frame.type === "gap") {
      hidden.set(frame.topic, skipped + frame.to - frame.from);
    } else if (frame.type === "batch") {
      send(JSON.stringify({ ...frame, offset: frame.offset - skipped }));
    } else send(data);
  };
}

/** A subscriber that forgets its place at each cut: a new client each time, from now on, in the same stream. */
export function forgetfulSubscriber(
  stage: Stage,
  name: string,
  topic: string,
  options: ConnectOptions = {},
): void {
  const stream = stage.ledger.stream(name, topic);
  const clients = new Set<AsyncDisposable>();
  let over = false;
  const enter = () => {
    const client = connect(stage.proxy.url, { ...EAGER, ...options });
    clients.add(client);
    const joined = client.topic(topic);
    joined.joined().then(() => {
      if (stream.at === undefined) stream.joined(joined.position!);
    }, () => {});
    joined.onAny((message, { offset, from }) =>
      stream.record(joined.position!.epoch, offset, from, bodyOf(message))
    );
    client.addEventListener("statechange", ({ state }) => {
      if (state !== "waiting") return;
      client.close();
      if (!over) enter();
    });
  };
  enter();
  stage.defer(async () => {
    over = true;
    await Promise.all([...clients].map((one) => one[Symbol.asyncDispose]()));
  });
}
