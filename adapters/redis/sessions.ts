import { sessionHash } from "./keys.ts";
import type { RedisNode } from "./node.ts";
import { withRetry } from "./retry.ts";
import { CLAIM, RENEW } from "./scripts.ts";

/** The longest interval between two renewals of a session, in ms. */
const MAX_RENEWAL_MS = 30_000;
/** Maximum number of sessions that one step renews. */
const MAX_RENEWED = 2_000;

/** A session with a connection to this node. */
interface Held {
  readonly session: string;
  /** The number of times that it was claimed, this time included. */
  readonly count: number;
  /** `true` when it is in Redis. */
  isSaved: boolean;
  /** The monotonic time of the last renewal, in ms. */
  renewedAt: number;
  /** Pending while the session is being saved. */
  saving: Promise<void> | undefined;
}

/**
 * The sessions with a connection to this node. Sessions expire in Redis, and the node renews its own: those of a node that
 * was killed expire as if their connections had been closed.
 */
export class RedisSessions {
  readonly #node: RedisNode;
  /** The sessions by hash, in the order in which their renewal is due. */
  readonly #held = new Map<string, Held>();
  /** The pending claims of each session by hash, and the highest count of another node's claim announced meanwhile. */
  readonly #claiming = new Map<string, { pending: number; count: number }>();
  readonly #renewalMs: number;
  /** The time to live of a session with a connection: two renewals may be missed. */
  readonly #heldTtl: string;

  constructor(node: RedisNode) {
    this.#node = node;
    const { sessionMs } = node.settings;
    this.#renewalMs = Math.min(sessionMs / 3, MAX_RENEWAL_MS);
    this.#heldTtl = `${Math.ceil(sessionMs + 2 * this.#renewalMs)}`;
  }

  /** Starts a session. */
  begin(session: string): void {
    const held = this.#hold(session, 1, false);
    held.saving = withRetry(this.#node, () => this.#save(held)).catch(
      // Redis is unavailable: a renewal saves the session later.
      () => {},
    ).then(() => void (held.saving = undefined));
  }

  /** Claims a session. @throws {RedisUnavailableError} (as a rejection) when Redis does not answer in time. */
  async claim(session: string): Promise<boolean> {
    const hash = sessionHash(session);
    const claiming = this.#claiming.get(hash) ?? { pending: 0, count: 0 };
    this.#claiming.set(hash, claiming);
    claiming.pending++;
    try {
      await this.#held.get(hash)?.saving;
      const count = await this.#claim(session, hash);
      if (count === 0) return false;
      const held = this.#hold(session, count, true);
      // Another node has claimed the session since. The hub learns it once it has the result of its own claim.
      if (count < claiming.count) {
        this.#node.clock.after(0, () => {
          if (this.#held.get(hash) === held) this.#moved(hash, held);
        });
      }
      return true;
    } finally {
      if (--claiming.pending === 0) this.#claiming.delete(hash);
    }
  }

  async #claim(session: string, hash: string): Promise<number> {
    const node = this.#node;
    const { keys } = node;
    return await withRetry(node, () =>
      node.connection.script<number>(
        CLAIM,
        [keys.session(session)],
        [node.id, node.generation, this.#heldTtl, keys.claims, hash],
      ));
  }

  /** Starts a session's time to live: its connection was closed. Without Redis, it expires a little later. */
  async detach(session: string): Promise<void> {
    const hash = sessionHash(session);
    const held = this.#held.get(hash);
    if (held === undefined) return;
    await held.saving;
    // The session may have been resumed while it was saved.
    if (this.#held.get(hash) !== held) return;
    this.#held.delete(hash);
    const ttl = `${Math.ceil(this.#node.settings.sessionMs)}`;
    if (held.isSaved) this.#expireIn(held.session, ttl).catch(() => {});
  }

  /** Another node has claimed a session. @param count the number of times that it was claimed. */
  claimed(count: number, hash: string): void {
    // It may arrive before the answer to this node's own claim, which has another connection to Redis.
    const claiming = this.#claiming.get(hash);
    if (claiming !== undefined) {
      claiming.count = Math.max(claiming.count, count);
    }
    const held = this.#held.get(hash);
    // This node may have claimed the session again.
    if (held !== undefined && count > held.count) this.#moved(hash, held);
  }

  /** Renews the sessions whose renewal is due. */
  renew(): void {
    const { clock, connection } = this.#node;
    if (!connection.isUp) return;
    let left = MAX_RENEWED;
    for (const [hash, held] of this.#held) {
      const isDue = held.renewedAt <= clock.now() - this.#renewalMs;
      if ((!isDue && held.isSaved) || left-- === 0) break;
      // Moved to the end: the map is in the order of the next renewal.
      this.#held.delete(hash);
      this.#held.set(hash, held);
      held.renewedAt = clock.now();
      this.#renewOne(hash, held).catch(() => {});
    }
  }

  #hold(session: string, count: number, isSaved: boolean): Held {
    const renewedAt = isSaved ? this.#node.clock.now() : 0;
    const held = { session, count, isSaved, renewedAt, saving: undefined };
    this.#held.set(sessionHash(session), held);
    return held;
  }

  async #renewOne(hash: string, held: Held): Promise<void> {
    if (!held.isSaved) return await (held.saving ?? this.#save(held));
    const answer = await this.#expireIn(held.session, this.#heldTtl);
    if (this.#held.get(hash) !== held || answer === 1) return;
    if (answer === -1) this.#moved(hash, held);
    // Redis lost the session and its outcomes: it cannot be resumed.
    else this.#held.delete(hash);
  }

  async #save(held: Held): Promise<void> {
    const { connection, keys, id, generation, clock } = this.#node;
    await connection.command([
      "SET",
      keys.session(held.session),
      `${held.count} ${id} ${generation}`,
      "PX",
      this.#heldTtl,
    ]);
    held.isSaved = true;
    held.renewedAt = clock.now();
  }

  async #expireIn(session: string, ttl: string): Promise<number> {
    const { connection, keys, id } = this.#node;
    return await connection.script<number>(
      RENEW,
      [keys.session(session)],
      [id, ttl],
    );
  }

  #moved(hash: string, { session }: Held): void {
    this.#held.delete(hash);
    this.#node.sink?.claimed(session);
  }
}
