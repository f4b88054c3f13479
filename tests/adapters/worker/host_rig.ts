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

/** A clock with the time of a test, and the turns of the real event loop, which the ports need. */
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

/** Options of {@linkcode HostRig}. */
export interface HostRigOptions {
  readonly sessionMs?: number;
  /** Default: no bound. */
  readonly recordBytes?: number;
  readonly topics?: TopicOptionsByName;
}

/** A host and the stores of workers in one isolate, with real ports between them. */
export class HostRig implements AsyncDisposable {
  readonly host: StoreHost;
  readonly errors: unknown[] = [];
  readonly #clock: Clock;
  readonly #sessionMs: number;
  readonly #detach = new Map<Store, () => void>();

  constructor(store: Store, clock: Clock, options: HostRigOptions = {}) {
    const { sessionMs = 120_000, recordBytes = Infinity, topics } = options;
    this.#clock = clock;
    this.#sessionMs = sessionMs;
    this.host = new StoreHost({ store, clock: new HostClock(clock) }, {
      sessionMs,
      recordBytes,
      settings: topicOptions(topics),
      onError: (error) => this.errors.push(error),
    });
  }

  /** Connects one more worker. */
  async worker(): Promise<WorkerStore> {
    const { port1, port2 } = new MessageChannel();
    const detach = this.host.attach(port1);
    const make = await workerStore(port2);
    const store = make(this.#clock, {
      sessionMs: this.#sessionMs,
      sessions: 20_000,
    });
    this.#detach.set(store, () => {
      detach();
      port2.close();
    });
    return store;
  }

  /** Ends a worker without a message. */
  kill(store: Store): void {
    this.#detach.get(store)?.();
    this.#detach.delete(store);
  }

  /** Resolves when the host has handled every request. */
  async handled(): Promise<void> {
    for (const store of this.#detach.keys()) await store.claim("unknown");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.host[Symbol.asyncDispose]();
  }
}
