/**
 * The page's own messages, from the key stroke to the log: waiting, sent, acknowledged, or not delivered.
 * @module
 */
import type { Chat } from "../contract.ts";
import { make, unseen } from "../dom.ts";
import { clock, line, offsetMark, type Place } from "../feed/line.ts";

type State = "waiting" | "sent" | "acknowledged" | "failed";

/** Messages that may wait for their record before those that were acknowledged are forgotten. */
const MAX_OPEN = 200;

const SIGNS: Readonly<Record<State, string>> = {
  waiting: "waiting",
  sent: "✓",
  acknowledged: "✓✓",
  failed: "✕",
};

/** One message of this page that the log may not have yet. */
export interface Outgoing {
  readonly chat: Chat;
  readonly line: HTMLLIElement;
}

/** All of them that did not come back as records yet, oldest first. */
export class Outbound {
  #open: (Outgoing & { settled: boolean; offset?: number })[] = [];

  /**
   * A message is handed to the client.
   *
   * @param chat what it says.
   * @param connected whether it goes out at once.
   * @returns the message with its line for the feed.
   */
  start(chat: Chat, connected: boolean): Outgoing {
    const sender = { from: undefined, name: chat.name, own: true };
    const content = { kind: "chat", text: chat.text } as const;
    const made = {
      chat,
      line: line(sender, { at: Date.now() }, content),
      settled: false,
    };
    if (this.#open.length >= MAX_OPEN) {
      // Acknowledged, but the record fell into a gap: it will not come any more.
      this.#open = this.#open.filter(({ settled }) => !settled);
    }
    this.#open.push(made);
    show(made.line, connected ? "sent" : "waiting");
    return made;
  }

  /**
   * The connection came or went: what has no answer is on its way, or waits to be sent again.
   *
   * @param connected whether there is a connection.
   */
  connection(connected: boolean): void {
    for (const outgoing of this.#open) {
      if (!outgoing.settled) {
        show(outgoing.line, connected ? "sent" : "waiting");
      }
    }
  }

  /**
   * The server has it.
   *
   * @param outgoing which.
   * @param offset where in the log.
   */
  acknowledged(outgoing: Outgoing, offset: number): void {
    const open = this.#open.find((one) => one === outgoing);
    if (open !== undefined) {
      open.settled = true;
      open.offset = offset;
    }
    show(outgoing.line, "acknowledged", offset);
  }

  /**
   * It was not delivered, or nobody can know.
   *
   * @param outgoing which.
   * @param why in a few words.
   * @param again sends the same once more.
   */
  failed(outgoing: Outgoing, why: string, again: () => void): void {
    this.#open = this.#open.filter((one) => one !== outgoing);
    show(outgoing.line, "failed");
    const button = make("button", "again", "Send again");
    button.type = "button";
    button.addEventListener("click", () => {
      outgoing.line.remove();
      again();
    });
    const reason = make("p", "why", `${why} `, button);
    outgoing.line.querySelector(".body")?.append(reason);
  }

  /**
   * A record of this page came in with the log.
   *
   * @param chat its message.
   * @param place where it stands. Its ack may come before it, or after.
   * @returns the line it has already, or undefined: it was published in another way.
   */
  record(chat: Chat, place: Place): HTMLLIElement | undefined {
    const index = this.#open.findIndex((one) =>
      one.offset !== undefined
        ? one.offset === place.offset
        : one.chat.text === chat.text && one.chat.name === chat.name
    );
    const [found] = index === -1 ? [] : this.#open.splice(index, 1);
    if (found !== undefined) {
      show(found.line, "acknowledged", place.offset);
      // Until now it had the time of the key stroke; the log says when it counted.
      found.line.querySelector("time")?.replaceWith(clock(place.at));
    }
    return found?.line;
  }
}

/**
 * Marks a line of one's own with how far it has come.
 *
 * @param line the line.
 * @param state how far.
 * @param offset where it is in the log.
 */
export function show(line: HTMLElement, state: State, offset?: number): void {
  if (line.dataset.state === state) {
    return;
  }
  line.dataset.state = state;
  const sign = make("span", "sign", SIGNS[state]);
  sign.ariaHidden = "true";
  sign.title = state === "failed" ? "not delivered" : state;
  const words = unseen(sign.title);
  line.querySelector(".mark")?.replaceChildren(
    sign,
    words,
    ...offset === undefined ? [] : [unseen(", "), offsetMark(offset)],
  );
}
