/** The handlers of a WebSocket, `onopen` and its like: listeners that keep their place when they are replaced. */
export class Handlers {
  readonly #target: EventTarget;
  readonly #handlers = new Map<string, ((event: Event) => void) | null>();

  /** @param target whose events they handle. */
  constructor(target: EventTarget) {
    this.#target = target;
  }

  /** The handler of a type of events, or `null`. */
  get(type: string): ((event: Event) => void) | null {
    return this.#handlers.get(type) ?? null;
  }

  /** Sets it. What is no function clears it, as on a WebSocket. */
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
