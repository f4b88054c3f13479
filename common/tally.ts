/** A count for each key. A key whose count is 0 takes no memory. */
export class Tally {
  readonly #counts = new Map<string, number>();

  /** Returns the count of a key. */
  of(key: string): number {
    return this.#counts.get(key) ?? 0;
  }

  /** Adds one to a key. */
  add(key: string): void {
    this.#counts.set(key, this.of(key) + 1);
  }

  /** Subtracts one from a key. */
  remove(key: string): void {
    const count = this.of(key) - 1;
    if (count > 0) this.#counts.set(key, count);
    else this.#counts.delete(key);
  }
}
