/**
 * The lobby on the page: what is published becomes lines, what is said here is published.
 * @module
 */
import {
  type Client,
  DrumbeatError,
  type RecordInfo,
  type Topic,
} from "../../client.ts";
import type { Announcer } from "../announcer.ts";
import type { Chat, StockMessages } from "../contract.ts";
import { byId, setText } from "../dom.ts";
import type { Feed } from "./feed.ts";
import { callName, type Content, line, note } from "./line.ts";
import { Outbound, show } from "../compose/outgoing.ts";
import { counted, hex } from "./payload.ts";

const HISTORY = 50;
/** Peers whose names are remembered, for what comes without one. */
const MAX_NAMES = 500;

/** What the lobby tells of, besides the feed. */
export interface LobbyParts {
  readonly feed: Feed;
  readonly announcer: Announcer;
  /** A record came in. */
  readonly onRecord: (own: boolean) => void;
}

/** The lobby. */
export class Lobby {
  readonly #client: Client<StockMessages>;
  readonly #topic: Topic<StockMessages>;
  readonly #parts: LobbyParts;
  readonly #outbound = new Outbound();
  readonly #extent = byId("extent", HTMLElement);
  readonly #names = new Map<string, string>();
  #frame = 0;
  /** The server's time when this connection started: what is older was not said just now. */
  #startedAt = Infinity;

  /**
   * @param client what it talks through.
   * @param parts what it tells.
   */
  constructor(client: Client<StockMessages>, parts: LobbyParts) {
    this.#client = client;
    this.#parts = parts;
    this.#topic = client.topic("lobby", { last: HISTORY });
    this.#topic.onAny((message, info) => {
      if (message.type === "chat") {
        this.#chat(message as unknown as Chat, info);
      } else {
        this.#record({ kind: "json", message }, info, message.type);
      }
    });
    this.#topic.onBinary((payload, info) => {
      const kind = client.binaryType === "blob" ? "Blob" : "ArrayBuffer";
      const label = `${kind}, ${counted(payload.length, "byte")}`;
      this.#record({ kind: "binary", label, hex: hex(payload) }, info, label);
    });
    client.addEventListener("invalid", ({ message, info, reason }) => {
      this.#record({ kind: "json", message }, info, reason);
    });
    client.addEventListener("dropped", ({ reason }) => {
      parts.feed.add(note(`Not sent: ${reasonWords(reason)}`, "gap"));
    });
  }

  /**
   * The server greeted this page.
   *
   * @param time the server's time, ms since 1970.
   */
  started(time: number): void {
    this.#startedAt = time;
  }

  /**
   * The connection came or went.
   *
   * @param connected whether it is there.
   */
  connection(connected: boolean): void {
    this.#outbound.connection(connected);
  }

  /**
   * Publishes what somebody says here.
   *
   * @param text what.
   * @param name how they call themselves.
   */
  say(text: string, name: string): void {
    const { feed } = this.#parts;
    const chat: Chat = { text, name };
    const outgoing = this.#outbound.start(chat, this.#client.state === "open");
    feed.toEnd();
    feed.add(outgoing.line);
    this.#topic.publish({ type: "chat", ...chat }).then(
      (offset) => this.#outbound.acknowledged(outgoing, offset),
      (error: unknown) => {
        const why = error instanceof DrumbeatError
          ? reasonWords(error.code)
          : String(error);
        this.#outbound.failed(outgoing, why, () => this.say(text, name));
        this.#parts.announcer.say(`Not delivered: ${why}`);
      },
    );
  }

  #chat(chat: Chat, info: RecordInfo): void {
    const drawn = info.own ? this.#outbound.record(chat, info) : undefined;
    if (drawn === undefined) {
      const content = { kind: "chat", text: chat.text } as const;
      this.#record(content, info, chat.text, chat.name);
    } else {
      this.#nameOf(info.from, chat.name);
      this.#parts.feed.add(drawn);
      this.#passed(info);
    }
  }

  #record(
    content: Content,
    info: RecordInfo,
    spoken: string,
    name?: string,
  ): void {
    const called = this.#nameOf(info.from, name);
    this.#parts.feed.add(() => {
      const sender = { from: info.from, name: called, own: info.own };
      const made = line(sender, info, content);
      if (info.own) {
        show(made, "acknowledged", info.offset);
      }
      return made;
    });
    this.#passed(info);
    if (!info.own && info.at > this.#startedAt) {
      this.#parts.announcer.say(`${callName(called)}: ${spoken}`);
    }
  }

  /** What a peer calls itself now, or did when it last said so. */
  #nameOf(from: string, name: string | undefined): string | undefined {
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

  #passed(info: RecordInfo): void {
    this.#parts.onRecord(info.own);
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      const next = this.#topic.position?.offset;
      if (next === undefined) {
        return;
      }
      const { notDrawn } = this.#parts.feed;
      // In a flood, the feed's own word about it is out of sight as soon as it is there.
      const missing = notDrawn === 0
        ? ""
        : `, ${notDrawn.toLocaleString("en")} not drawn`;
      setText(this.#extent, `${counted(next, "record")} so far${missing}`);
    });
  }
}

function reasonWords(code: DrumbeatError["code"]): string {
  switch (code) {
    case "indeterminate":
      return "it was sent, but nobody can say whether it arrived.";
    case "limit":
      return "too many messages are waiting.";
    case "timeout":
      return "there was no connection for too long.";
    case "closed":
      return "the connection is closed.";
    case "large":
      return "it is too large for this server.";
    case "dropped":
      return "it could not be read.";
    default:
      return `the server answered “${code}”.`;
  }
}
