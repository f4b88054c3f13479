import type {
  Entry,
  Store,
  StoredRecords,
  StoreFactory,
  StoreSink,
} from "./store.ts";

/** The parts of a {@linkcode TieredStore}. */
export interface Tiers {
  /** The store of all topics that are not ephemeral, and of the sessions. */
  readonly durable: Store;
  /** The store of the ephemeral topics. It is answered before a call returns. */
  readonly ephemeral: Store;
  /** Returns `true` for a topic with `durable: false`. */
  readonly isEphemeral: (topic: string) => boolean;
}

/**
 * Makes the factory of a store that keeps the topics with `durable: false` in memory.
 *
 * @param durable makes the store of the other topics.
 * @param ephemeral makes the store in memory.
 * @param isEphemeral returns `true` for a topic with `durable: false`.
 * @param action the action that the options are for, which begins the error message.
 * @returns the factory. It returns the durable store itself if a host keeps its ephemeral topics. It throws a
 * {@linkcode TypeError} if several hubs share the store otherwise: an ephemeral topic would be another log at each of them.
 */
export function tieredStore(
  durable: StoreFactory,
  ephemeral: StoreFactory,
  isEphemeral: (topic: string) => boolean,
  action: string,
): StoreFactory {
  return (clock, settings) => {
    const store = durable(clock, settings);
    if (store.hostsEphemeral) return store;
    if (store.shared) {
      void store[Symbol.asyncDispose]();
      throw new TypeError(
        `${action}: a topic has 'durable: false', and several hubs share the store`,
      );
    }
    return new TieredStore({
      durable: store,
      ephemeral: ephemeral(clock, settings),
      isEphemeral,
    });
  };
}

/**
 * A store that keeps ephemeral topics in memory and all others in another store. Sessions are in both: each keeps the
 * outcomes of its own topics, and the durable store decides about a claim.
 */
export class TieredStore implements Store {
  readonly read?: NonNullable<Store["read"]>;
  readonly #tiers: Tiers;

  constructor(tiers: Tiers) {
    this.#tiers = tiers;
    const { durable, isEphemeral } = tiers;
    if (durable.read === undefined) return;
    this.read = (topic, from, maxBytes) => {
      const nothing: StoredRecords = { offset: from, records: [] };
      if (isEphemeral(topic)) return nothing;
      return durable.read!(topic, from, maxBytes);
    };
  }

  get healthy(): boolean {
    return this.#tiers.durable.healthy ?? true;
  }

  connect(sink: StoreSink): void {
    this.#tiers.durable.connect(sink);
    this.#tiers.ephemeral.connect(sink);
  }

  open(topic: string): void {
    return this.#storeOf(topic).open(topic);
  }

  append(entries: readonly Entry[]): void {
    const { durable, ephemeral, isEphemeral } = this.#tiers;
    const inMemory = entries.filter(({ topic }) => isEphemeral(topic));
    // First: a failure of the other store does not concern them.
    if (inMemory.length > 0) ephemeral.append(inMemory);
    if (inMemory.length === entries.length) return;
    return durable.append(
      inMemory.length === 0
        ? entries
        : entries.filter(({ topic }) => !isEphemeral(topic)),
    );
  }

  has(topic: string): boolean | Promise<boolean> {
    const { durable, isEphemeral } = this.#tiers;
    // The hub has the ephemeral topics in memory itself.
    if (isEphemeral(topic)) return false;
    return durable.has?.(topic) ?? durable.read !== undefined;
  }

  forget(topic: string): void {
    return this.#storeOf(topic).forget(topic);
  }

  begin(session: string): void {
    this.#tiers.ephemeral.begin(session);
    return this.#tiers.durable.begin(session);
  }

  claim(session: string): boolean | Promise<boolean> {
    const claimed = (isClaimed: boolean) => {
      const { ephemeral } = this.#tiers;
      // After a restart, only the durable store has the session.
      if (isClaimed && ephemeral.claim(session) === false) {
        ephemeral.begin(session);
      }
      return isClaimed;
    };
    const isClaimed = this.#tiers.durable.claim(session);
    return isClaimed instanceof Promise
      ? isClaimed.then(claimed)
      : claimed(isClaimed);
  }

  detach(session: string): void {
    this.#tiers.ephemeral.detach(session);
    return this.#tiers.durable.detach(session);
  }

  sweep(): void {
    this.#tiers.ephemeral.sweep?.();
    this.#tiers.durable.sweep?.();
  }

  /** Closes both stores. Idempotent. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tiers.durable[Symbol.asyncDispose]();
    await this.#tiers.ephemeral[Symbol.asyncDispose]();
  }

  #storeOf(topic: string): Store {
    const { durable, ephemeral, isEphemeral } = this.#tiers;
    return isEphemeral(topic) ? ephemeral : durable;
  }
}
