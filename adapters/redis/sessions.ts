import type { RedisContext } from "./context.ts";
import { sessionHash } from "./keys.ts";
import { patiently } from "./retry.ts";
import { CLAIM, KEEP } from "./scripts.ts";

/** The longest time between two words about a session that is held, in ms. */
const MAX_KEEP_MS = 30_000;
/** Sessions that one turn says a word about at most. */
const MAX_KEPT = 2_000;

interface Held {
  readonly session: string;
  /** How often it was taken over, this time included. */
  count: number;
  /** Whether Redis knows of it. */
  isSaved: boolean;
  /** When Redis was last told that it is held, in monotonic ms. */
  keptAt: number;
  /** While Redis is told that it began. */
  saving: Promise<void> | undefined;
}

/**
 * The sessions that connections of this node hold. Redis lets a session expire; a node says again and again that it holds
 * one, so that those of a node that was killed expire as if their connections had left.
 */
export class RedisSessions {
  readonly #context: RedisContext;
  /** By their hash, in the order in which a word about them is due. */
  readonly #held = new Map<string, Held>();
  readonly #keepMs: number;

  constructor(context: RedisContext) {
    this.#context = context;
    this.#keepMs = Math.min(context.settings.sessionMs / 3, MAX_KEEP_MS);
  }

  /** Starts a session. */
  begin(session: string): void {
    const hash = sessionHash(session);
    const held: Held = {
      session,
      count: 1,
      isSaved: false,
      keptAt: 0,
      saving: undefined,
    };
    this.#held.set(hash, held);
    held.saving = patiently(this.#context, () => this.#save(held)).catch(
      // Redis is away: it is told of it later, if the session lasts.
      () => {},
    ).then(() => void (held.saving = undefined));
  }

  /** Takes a session over. @throws (as a rejection) when Redis does not answer in time. */
  async claim(session: string): Promise<boolean> {
    const { clock, keys, node, link } = this.#context;
    const hash = sessionHash(session);
    await this.#held.get(hash)?.saving;
    const count = await patiently(this.#context, () =>
      link.script<number>(
        CLAIM,
        [keys.session(session)],
        [node, this.#context.run, this.#heldTtl, keys.claims, hash],
      ));
    if (count === 0) return false;
    const keptAt = clock.now();
    this.#held.set(hash, {
      session,
      count,
      isSaved: true,
      keptAt,
      saving: undefined,
    });
    return true;
  }

  /** Its connection has left. Where Redis does not hear of it, it expires a little later. */
  async leave(session: string): Promise<void> {
    const hash = sessionHash(session);
    const held = this.#held.get(hash);
    if (held === undefined) return;
    await held.saving;
    // Resumed, while Redis was told that it began.
    if (this.#held.get(hash) !== held) return;
    this.#held.delete(hash);
    const ttl = `${Math.ceil(this.#context.settings.sessionMs)}`;
    if (held.isSaved) this.#keep(session, ttl).catch(() => {});
  }

  /** Another node took a session over. */
  claimed(count: number, hash: string): void {
    const held = this.#held.get(hash);
    // We may have taken it over again.
    if (held === undefined || count <= held.count) return;
    this.#lost(hash);
  }

  /** Says a word about each session for which it is due. */
  turn(): void {
    const { clock, link } = this.#context;
    if (!link.isUp) return;
    let left = MAX_KEPT;
    for (const [hash, held] of this.#held) {
      const isDue = held.keptAt <= clock.now() - this.#keepMs;
      if ((!isDue && held.isSaved) || left-- === 0) break;
      // Those that were kept last come last.
      this.#held.delete(hash);
      this.#held.set(hash, held);
      held.keptAt = clock.now();
      this.#renew(hash, held).catch(() => {});
    }
  }

  async #renew(hash: string, held: Held): Promise<void> {
    if (!held.isSaved) return await (held.saving ?? this.#save(held));
    const answer = await this.#keep(held.session, this.#heldTtl);
    if (this.#held.get(hash) !== held || answer === 1) return;
    if (answer === -1) this.#lost(hash);
    // Redis lost it, and how its publishes ended: whoever resumes it is told that it is not known.
    else this.#held.delete(hash);
  }

  async #save(held: Held): Promise<void> {
    const { link, keys, node, run, clock } = this.#context;
    await link.command([
      "SET",
      keys.session(held.session),
      `${held.count} ${node} ${run}`,
      "PX",
      this.#heldTtl,
    ]);
    held.isSaved = true;
    held.keptAt = clock.now();
  }

  async #keep(session: string, ttl: string): Promise<number> {
    const { link, keys, node } = this.#context;
    return await link.script<number>(KEEP, [keys.session(session)], [
      node,
      ttl,
    ]);
  }

  #lost(hash: string): void {
    const held = this.#held.get(hash)!;
    this.#held.delete(hash);
    this.#context.sink?.claimed(held.session);
  }

  /** Longer than a connection's absence may be by the time between two words about it, and one that was lost. */
  get #heldTtl(): string {
    return `${Math.ceil(this.#context.settings.sessionMs + 2 * this.#keepMs)}`;
  }
}
