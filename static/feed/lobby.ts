/**
 * The lobby: shows the records of its topic as lines, and publishes the messages of the composer.
 * @module
 */
import {
  type Client,
  DrumbeatError,
  type MessageContext,
  type Topic,
} from "../../client.ts";
import { LOBBY } from "../../messages.ts";
import { Announcer } from "../announcer.ts";
import type { Chat, StockMessages } from "../contract.ts";
import { byId, setText } from "../dom.ts";
import { counted } from "../text_format.ts";
import { failureText } from "./failure_text.ts";
import type { Feed } from "./feed.ts";
import {
  type Content,
  messageLine,
  note,
  showDelivery,
  shownName,
} from "./line.ts";
import { hex } from "./payload.ts";
import { PendingMessages } from "./pending_messages.ts";

/** Number of stored records that the page requests. */
const HISTORY_RECORDS = 50;
/** Maximum number of peers whose names are stored, for messages without a name. */
const MAX_NAMES = 500;

/** The lobby. */
export class Lobby {
  readonly #client: Client<StockMessages>;
  readonly #feed: Feed;
  readonly #topic: Topic<StockMessages>;
  readonly #onRecord: (own: boolean) => void;
  readonly #announcer = new Announcer(
    "announce-messages",
    (count) => counted(count, "new message"),
  );
  readonly #pending = new PendingMessages();
  readonly #recordCount = byId("record-count", HTMLElement);
  /** The display names of peers by public id, the least recently used first. */
  readonly #names = new Map<string, string>();
  #frame = 0;
  /** The server's time at the start of this connection: older records are history, and not announced. */
  #startedAt = Infinity;

  /**
   * Subscribes to the lobby.
   *
   * @param client the client.
   * @param feed receives the lines.
   * @param onRecord called with each record; `own` is true if this page published it.
   */
  constructor(
    client: Client<StockMessages>,
    feed: Feed,
    onRecord: (own: boolean) => void,
  ) {
    this.#client = client;
    this.#feed = feed;
    this.#onRecord = onRecord;
    this.#topic = client.topic(LOBBY, { last: HISTORY_RECORDS });
    this.#topic.onAny((message, context) => {
      if (message.type === "chat") {
        this.#addChat(message, context);
      } else {
        this.#addRecord({ kind: "json", message }, context, message.type);
      }
    });
    this.#topic.onBinary((payload, context) => {
      const kind = client.binaryType === "blob" ? "Blob" : "ArrayBuffer";
      const label = `${kind}, ${counted(payload.length, "byte")}`;
      const content = { kind: "binary", label, hex: hex(payload) } as const;
      this.#addRecord(content, context, label);
    });
    client.addEventListener("invalid", ({ message, context, reason }) => {
      this.#addRecord({ kind: "json", message }, context, reason);
    });
    this.#topic.subscribed().catch((error: unknown) => {
      // A closed client reports its own end.
      if (error instanceof DrumbeatError && error.code !== "closed") {
        const text =
          `The server refused the subscription to the lobby (${error.code}): messages of others are not shown.`;
        feed.add(note(text, "gap"));
        this.#announcer.announce(text);
        setText(this.#recordCount, `not subscribed: ${error.code}`);
      }
    });
    client.addEventListener("dropped", ({ reason }) => {
      feed.add(note(`Not sent: ${failureText(reason)}`, "gap"));
    });
  }

  /**
   * Sets the start of the current connection.
   *
   * @param time the server's time, ms since 1970.
   */
  setStart(time: number): void {
    this.#startedAt = time;
    // The log may be a new one, with other records.
    this.#scheduleCount();
  }

  /**
   * Shows whether pending messages can be sent.
   *
   * @param connected true while the connection is open.
   */
  setConnected(connected: boolean): void {
    this.#pending.setConnected(connected);
  }

  /**
   * Publishes a chat message.
   *
   * @param text the text.
   * @param name the user's display name.
   */
  publish(text: string, name: string): void {
    const chat: Chat = { text, name };
    const pending = this.#pending.add(chat, this.#client.state === "open");
    this.#feed.toEnd();
    this.#feed.add(pending.line);
    this.#topic.publish({ type: "chat", ...chat }).then(
      (offset) => this.#pending.acknowledge(pending, offset),
      (error: unknown) => {
        const reason = `Not delivered: ${failureText(error)}`;
        this.#pending.fail(pending, reason, () => this.publish(text, name));
        this.#announcer.announce(reason);
      },
    );
  }

  #addChat(chat: Chat, context: MessageContext): void {
    const line = context.own ? this.#pending.take(chat, context) : undefined;
    if (line === undefined) {
      const content = { kind: "chat", text: chat.text } as const;
      this.#addRecord(content, context, chat.text, chat.name);
    } else {
      this.#updateName(context.from, chat.name);
      this.#feed.add(line);
      this.#countRecord(context);
    }
  }

  #addRecord(
    content: Content,
    context: MessageContext,
    announcement: string,
    chosenName?: string,
  ): void {
    const name = this.#updateName(context.from, chosenName);
    this.#feed.add(() => {
      const sender = { from: context.from, name, own: context.own };
      const line = messageLine(sender, context, content);
      if (context.own) {
        showDelivery(line, "acknowledged", context.offset);
      }
      return line;
    });
    this.#countRecord(context);
    if (!context.own && context.at > this.#startedAt) {
      this.#announcer.announce(`${shownName(name)}: ${announcement}`);
    }
  }

  /** Stores a peer's name, and returns the newest one: messages of other types have none. */
  #updateName(from: string, name: string | undefined): string | undefined {
    if (name === undefined) {
      return this.#names.get(from);
    }
    this.#names.delete(from);
    this.#names.set(from, name);
    if (this.#names.size > MAX_NAMES) {
      const [oldest = from] = this.#names.keys();
      this.#names.delete(oldest);
    }
    return name;
  }

  #countRecord(context: MessageContext): void {
    this.#onRecord(context.own);
    this.#scheduleCount();
  }

  #scheduleCount(): void {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      const next = this.#topic.position?.offset;
      if (next === undefined) {
        return;
      }
      const { notShown } = this.#feed;
      // In a flood, the feed's own note about messages that are not shown is soon out of sight.
      const suffix = notShown === 0
        ? ""
        : `, ${notShown.toLocaleString("en")} not shown`;
      setText(this.#recordCount, `${counted(next, "record")}${suffix}`);
    });
  }
}
