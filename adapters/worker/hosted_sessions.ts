import type { Store } from "../../hub/log/store.ts";
import type { HostNode } from "./worker_link.ts";

/** Which worker holds which session. What outlives a connection is in the store. */
export class HostedSessions {
  readonly #store: Store;
  readonly #holders = new Map<string, HostNode>();
  /** Claims that the store has not answered. */
  readonly #claiming = new Map<string, Promise<void>>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** A worker starts a session. */
  begin(node: HostNode, session: string): void {
    this.#store.begin(session);
    this.#holders.set(session, node);
  }

  /** A worker takes a session over. @param number what it asks by. */
  claim(node: HostNode, number: number, session: string): void {
    const before = this.#claiming.get(session);
    const known = before === undefined
      ? this.#store.claim(session)
      : before.then(() => this.#store.claim(session));
    if (!(known instanceof Promise)) {
      return this.#claimed(node, number, session, known);
    }
    const claiming = known.then(
      (known) => this.#claimed(node, number, session, known),
      (error) => node.tell(["broken", number, String(error)]),
    ).finally(() => {
      if (this.#claiming.get(session) === claiming) {
        this.#claiming.delete(session);
      }
    });
    this.#claiming.set(session, claiming);
  }

  /** The session's connection at a worker is gone. */
  leave(node: HostNode, session: string): void {
    // Whoever asks for it is about to have it: its time to live must not start then.
    const claiming = this.#claiming.get(session);
    if (claiming !== undefined) {
      claiming.then(() => this.leave(node, session));
      return;
    }
    if (this.#holders.get(session) !== node) return;
    this.#holders.delete(session);
    this.#store.detach(session);
  }

  /** A worker is gone, and with it the connections of all its sessions. */
  lost(node: HostNode): void {
    for (const [session, holder] of this.#holders) {
      if (holder === node) this.leave(node, session);
    }
  }

  /** The session went on at another process. */
  claimedElsewhere(session: string): void {
    this.#holders.get(session)?.tell(["claimed", session]);
    this.#holders.delete(session);
  }

  #claimed(
    node: HostNode,
    number: number,
    session: string,
    known: boolean,
  ): void {
    node.tell(["claim", number, known]);
    if (!known) return;
    const older = this.#holders.get(session);
    this.#holders.set(session, node);
    if (older !== undefined && older !== node) older.tell(["claimed", session]);
  }
}
