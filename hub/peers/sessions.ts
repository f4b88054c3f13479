import { CloseCode } from "../../messages.ts";
import type { Clock } from "../clock.ts";
import type { Limits } from "../limits.ts";
import type { Store } from "../log/store.ts";
import { Tally } from "../../common/tally.ts";
import type { Connection } from "./connection.ts";

/** The parts of the hub that {@linkcode Sessions} use. */
export interface SessionsContext {
  readonly store: Pick<Store, "begin" | "claim" | "detach">;
  readonly clock: Pick<Clock, "now">;
  /** The time to live of a session without a connection, in ms. */
  readonly sessionMs: number;
  readonly limits: Pick<Limits, "sessions">;
  /** Called when the store forgets a session before its time to live ends, because there are too many. */
  forgotten(session: string): void;
}

/** The sessions of this hub's connections. The store keeps what outlives a connection. */
export class Sessions {
  readonly #context: SessionsContext;
  readonly #store: SessionsContext["store"];
  readonly #holders = new Map<string, Connection>();
  /** The number of pending claims of each session. */
  readonly #claims = new Tally();
  /** Sessions whose connection is detached, until the store has been called. */
  readonly #detached = new Set<string>();
  /** The sessions that wait for a resume, oldest first, and the monotonic time at which they expire. */
  readonly #resumable = new Map<string, number>();

  constructor(context: SessionsContext) {
    this.#context = context;
    this.#store = context.store;
  }

  /** Begins a session for a connection. */
  begin(session: string, connection: Connection): void {
    this.#store.begin(session);
    this.#holders.set(session, connection);
  }

  /**
   * Claims a session for a connection. An older connection with the same session is closed with 4505.
   *
   * @returns `false` if the session does not exist or has expired.
   */
  async claim(session: string, connection: Connection): Promise<boolean> {
    this.#claims.add(session);
    try {
      if (!await this.#store.claim(session)) return false;
      const older = this.#holders.get(session);
      this.#holders.set(session, connection);
      this.#resumable.delete(session);
      if (older !== undefined) supersede(older);
      return true;
    } finally {
      this.#claims.remove(session);
      this.#detachInStore(session);
    }
  }

  /** Detaches a session from its connection, so that its time to live starts, unless another connection has it. */
  detach(session: string, connection: Connection): void {
    if (this.#holders.get(session) !== connection) return;
    this.#holders.delete(session);
    this.#detached.add(session);
    this.#detachInStore(session);
  }

  /** Waits while a claim is pending: its connection may get the session. */
  #detachInStore(session: string): void {
    if (this.#claims.of(session) > 0 || !this.#detached.delete(session)) return;
    if (this.#holders.has(session)) return;
    this.#store.detach(session);
    this.#forgetOldest(session);
  }

  /** Counts as the store does: it forgets the oldest sessions above `limits.sessions`. */
  #forgetOldest(newest: string): void {
    const { clock, sessionMs, limits, forgotten } = this.#context;
    const now = clock.now();
    this.#resumable.delete(newest);
    this.#resumable.set(newest, now + sessionMs);
    for (const [session, expiresAt] of this.#resumable) {
      const isExpired = expiresAt <= now;
      if (!isExpired && this.#resumable.size <= limits.sessions) break;
      this.#resumable.delete(session);
      if (!isExpired) forgotten(session);
    }
  }

  /** Closes the connection of a session that another hub has claimed. */
  claimedElsewhere(session: string): void {
    const holder = this.#holders.get(session);
    if (holder === undefined) return;
    this.#holders.delete(session);
    this.#resumable.delete(session);
    supersede(holder);
  }
}

function supersede(connection: Connection): void {
  connection.disconnect(
    CloseCode.superseded,
    "Session resumed by another connection",
  );
}
