/**
 * The page's own messages that have not been received as records yet: waiting, sent or acknowledged.
 * @module
 */
import type { Chat } from "../contract.ts";
import {
  messageLine,
  showDelivery,
  showFailure,
  showTime,
  type Stamp,
} from "./line.ts";

/** Above this number of messages, those that are acknowledged are dropped. */
const MAX_PENDING = 200;

/** A message of this page, with its line in the feed. */
export interface PendingMessage {
  readonly chat: Chat;
  readonly line: HTMLLIElement;
}

interface Entry extends PendingMessage {
  /** The offset of its record, once the server has acknowledged it. */
  offset?: number;
}

/** The pending messages, oldest first. */
export class PendingMessages {
  #entries: Entry[] = [];

  /**
   * Adds a message that is passed to the client.
   *
   * @param chat the message.
   * @param connected true if the client can send it now.
   * @returns the message with its new line.
   */
  add(chat: Chat, connected: boolean): PendingMessage {
    const sender = { from: undefined, name: chat.name, own: true };
    const content = { kind: "chat", text: chat.text } as const;
    const line = messageLine(sender, { at: Date.now() }, content);
    const entry = { chat, line };
    if (this.#entries.length >= MAX_PENDING) {
      // The record of an acknowledged message can be part of a gap: it never arrives.
      this.#entries = this.#entries.filter(({ offset }) =>
        offset === undefined
      );
    }
    this.#entries.push(entry);
    showDelivery(line, connected ? "sent" : "waiting");
    return entry;
  }

  /**
   * Shows unacknowledged messages as sent, or as waiting for the next connection: the client sends them again.
   *
   * @param connected true while the connection is open.
   */
  setConnected(connected: boolean): void {
    for (const { line, offset } of this.#entries) {
      if (offset === undefined) {
        showDelivery(line, connected ? "sent" : "waiting");
      }
    }
  }

  /**
   * Shows a message as acknowledged.
   *
   * @param message the message.
   * @param offset the offset of its record.
   */
  acknowledge(message: PendingMessage, offset: number): void {
    const entry = this.#entries.find((entry) => entry === message);
    if (entry !== undefined) {
      entry.offset = offset;
    }
    showDelivery(message.line, "acknowledged", offset);
  }

  /**
   * Removes a message that was not delivered, or whose outcome is not known, and shows the reason.
   *
   * @param message the message.
   * @param reason a sentence.
   * @param onRetry sends the same text again.
   */
  fail(message: PendingMessage, reason: string, onRetry: () => void): void {
    this.#entries = this.#entries.filter((entry) => entry !== message);
    showFailure(message.line, reason, onRetry);
  }

  /**
   * Finds and removes the message of a record that this page published. The record can arrive before its ack.
   *
   * @param chat the record's message.
   * @param stamp the record's time and offset.
   * @returns its line, or undefined if the message was not sent with the composer.
   */
  take(
    chat: Chat,
    stamp: Stamp & { readonly offset: number },
  ): HTMLLIElement | undefined {
    const index = this.#entries.findIndex((entry) =>
      entry.offset !== undefined
        ? entry.offset === stamp.offset
        : entry.chat.text === chat.text && entry.chat.name === chat.name
    );
    const [entry] = index === -1 ? [] : this.#entries.splice(index, 1);
    if (entry !== undefined) {
      showDelivery(entry.line, "acknowledged", stamp.offset);
      // Replaces the time of the user's input by the time at which the hub stored the record.
      showTime(entry.line, stamp.at);
    }
    return entry?.line;
  }
}
