import type { Clock } from "../clock.ts";
import type { ErrorStage } from "../hooks.ts";
import type { ObservedHub, Observer, RefusedHandshake } from "./observer.ts";
import type { Peer, PeerClose } from "../peer.ts";

/** The hub reports the store as failing for this long after a failure, in ms: then a publish has to show that it works. */
const STORE_DOUBT_MS = 10_000;

/** The numbers that a {@linkcode Monitor} counts. */
interface Counts extends
  Record<
    "resumed" | "notResumed" | "recovered" | "notRecovered" | "errors",
    number
  > {
  readonly closes: Map<number, number>;
  readonly refusals: Map<number, number>;
}

/** Counts what happens in a hub, and calls its observers. */
export class Monitor {
  readonly counts: Counts = {
    closes: new Map<number, number>(),
    refusals: new Map<number, number>(),
    resumed: 0,
    notResumed: 0,
    recovered: 0,
    notRecovered: 0,
    errors: 0,
  };
  readonly #clock: Clock;
  readonly #observerFailed: (error: unknown) => void;
  /** The observers, with the function that each returned from `start`. */
  readonly #observers = new Map<Observer, (() => void) | undefined>();
  /** The monotonic time of the store's last failure; absent while it works. */
  #failedAt: number | undefined;
  #hasEnded = false;

  /** @param observerFailed receives what an observer throws, or rejects with. */
  constructor(clock: Clock, observerFailed: (error: unknown) => void) {
    this.#clock = clock;
    this.#observerFailed = observerFailed;
  }

  /** `false` while the store's newest attempt failed, for up to 10 s. */
  get storeWorks(): boolean {
    return this.#failedAt === undefined ||
      this.#clock.now() - this.#failedAt > STORE_DOUBT_MS;
  }

  /** Adds an observer, unless it was added already. @returns a function that removes it. */
  observe(observer: Observer, hub: ObservedHub): () => void {
    if (!this.#observers.has(observer)) {
      const stop: unknown = observer.start?.(hub);
      // An async function: its rejection must not end the process.
      if (stop instanceof Promise) stop.catch(this.#observerFailed);
      this.#observers.set(
        observer,
        typeof stop === "function" ? stop as () => void : undefined,
      );
      if (this.#hasEnded) this.#remove(observer);
    }
    return () => this.#remove(observer);
  }

  opened(peer: Peer): void {
    this.#notify((observer) => observer.opened?.(peer));
  }

  closed(peer: Peer, close: PeerClose): void {
    countOne(this.counts.closes, close.code);
    this.#notify((observer) => observer.closed?.(peer, close));
  }

  /** Counts a connection that was closed before the hub attached it. */
  rejected(code: number): void {
    countOne(this.counts.closes, code);
  }

  refused(handshake: RefusedHandshake): void {
    countOne(this.counts.refusals, handshake.status);
    this.#notify((observer) => observer.refused?.(handshake));
  }

  failed(error: unknown, stage: ErrorStage): void {
    this.counts.errors++;
    this.#notify((observer) => observer.failed?.(error, { stage }));
  }

  storeFailed(): void {
    const worked = this.#failedAt === undefined;
    this.#failedAt = this.#clock.now();
    if (worked) this.#notify((observer) => observer.store?.(false));
  }

  /** The store has committed a record. */
  storeWorked(): void {
    if (this.#failedAt === undefined) return;
    this.#failedAt = undefined;
    this.#notify((observer) => observer.store?.(true));
  }

  /** Counts a session that a hello named. */
  resumed(isFound: boolean): void {
    this.counts[isFound ? "resumed" : "notResumed"]++;
  }

  /** Counts a position that a hello or a subscribe named. */
  recovered(isComplete: boolean): void {
    this.counts[isComplete ? "recovered" : "notRecovered"]++;
  }

  draining(connections: number): void {
    this.#notify((observer) => observer.draining?.(connections));
  }

  /** The hub is closed: removes every observer. */
  ended(connections: number): void {
    this.#hasEnded = true;
    this.#notify((observer) => observer.ended?.(connections));
    for (const observer of this.#observers.keys()) this.#remove(observer);
  }

  flushed(ms: number): void {
    // Without observers, a flush allocates no function.
    if (this.#observers.size === 0) return;
    this.#notify((observer) => observer.flushed?.(ms));
  }

  /** Starts the measurement of a request. @returns a function that ends it; `undefined` without an observer. */
  requested(method: string): ((isRefused: boolean) => void) | undefined {
    if (this.#observers.size === 0) return undefined;
    const since = this.#clock.now();
    return (isRefused) => {
      const ms = this.#clock.now() - since;
      const request = { method, ms, isRefused };
      this.#notify((observer) => observer.answered?.(request));
    };
  }

  roundTrip(ms: number): void {
    this.#notify((observer) => observer.roundTrip?.(ms));
  }

  #remove(observer: Observer): void {
    const stop = this.#observers.get(observer);
    if (this.#observers.delete(observer)) this.#attempt(() => stop?.());
  }

  #notify(event: (observer: Observer) => unknown): void {
    for (const observer of this.#observers.keys()) {
      this.#attempt(() => event(observer));
    }
  }

  /** Calls an observer. An error that it throws, or rejects with, must not stop the hub. */
  #attempt(call: () => unknown): void {
    try {
      const result = call();
      if (result instanceof Promise) result.catch(this.#observerFailed);
    } catch (error) {
      this.#observerFailed(error);
    }
  }
}

function countOne(counts: Map<number, number>, key: number): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
