import { pacer } from "./pacer.ts";

/** A load of publishes at a fixed rate, which runs until it is stopped. */
export class Workload {
  readonly #running: Promise<void>;
  #isStopped = false;
  #count = 0;
  #waiting: { readonly count: number; resolve(): void }[] = [];

  /**
   * Starts the load.
   *
   * @param perSecond the rate of all publishers together.
   * @param publish publishes message number `n`.
   */
  constructor(perSecond: number, publish: (n: number) => unknown) {
    this.#running = this.#run(perSecond, publish);
  }

  /** Resolves when `count` more messages have been published. */
  published(count: number): Promise<void> {
    return new Promise((resolve) =>
      this.#waiting.push({ count: this.#count + count, resolve })
    );
  }

  /** Stops the load. @returns when the last message has been published. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  async #run(perSecond: number, publish: (n: number) => unknown) {
    const pace = pacer(perSecond);
    while (!this.#isStopped) {
      await pace();
      void publish(this.#count++);
      this.#waiting = this.#waiting.filter(({ count, resolve }) => {
        if (this.#count < count) return true;
        resolve();
        return false;
      });
    }
  }
}
