import { checkNames } from "../../common/options.ts";
import type {
  AnyMessages,
  ListenerOptions,
  MessageContext,
  MessageHandler,
  MessageMap,
} from "../../messages.ts";
import type { Peer } from "../peer.ts";

/**
 * The context of a message that a handler of the hub receives.
 *
 * @typeParam M the message types.
 * @typeParam Auth the `auth` of the grants that `authorize` returns.
 * @typeParam State the program's own data of each peer.
 */
export interface HubMessageContext<
  M extends MessageMap = AnyMessages,
  Auth = unknown,
  State = unknown,
> extends MessageContext {
  /** The publisher, which may be disconnected by now; absent for a message of the hub's own. */
  readonly peer?: Peer<M, Auth, State>;
}

/** Selects the messages of every type, in {@linkcode Handlers.add}. */
export const ANY: unique symbol = Symbol("any");
/** Selects the binary payloads, in {@linkcode Handlers.add}. */
export const BINARY: unique symbol = Symbol("binary");

/** The messages that a handler receives: those of one type, those of every type, or binary payloads. */
type Selector = string | typeof ANY | typeof BINARY;

interface Entry {
  readonly handler: MessageHandler<never, HubMessageContext>;
  readonly once: boolean;
  remove(): void;
}

/** The handlers of one topic, or of all topics. */
type Entries = Map<Selector, Set<Entry>>;

/** The program's handlers of committed messages. */
export class Handlers {
  readonly #ofAllTopics: Entries = new Map();
  readonly #byTopic = new Map<string, Entries>();
  readonly #failed: (error: unknown) => void;

  /** @param failed receives what a handler throws, or rejects with. */
  constructor(failed: (error: unknown) => void) {
    this.#failed = failed;
  }

  /**
   * Adds a handler.
   *
   * @param topic the topic's name; `undefined` for all topics.
   * @param selector the messages that the handler receives.
   * @param handler called after the flush that committed the message.
   * @param options a signal, and whether the handler runs once.
   * @returns removes the handler; idempotent.
   * @throws {TypeError} for an unknown option.
   */
  add(
    topic: string | undefined,
    selector: Selector,
    handler: MessageHandler<never, HubMessageContext>,
    options: ListenerOptions = {},
  ): () => void {
    checkNames("Cannot add a handler", options, { signal: true, once: true });
    const { signal, once = false } = options;
    if (signal?.aborted) return () => {};
    const entries = this.#entriesOf(topic);
    const entry: Entry = {
      handler,
      once,
      remove: () => {
        // The signal may outlive the handler by hours, and would keep it in memory.
        signal?.removeEventListener("abort", entry.remove);
        const selected = entries.get(selector);
        if (!selected?.delete(entry) || selected.size > 0) return;
        entries.delete(selector);
        if (topic !== undefined && entries.size === 0) {
          this.#byTopic.delete(topic);
        }
      },
    };
    const selected = entries.get(selector) ?? new Set();
    entries.set(selector, selected.add(entry));
    signal?.addEventListener("abort", entry.remove);
    return entry.remove;
  }

  /**
   * Returns `true` if a message has a handler. Each publish calls it, so it costs next to nothing without handlers.
   *
   * @param topic the topic's name.
   * @param type the message's type; `undefined` for a binary payload.
   */
  has(topic: string, type: string | undefined): boolean {
    if (type !== undefined && this.#ofAllTopics.has(type)) return true;
    if (this.#byTopic.size === 0) return false;
    const entries = this.#byTopic.get(topic);
    if (entries === undefined) return false;
    if (type === undefined) return entries.has(BINARY);
    return entries.has(type) || entries.has(ANY);
  }

  /**
   * Calls the handlers of a message. An exception or rejection of one is reported and does not stop the others.
   *
   * @param message the message, or the binary payload.
   * @param context the record's offset and publisher.
   */
  run(
    message: { readonly type: string } | Uint8Array<ArrayBuffer>,
    context: HubMessageContext,
  ): void {
    const entries = this.#byTopic.get(context.topic);
    if (message instanceof Uint8Array) {
      return this.#call(entries?.get(BINARY), message, context);
    }
    this.#call(this.#ofAllTopics.get(message.type), message, context);
    this.#call(entries?.get(message.type), message, context);
    this.#call(entries?.get(ANY), message, context);
  }

  #entriesOf(topic: string | undefined): Entries {
    if (topic === undefined) return this.#ofAllTopics;
    let entries = this.#byTopic.get(topic);
    if (entries === undefined) {
      this.#byTopic.set(topic, entries = new Map());
    }
    return entries;
  }

  #call(
    selected: ReadonlySet<Entry> | undefined,
    message: object,
    context: HubMessageContext,
  ): void {
    if (selected === undefined) return;
    // A copy: a handler that adds another one at each call would otherwise loop forever.
    for (const entry of [...selected]) {
      // An earlier handler has removed it.
      if (!selected.has(entry)) continue;
      if (entry.once) entry.remove();
      try {
        const result: unknown = entry.handler(message as never, context);
        if (result instanceof Promise) result.catch(this.#failed);
      } catch (error) {
        this.#failed(error);
      }
    }
  }
}
