/**
 * The event handler attributes of a WebSocket (`onopen` and the like): listeners that keep their place in the order when
 * they are replaced (HTML Standard, event handler attributes).
 */
export class EventHandlers {
  readonly #target: EventTarget;
  readonly #handlers = new Map<string, ((event: Event) => void) | null>();

  /** @param target the target of the events. */
  constructor(target: EventTarget) {
    this.#target = target;
  }

  /** Returns the handler of an event type, or `null`. */
  get(type: string): ((event: Event) => void) | null {
    return this.#handlers.get(type) ?? null;
  }

  /** Sets the handler of an event type. A value that is not a function clears it, as on a WebSocket. */
  set(type: string, handler: unknown): void {
    if (!this.#handlers.has(type)) {
      this.#target.addEventListener(
        type,
        (event) => this.#handlers.get(type)?.call(this.#target, event),
      );
    }
    this.#handlers.set(
      type,
      typeof handler === "function" ? handler as (event: Event) => void : null,
    );
  }
}
