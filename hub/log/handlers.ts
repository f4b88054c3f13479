import type { Peer } from "../peer.ts";

/** Where a message was committed, and whose it is. */
export interface MessageContext {
  /** Who published it; absent: the program itself did. It may have left by now. */
  readonly peer?: Peer;
  /** The topic's name. */
  readonly topic: string;
  /** Its offset in the topic's log. */
  readonly offset: number;
}

/** What `hub.on` takes. A rejection or an exception goes to `onError` with the stage `handler`. */
export type MessageHandler<Message> = (
  message: Message,
  context: MessageContext,
) => void | Promise<void>;

/** The program's handlers by message type. */
export class Handlers {
  readonly #byType = new Map<string, Set<MessageHandler<never>>>();
  readonly #failed: (error: unknown) => void;

  constructor(failed: (error: unknown) => void) {
    this.#failed = failed;
  }

  /** Adds a handler; the answer takes it away again. */
  add(type: string, handler: MessageHandler<never>): () => void {
    const handlers = this.#byType.get(type) ?? new Set();
    handlers.add(handler);
    this.#byType.set(type, handlers);
    return () => {
      handlers.delete(handler);
      if (handlers.size === 0) this.#byType.delete(type);
    };
  }

  /** Whether anybody wants messages of this type. */
  has(type: string): boolean {
    return this.#byType.has(type);
  }

  /** Calls the handlers of a message's type, each shielded from the others' failures. */
  run(message: { readonly type: string }, context: MessageContext): void {
    for (const handler of this.#byType.get(message.type) ?? []) {
      try {
        const result = handler(message as never, context);
        if (result instanceof Promise) result.catch(this.#failed);
      } catch (error) {
        this.#failed(error);
      }
    }
  }
}
