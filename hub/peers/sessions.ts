import { CloseCode } from "../../messages.ts";
import type { Connection } from "./connection.ts";
import type { Store } from "../log/store.ts";
import { Tally } from "../tally.ts";

/** Which connection holds which session here. What outlives a connection is in the store. */
export class Sessions {
  readonly #store: Store;
  readonly #leave: (
    connection: Connection,
    code: number,
    reason: string,
  ) => void;
  readonly #holders = new Map<string, Connection>();
  /** Sessions that the store was asked for and has not answered about. */
  readonly #asked = new Tally();
  /** Sessions whose connection left, as far as the store has not been told. */
  readonly #parted = new Set<string>();

  constructor(
    store: Store,
    leave: (connection: Connection, code: number, reason: string) => void,
  ) {
    this.#store = store;
    this.#leave = leave;
  }

  /** Starts a session for a connection. */
  begin(session: string, connection: Connection): void {
    this.#store.begin(session);
    this.#holders.set(session, connection);
  }

  /** Takes a session over. The newer connection wins: an older one is closed with 4505. */
  async claim(session: string, connection: Connection): Promise<boolean> {
    this.#asked.add(session);
    try {
      if (!await this.#store.claim(session)) return false;
      const older = this.#holders.get(session);
      this.#holders.set(session, connection);
      if (older !== undefined) this.#supersede(older);
      return true;
    } finally {
      this.#asked.remove(session);
      this.#partLate(session);
    }
  }

  /** A connection has left: its session's time to live starts, unless another connection has it by now. */
  leave(session: string, connection: Connection): void {
    if (this.#holders.get(session) !== connection) return;
    this.#holders.delete(session);
    this.#parted.add(session);
    this.#partLate(session);
  }

  /** Tells the store that a session parted. While a claim is under way, whoever asked may be about to have it. */
  #partLate(session: string): void {
    if (this.#asked.of(session) > 0 || !this.#parted.delete(session)) return;
    if (!this.#holders.has(session)) this.#store.detach(session);
  }

  /** The session went on at another node. */
  claimedElsewhere(session: string): void {
    const holder = this.#holders.get(session);
    if (holder === undefined) return;
    this.#holders.delete(session);
    this.#supersede(holder);
  }

  #supersede(connection: Connection): void {
    this.#leave(
      connection,
      CloseCode.superseded,
      "This session was resumed by another connection",
    );
  }
}
