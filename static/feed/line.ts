/**
 * One line of the feed: a message, somebody's data, or a note of the page's own.
 * @module
 */
import { make, unseen } from "../dom.ts";
import { shortened } from "./payload.ts";
import { tidyName } from "../compose/name.ts";

/** A text of 2,000 line breaks would be a screen of nothing: what follows the last row allowed stays in that row. */
const MAX_ROWS = 16;
/** How much of a peer's public id is shown. */
const ID_LENGTH = 4;

/** What is known of the sender of a line. */
export interface Sender {
  /** The public id of the peer; the server's word. Absent: it is still on its way out. */
  readonly from: string | undefined;
  /** What the sender says it is called. */
  readonly name: string | undefined;
  /** Whether it is this page. */
  readonly own: boolean;
}

/** When, and where in the log. */
export interface Place {
  /** Ms since 1970. */
  readonly at: number;
  /** Absent: not in the log yet. */
  readonly offset?: number;
}

/** What a line says. */
export type Content =
  | { readonly kind: "chat"; readonly text: string }
  | { readonly kind: "json"; readonly message: unknown }
  | { readonly kind: "binary"; readonly label: string; readonly hex: string };

/**
 * A line that somebody sent.
 *
 * @param sender who.
 * @param place when, and where in the log.
 * @param content what.
 * @returns an `li`.
 */
export function line(
  sender: Sender,
  place: Place,
  content: Content,
): HTMLLIElement {
  const mark = make("span", "mark");
  const made = make(
    "li",
    sender.own ? `line ${content.kind} own` : `line ${content.kind}`,
    clock(place.at),
    make("div", "body", who(sender), body(content)),
    mark,
  );
  made.dataset.group = `${sender.own ? "" : sender.from}/${sender.name ?? ""}/${
    Math.floor(place.at / 60_000)
  }`;
  if (place.offset !== undefined) {
    mark.append(offsetMark(place.offset));
  }
  return made;
}

/**
 * A line of the page's own.
 *
 * @param text what it says.
 * @param kind its class besides `note`: `cut`, `back`, `gap`, `skipped`.
 * @returns an `li`.
 */
export function note(text: string, kind: string): HTMLLIElement {
  return make(
    "li",
    `note ${kind}`,
    clock(Date.now()),
    make("p", "body", text),
  );
}

/**
 * A record's place in the log.
 *
 * @param offset its offset.
 * @returns a span.
 */
export function offsetMark(offset: number): HTMLSpanElement {
  return make("span", "offset", unseen("offset "), `${offset}`);
}

/**
 * What a sender is called, in words.
 *
 * @param name what it says it is called.
 * @returns a tidy name.
 */
export function callName(name: string | undefined): string {
  return tidyName(name ?? "") || "Somebody";
}

function who(sender: Sender): HTMLElement {
  const made = make("p", "who");
  // Isolated: a name that turns the direction of text turns only itself.
  made.append(make("bdi", "name", callName(sender.name)));
  if (sender.own) {
    made.append(" ", make("span", "you", "you"));
  } else if (sender.from !== undefined) {
    const id = make("span", "peer", sender.from.slice(0, ID_LENGTH));
    id.title = `Peer ${sender.from}`;
    made.append(" ", id);
  }
  return made;
}

function body(content: Content): HTMLElement {
  switch (content.kind) {
    case "chat": {
      const text = make("p", "text", fewRows(content.text));
      text.dir = "auto";
      return text;
    }
    case "json":
      return make("code", "text", shortened(json(content.message)));
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

function fewRows(text: string): string {
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

/**
 * A time of day.
 *
 * @param at ms since 1970.
 * @returns a `time`; without a known time, dashes.
 */
export function clock(at: number): HTMLTimeElement {
  const date = new Date(at);
  const known = Number.isFinite(date.getTime());
  const text = known ? timeOfDay(date) : "--:--:--";
  const made = make(
    "time",
    "",
    text.slice(0, 5),
    make("span", "seconds", text.slice(5)),
  );
  if (known) {
    made.dateTime = date.toISOString();
    made.title = date.toLocaleString();
  }
  return made;
}

/**
 * The time of day.
 *
 * @param date when.
 * @returns such as "14:03:22", local time.
 */
export function timeOfDay(date: Date): string {
  return [date.getHours(), date.getMinutes(), date.getSeconds()]
    .map((part) => String(part).padStart(2, "0")).join(":");
}
