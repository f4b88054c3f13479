import { CloseCode } from "../../messages.ts";
import type { Store } from "../log/store.ts";
import { Tally } from "../../common/tally.ts";
import type { Connection } from "./connection.ts";

/** The sessions of this hub's connections. The store keeps what outlives a connection. */
export class Sessions {
  readonly #store: Pick<Store, "begin" | "claim" | "detach">;
  readonly #holders = new Map<string, Connection>();
  /** The number of pending claims of each session. */
  readonly #claims = new Tally();
  /** Sessions whose connection is detached, until the store has been called. */
  readonly #detached = new Set<string>();

  constructor(store: Pick<Store, "begin" | "claim" | "detach">) {
    this.#store = store;
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
    if (!this.#holders.has(session)) this.#store.detach(session);
  }

  /** Closes the connection of a session that another hub has claimed. */
  claimedElsewhere(session: string): void {
    const holder = this.#holders.get(session);
    if (holder === undefined) return;
    this.#holders.delete(session);
    supersede(holder);
  }
}

function supersede(connection: Connection): void {
  connection.disconnect(
    CloseCode.superseded,
    "Session resumed by another connection",
  );
}
