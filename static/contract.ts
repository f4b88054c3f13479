/**
 * The contract of the stock server and its page: `chat` messages are validated, every other type passes unchecked.
 * @module
 */
import {
  type Contract,
  defineMessages,
  type Guard,
  type MessagesOf,
} from "../messages.ts";

/** Maximum length of a chat text in UTF-16 code units, the unit of an input's `maxlength`. */
export const MAX_TEXT_LENGTH = 2000;

/** Maximum length of a display name in UTF-16 code units. */
export const MAX_NAME_LENGTH = 40;

/** A chat message of the lobby. */
export interface Chat {
  /** 1 to {@linkcode MAX_TEXT_LENGTH} code units. */
  readonly text: string;
  /**
   * The display name that the sender chose, at most {@linkcode MAX_NAME_LENGTH} code units. It is not verified: only the
   * record's `from` identifies the peer.
   */
  readonly name?: string;
}

function isChat(value: unknown): value is Chat {
  if (typeof value !== "object" || value === null) {
    return false;
  }
  const { text, name } = value as { text?: unknown; name?: unknown };
  return typeof text === "string" && text !== "" &&
    text.length <= MAX_TEXT_LENGTH &&
    (name === undefined ||
      typeof name === "string" && name.length <= MAX_NAME_LENGTH);
}

/** The messages of the stock server. */
export type StockMessages = MessagesOf<{ chat: Guard<Chat> }, true>;

/** The contract of the stock server, for the server and the page. */
export const contract: Contract<StockMessages> = defineMessages(
  { chat: isChat },
  { open: true },
);
