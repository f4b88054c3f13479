/**
 * What the stock server and its page agree on: `chat` is checked, any other type passes as it comes.
 * @module
 */
import {
  type Contract,
  defineMessages,
  type Guard,
  type MessagesOf,
} from "../messages.ts";

/** Longest text of a `chat`, in UTF-16 code units: what an input's `maxlength` counts. */
export const MAX_TEXT_LENGTH = 2000;

/** Longest name in a `chat`, in UTF-16 code units. */
export const MAX_NAME_LENGTH = 40;

/** What one person says in the lobby. */
export interface Chat {
  /** 1 to {@linkcode MAX_TEXT_LENGTH} code units. */
  readonly text: string;
  /** What the sender calls itself: anybody may use any name, only the record's `from` is the server's word. */
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

/** The contract of the stock server, for both of its ends. */
export const contract: Contract<StockMessages> = defineMessages(
  { chat: isChat },
  { open: true },
);
