import { WebClock } from "../../../adapters/clock_web.ts";
import { StoreHost } from "../../../adapters/worker/host.ts";
import {
  type WorkerStore,
  workerStore,
} from "../../../adapters/worker/store.ts";
import type { Cancel, Clock } from "../../../hub/clock.ts";
import type { Store } from "../../../hub/log/store.ts";
import {
  topicOptions,
  type TopicOptionsByName,
} from "../../../hub/log/topic_options.ts";

/** Time in a test's hand, and turns of the real event loop, which the ports are in. */
class HostClock implements Clock {
  readonly #fake: Clock;
  readonly #web = new WebClock();

  constructor(fake: Clock) {
    this.#fake = fake;
  }

  now(): number {
    return this.#fake.now();
  }

  time(): number {
    return this.#fake.time();
  }

  after(ms: number, run: () => void): Cancel {
    return this.#fake.after(ms, run);
  }

  turn(run: () => void): void {
    this.#web.turn(run);
  }

  close(): void {
    this.#web.close();
  }
}

/** What a test wants of a {@linkcode Workplace}. */
export interface WorkplaceOptions {
  readonly sessionMs?: number;
  readonly topics?: TopicOptionsByName;
}

/** A host and workers' stores in one isolate, with real ports between them. */
export class Workplace implements AsyncDisposable {
  readonly host: StoreHost;
  readonly errors: unknown[] = [];
  readonly #clock: Clock;
  readonly #sessionMs: number;
  readonly #detach = new Map<Store, () => void>();

  constructor(store: Store, clock: Clock, options: WorkplaceOptions = {}) {
    const { sessionMs = 120_000, topics } = options;
    this.#clock = clock;
    this.#sessionMs = sessionMs;
    this.host = new StoreHost({ store, clock: new HostClock(clock) }, {
      sessionMs,
      settings: topicOptions(topics),
      onError: (error) => this.errors.push(error),
    });
  }

  /** One more worker's store. */
  async worker(): Promise<WorkerStore> {
    const { port1, port2 } = new MessageChannel();
    const detach = this.host.attach(port1);
    const make = await workerStore(port2);
    const store = make(this.#clock, { sessionMs: this.#sessionMs });
    this.#detach.set(store, () => {
      detach();
      port2.close();
    });
    return store;
  }

  /** The worker dies without a word. */
  kill(store: Store): void {
    this.#detach.get(store)?.();
    this.#detach.delete(store);
  }

  /** Resolves when the host has taken in what every worker told it. */
  async arrived(): Promise<void> {
    for (const store of this.#detach.keys()) await store.claim("nobody");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.host[Symbol.asyncDispose]();
  }
}
