import type { Store } from "../../hub/log/store.ts";
import type { WorkerLink } from "./worker_link.ts";

/** The workers that have a connection for each session. Sessions themselves are in the store. */
export class HostedSessions {
  readonly #store: Store;
  readonly #holders = new Map<string, WorkerLink>();
  /** Claims without an answer of the store. */
  readonly #claiming = new Map<string, Promise<void>>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Starts a session at a worker. */
  begin(link: WorkerLink, session: string): void {
    this.#store.begin(session);
    this.#holders.set(session, link);
  }

  /** Claims a session for a worker. @param number the number of the worker's request. */
  claim(link: WorkerLink, number: number, session: string): void {
    const before = this.#claiming.get(session);
    const isClaimed = before === undefined
      ? this.#store.claim(session)
      : before.then(() => this.#store.claim(session));
    if (!(isClaimed instanceof Promise)) {
      return this.#claimed(link, number, session, isClaimed);
    }
    const claiming = isClaimed.then(
      (isClaimed) => this.#claimed(link, number, session, isClaimed),
      (error) => link.send(["failed", number, String(error)]),
    ).finally(() => {
      if (this.#claiming.get(session) === claiming) {
        this.#claiming.delete(session);
      }
    });
    this.#claiming.set(session, claiming);
  }

  /** Detaches a session: its connection at a worker was closed. */
  detach(link: WorkerLink, session: string): void {
    // A claim in flight may keep the session: its time to live must not start meanwhile.
    const claiming = this.#claiming.get(session);
    if (claiming !== undefined) {
      claiming.then(() => this.detach(link, session));
      return;
    }
    if (this.#holders.get(session) !== link) return;
    this.#holders.delete(session);
    this.#store.detach(session);
  }

  /** Detaches every session of a worker that has ended. */
  detachAll(link: WorkerLink): void {
    for (const [session, holder] of this.#holders) {
      if (holder === link) this.detach(link, session);
    }
  }

  /** Another process has claimed a session. */
  claimedElsewhere(session: string): void {
    this.#holders.get(session)?.send(["claimed", session]);
    this.#holders.delete(session);
  }

  #claimed(
    link: WorkerLink,
    number: number,
    session: string,
    isClaimed: boolean,
  ): void {
    link.send(["claim", number, isClaimed]);
    if (!isClaimed) return;
    const former = this.#holders.get(session);
    this.#holders.set(session, link);
    if (former !== undefined && former !== link) {
      former.send(["claimed", session]);
    }
  }
}
