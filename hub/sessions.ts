import { CloseCode } from "../messages.ts";
import type { Connection } from "./connection.ts";
import type { Store } from "./store.ts";

/** Which connection holds which session here. What outlives a connection is in the store. */
export class Sessions {
  readonly #store: Store;
  readonly #leave: (
    connection: Connection,
    code: number,
    reason: string,
  ) => void;
  readonly #holders = new Map<string, Connection>();

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
    if (!await this.#store.claim(session)) return false;
    const older = this.#holders.get(session);
    this.#holders.set(session, connection);
    if (older !== undefined) this.#supersede(older);
    return true;
  }

  /** A connection has left: its session's time to live starts, unless another connection has it by now. */
  leave(session: string, connection: Connection): void {
    if (this.#holders.get(session) !== connection) return;
    this.#holders.delete(session);
    this.#store.leave(session);
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
