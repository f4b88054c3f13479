/**
 * A bounded queue of items that are drawn in animation frames at a bounded rate, so that a flood of messages does not block
 * typing, scrolling and the trace.
 * @module
 */

/** Options of a {@linkcode DrawQueue}. */
export interface DrawQueueOptions<T> {
  /** The time in ms for which one item occupies the queue: the mean rate is one item per `eachMs`. */
  readonly eachMs: number;
  /** After a pause, items worth this time in ms are drawn without delay. */
  readonly burstMs: number;
  /** Maximum number of items in one animation frame. */
  readonly perFrame: number;
  /** Maximum number of queued items. Above it, the queue drops one. */
  readonly maxWaiting: number;
  /** Requests an animation frame, as `requestAnimationFrame` does. */
  readonly requestFrame: (callback: (now: number) => void) => number;
  /**
   * Draws items. It is called in an animation frame after something was added; `items` is empty while the queue is paused
   * or over its rate.
   */
  readonly draw: (items: T[]) => void;
  /** Selects the items that may be dropped: the oldest of them is. Default: every item. */
  readonly isDroppable?: (item: T) => boolean;
}

/** The queue. */
export class DrawQueue<T> {
  readonly #options: DrawQueueOptions<T>;
  #items: T[] = [];
  #dropped = 0;
  #frame = 0;
  /** When the drawn items no longer occupy the queue, on the clock of animation frames. */
  #freeAt = 0;
  #visible = true;
  #paused = false;

  /** @param options the rate, the bounds and the function that draws. */
  constructor(options: DrawQueueOptions<T>) {
    this.#options = options;
  }

  /** The number of items that were dropped, in all. */
  get dropped(): number {
    return this.#dropped;
  }

  /** True while no item is drawn. */
  get paused(): boolean {
    return this.#paused;
  }
  set paused(paused: boolean) {
    this.#paused = paused;
    this.#schedule();
  }

  /** False while the list is hidden: then `draw` is not called. Default: `true`. */
  set visible(visible: boolean) {
    this.#visible = visible;
    this.#schedule();
  }

  /**
   * Adds an item. An item that is queued moves to the end.
   *
   * @param item the item.
   */
  add(item: T): void {
    const { maxWaiting, isDroppable = () => true } = this.#options;
    const queued = this.#items.lastIndexOf(item);
    if (queued !== -1) {
      this.#items.splice(queued, 1);
    }
    this.#items.push(item);
    // A hidden tab has no animation frames: without a bound, the queue would grow.
    if (this.#items.length > maxWaiting) {
      this.#items.splice(Math.max(0, this.#items.findIndex(isDroppable)), 1);
      this.#dropped++;
    }
    this.#schedule();
  }

  #schedule(): void {
    if (this.#visible) {
      this.#frame ||= this.#options.requestFrame((now) => {
        this.#frame = 0;
        const items = this.#paused ? [] : this.#take(now);
        this.#options.draw(items);
        if (!this.#paused && this.#items.length > 0) {
          this.#schedule();
        }
      });
    }
  }

  /** Takes the items that may be drawn at `now` from the front. */
  #take(now: number): T[] {
    if (now < this.#freeAt) return [];
    const { eachMs, burstMs, perFrame } = this.#options;
    const items = this.#items.splice(0, perFrame);
    this.#freeAt = Math.max(this.#freeAt, now - burstMs) +
      items.length * eachMs;
    return items;
  }
}
