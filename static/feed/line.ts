/**
 * A line of the feed: a message of a peer, or a note of the page.
 * @module
 */
import { cleanName } from "../compose/name.ts";
import { hiddenText, make } from "../dom.ts";
import { timeOfDay } from "../text_format.ts";
import { shorten } from "./payload.ts";

/** Maximum number of rows of a message: a text of 2,000 line breaks would fill the screen. The last row has the rest. */
const MAX_ROWS = 16;
/** Number of shown characters of a peer's public id. */
const ID_LENGTH = 4;

/** The sender of a message. */
export interface Sender {
  /** The public id of the peer, from the server. Undefined for a message that the server has not stored yet. */
  readonly from: string | undefined;
  /** The display name that the sender chose. */
  readonly name: string | undefined;
  /** True if the sender is this page. */
  readonly own: boolean;
}

/** The time and the offset of a message. */
export interface Stamp {
  /** Ms since 1970. */
  readonly at: number;
  /** The offset of its record. Undefined for a message that the server has not stored yet. */
  readonly offset?: number;
}

/** The content of a message. */
export type Content =
  | { readonly kind: "chat"; readonly text: string }
  | { readonly kind: "json"; readonly message: unknown }
  | { readonly kind: "binary"; readonly label: string; readonly hex: string };

/** The delivery state of a message of this page. */
export type Delivery = "waiting" | "sent" | "acknowledged" | "failed";

const DELIVERIES: Readonly<
  Record<Delivery, { readonly sign: string; readonly label: string }>
> = {
  waiting: { sign: "waiting", label: "waiting for the connection" },
  sent: { sign: "✓", label: "sent" },
  acknowledged: { sign: "✓✓", label: "stored by the server" },
  failed: { sign: "✕", label: "not delivered" },
};

/**
 * Creates the line of a message.
 *
 * @param sender the sender.
 * @param stamp the time and the offset.
 * @param content the content.
 * @returns an `li`.
 */
export function messageLine(
  sender: Sender,
  stamp: Stamp,
  content: Content,
): HTMLLIElement {
  const delivery = make("span", "delivery");
  const line = make(
    "li",
    sender.own ? `line ${content.kind} own` : `line ${content.kind}`,
    timeElement(stamp.at),
    make("div", "body", senderElement(sender), contentElement(content)),
    delivery,
  );
  // Lines with equal groups show the sender once: the same sender, name and minute.
  const peer = sender.own ? "" : sender.from;
  const minute = Math.floor(stamp.at / 60_000);
  line.dataset.group = `${peer}/${sender.name ?? ""}/${minute}`;
  if (stamp.offset !== undefined) {
    delivery.append(offsetElement(stamp.offset));
  }
  return line;
}

/**
 * Creates a note of the page.
 *
 * @param text the text.
 * @param kind the class of the note.
 * @returns an `li`.
 */
export function note(
  text: string,
  kind: "disconnected" | "reconnected" | "gap" | "skipped",
): HTMLLIElement {
  return make(
    "li",
    `note ${kind}`,
    timeElement(Date.now()),
    make("p", "body", text),
  );
}

/**
 * Shows the delivery state of a message of this page.
 *
 * @param line the line of the message.
 * @param state the state.
 * @param offset the offset of its record, once it is known.
 */
export function showDelivery(
  line: HTMLElement,
  state: Delivery,
  offset?: number,
): void {
  if (line.dataset.state === state) {
    return;
  }
  line.dataset.state = state;
  const { sign, label } = DELIVERIES[state];
  const shown = make("span", "sign", sign);
  shown.ariaHidden = "true";
  shown.title = label;
  line.querySelector(".delivery")?.replaceChildren(
    shown,
    hiddenText(label),
    ...offset === undefined ? [] : [hiddenText(", "), offsetElement(offset)],
  );
}

/**
 * Replaces the time of a line.
 *
 * @param line the line.
 * @param at ms since 1970.
 */
export function showTime(line: HTMLElement, at: number): void {
  line.querySelector("time")?.replaceWith(timeElement(at));
}

/**
 * Shows below a message why it was not delivered, with a button that removes the line and sends the message again.
 *
 * @param line the line of the message.
 * @param reason a sentence.
 * @param onRetry called when the user presses the button.
 */
export function showFailure(
  line: HTMLElement,
  reason: string,
  onRetry: () => void,
): void {
  showDelivery(line, "failed");
  const button = make("button", "retry", "Send again");
  button.type = "button";
  button.addEventListener("click", () => {
    line.remove();
    onRetry();
  });
  line.querySelector(".body")?.append(
    make("p", "failure", `${reason} `, button),
  );
}

/**
 * Returns the name to show for a sender.
 *
 * @param name the name that the sender chose, if any.
 * @returns a clean name, or "Anonymous".
 */
export function shownName(name: string | undefined): string {
  return cleanName(name ?? "") || "Anonymous";
}

function offsetElement(offset: number): HTMLSpanElement {
  return make("span", "offset", hiddenText("offset "), `${offset}`);
}

function senderElement({ from, name, own }: Sender): HTMLElement {
  // `bdi` isolates the name: right-to-left characters must not reorder the text after it.
  const element = make("p", "sender", make("bdi", "name", shownName(name)));
  if (own) {
    element.append(" ", make("span", "you", "you"));
  } else if (from !== undefined) {
    const id = make("span", "peer", from.slice(0, ID_LENGTH));
    id.title = `Peer ${from}`;
    element.append(" ", id);
  }
  return element;
}

function contentElement(content: Content): HTMLElement {
  switch (content.kind) {
    case "chat": {
      const text = make("p", "text", limitRows(content.text));
      text.dir = "auto";
      return text;
    }
    case "json":
      return make("code", "text", shorten(json(content.message)));
    case "binary":
      return make(
        "p",
        "text",
        make("span", "label", content.label),
        " ",
        make("code", "", content.hex),
      );
  }
}

function limitRows(text: string): string {
  const rows = text.trim().split(/\r\n|[\n\r\u2028\u2029\v\f]/);
  return rows.length <= MAX_ROWS
    ? rows.join("\n")
    : [...rows.slice(0, MAX_ROWS - 1), rows.slice(MAX_ROWS - 1).join(" ")]
      .join("\n");
}

function json(message: unknown): string {
  try {
    return JSON.stringify(message) ?? String(message);
  } catch {
    return String(message);
  }
}

/** Creates a `time`. A time outside of the range of `Date` shows dashes. */
function timeElement(at: number): HTMLTimeElement {
  const date = new Date(at);
  const isValid = Number.isFinite(date.getTime());
  const text = isValid ? timeOfDay(date) : "--:--:--";
  const element = make(
    "time",
    "",
    text.slice(0, 5),
    make("span", "seconds", text.slice(5)),
  );
  if (isValid) {
    element.dateTime = date.toISOString();
    element.title = date.toLocaleString();
  }
  return element;
}
