import type { Clock } from "../clock.ts";
import type { ErrorStage } from "../hooks.ts";
import type { Observer, RefusedHandshake } from "../observer.ts";
import type { Peer, PeerClose } from "../peer.ts";

/** A store of which nothing was heard for so long after a failure, in ms, may work again: somebody has to try. */
const STORE_DOUBT_MS = 10_000;

/** Numbers that only grow, of what is rare. */
export interface MonitorCounts {
  /** Connections that ended, by close code. */
  readonly closes: ReadonlyMap<number, number>;
  /** Handshakes that were refused, by HTTP status. */
  readonly refusals: ReadonlyMap<number, number>;
  /** Sessions that somebody asked for and got. */
  readonly resumed: number;
  /** Sessions that somebody asked for and that were not known any more. */
  readonly notResumed: number;
  /** Cursors that went on where their peer had been. */
  readonly recovered: number;
  /** Cursors that could not: the peer was told of a gap, or of another log. */
  readonly notRecovered: number;
  /** What was reported to `onError`. */
  readonly errors: number;
}

/** Counts what happens in a hub, and tells its observers. */
export class Monitor {
  readonly #clock: Clock;
  readonly #observers = new Set<Observer>();
  readonly #closes = new Map<number, number>();
  readonly #refusals = new Map<number, number>();
  readonly #counts = {
    resumed: 0,
    notResumed: 0,
    recovered: 0,
    notRecovered: 0,
    errors: 0,
  };
  /** The monotonic time of the store's last failure; absent: it has worked since. */
  #failedAt: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get counts(): MonitorCounts {
    const closes = this.#closes;
    return { ...this.#counts, closes, refusals: this.#refusals };
  }

  /** Whether the store works, as far as anybody knows. */
  get storeWorks(): boolean {
    return this.#failedAt === undefined ||
      this.#clock.now() - this.#failedAt > STORE_DOUBT_MS;
  }

  /** Adds an observer; the answer takes it away again. */
  observe(observer: Observer): () => void {
    this.#observers.add(observer);
    return () => this.#observers.delete(observer);
  }

  opened(peer: Peer): void {
    this.#tell((observer) => observer.opened?.(peer));
  }

  closed(peer: Peer, departure: PeerClose): void {
    countOne(this.#closes, departure.code);
    this.#tell((observer) => observer.closed?.(peer, departure));
  }

  /** A connection was closed before it was one of the hub's. */
  rejected(code: number): void {
    countOne(this.#closes, code);
  }

  refused(handshake: RefusedHandshake): void {
    countOne(this.#refusals, handshake.status);
    this.#tell((observer) => observer.refused?.(handshake));
  }

  failed(error: unknown, stage: ErrorStage): void {
    this.#counts.errors++;
    this.#tell((observer) => observer.failed?.(error, { stage }));
  }

  storeFailed(): void {
    const worked = this.#failedAt === undefined;
    this.#failedAt = this.#clock.now();
    if (worked) this.#tell((observer) => observer.store?.(false));
  }

  /** The store has committed something. */
  storeWorked(): void {
    if (this.#failedAt === undefined) return;
    this.#failedAt = undefined;
    this.#tell((observer) => observer.store?.(true));
  }

  /** A session was asked for. */
  resumed(isKnown: boolean): void {
    this.#counts[isKnown ? "resumed" : "notResumed"]++;
  }

  /** A cursor was to start where its peer had been. */
  recovered(isThere: boolean): void {
    this.#counts[isThere ? "recovered" : "notRecovered"]++;
  }

  going(step: "draining" | "closed", connections: number): void {
    this.#tell((observer) => observer.going?.(step, connections));
  }

  flushed(ms: number): void {
    this.#tell((observer) => observer.flushed?.(ms));
  }

  /** A request is being answered. @returns what to tell of its end; `undefined`: nobody looks. */
  asked(method: string): ((isRefused: boolean) => void) | undefined {
    if (this.#observers.size === 0) return undefined;
    const since = this.#clock.now();
    return (isRefused) => {
      const ms = this.#clock.now() - since;
      this.#tell((observer) => observer.answered?.(method, ms, isRefused));
    };
  }

  roundTrip(ms: number): void {
    this.#tell((observer) => observer.roundTrip?.(ms));
  }

  #tell(event: (observer: Observer) => void): void {
    for (const observer of this.#observers) {
      try {
        event(observer);
      } catch {
        // Who watches must not hold up what is watched.
      }
    }
  }
}

function countOne(counts: Map<number, number>, key: number): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
