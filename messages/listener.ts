import type { MessageContext } from "./record.ts";

/** Options of every `on…` method, as of `addEventListener`. */
export interface ListenerOptions {
  /**
   * Removes the handler when it aborts. With a signal that is aborted already, no handler is added.
   *
   * @default none
   */
  readonly signal?: AbortSignal | undefined;
  /**
   * Removes the handler before its first call.
   *
   * @default false
   */
  readonly once?: boolean | undefined;
}

/**
 * Handles a message or a binary payload of a topic. It may be an async function. An exception or rejection does not stop
 * the other handlers.
 *
 * @typeParam Message the message, or `Uint8Array` for a binary payload.
 * @typeParam Context the record's offset and publisher; on a hub also the peer.
 */
export type MessageHandler<
  Message,
  Context extends MessageContext = MessageContext,
> = (
  message: Message,
  context: Context,
) => void;
