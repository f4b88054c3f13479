/**
 * Says what the connection does, and lets a person cut it and ask for it back.
 * @module
 */
import type { Client, GapEvent, StateEvent } from "../../client.ts";
import type { Announcer } from "../announcer.ts";
import { closeWords } from "./close_text.ts";
import type { StockMessages } from "../contract.ts";
import { byId, setText } from "../dom.ts";
import type { Feed } from "../feed/feed.ts";
import { note } from "../feed/line.ts";
import { counted } from "../feed/payload.ts";
import { Status } from "./status.ts";
import { cutWire, isCut, mendWire } from "./breakable_socket.ts";

/** Long enough to say something in another tab. */
const CUT_MS = 5_000;

/** What the switchboard tells of. */
export interface SwitchboardParts {
  readonly feed: Feed;
  readonly announcer: Announcer;
  /** The connection came or went. */
  readonly onConnection: (connected: boolean) => void;
}

/** The switchboard. */
export class Switchboard {
  readonly #client: Client<StockMessages>;
  readonly #parts: SwitchboardParts;
  readonly #status: Status;
  readonly #reconnect = byId("reconnect", HTMLButtonElement);
  readonly #cut = byId("cut", HTMLButtonElement);
  #connected = false;
  #lostAt: number | undefined;
  /** The line that tells of the last return: what was recovered is added to it. */
  #back: { readonly body: Element; readonly words: string } | undefined;
  #mend: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param client whose connection.
   * @param parts what it tells.
   */
  constructor(client: Client<StockMessages>, parts: SwitchboardParts) {
    this.#client = client;
    this.#parts = parts;
    this.#status = new Status(byId("status", HTMLElement), () => ({
      state: client.state,
      rttMs: client.rttMs,
      retryAt: client.retryAt,
      again: this.#lostAt !== undefined,
    }));
    client.addEventListener("statechange", (event) => this.#changed(event));
    client.addEventListener("heartbeat", () => this.#status.show());
    client.addEventListener("recovered", ({ topic, count }) => {
      if (topic === "lobby") {
        this.#recovered(`recovered ${counted(count, "message")}`);
      }
    });
    client.addEventListener("gap", (event) => this.#gap(event));
    this.#reconnect.addEventListener("click", () => this.#again());
    this.#cut.addEventListener("click", () => this.#sever());
    this.#status.show();
  }

  /** Call when the connection is back, and nothing was said meanwhile. */
  nothingMissed(): void {
    if (this.#back !== undefined) {
      this.#recovered("nothing was missed");
    }
  }

  #changed({ state, previous, code }: StateEvent): void {
    const { feed, announcer, onConnection } = this.#parts;
    const connected = state === "open";
    if (connected !== this.#connected) {
      this.#connected = connected;
      onConnection(connected);
    }
    if (previous === "open") {
      this.#lostAt = performance.now();
      const words = isCut()
        ? "You cut the wire."
        : code === undefined
        ? "The connection is lost."
        : `The connection is lost: ${code}, ${closeWords(code)}.`;
      feed.add(note(words, "cut"));
      announcer.say(words);
    }
    if (connected && this.#lostAt === undefined) {
      announcer.say("Online.");
    }
    if (connected && this.#lostAt !== undefined) {
      const seconds = (performance.now() - this.#lostAt) / 1000;
      this.#lostAt = undefined;
      const words = `Back after ${seconds.toFixed(1)} s`;
      const made = note(`${words}.`, "back");
      const body = made.querySelector(".body");
      this.#back = body === null ? undefined : { body, words };
      feed.add(made);
      announcer.say("Online again.");
    }
    if (state === "closed") {
      const words = `Offline, and staying so${
        code === undefined ? "" : `: ${code}, ${closeWords(code)}`
      }.`;
      feed.add(note(words, "cut"));
      announcer.say(words);
    }
    this.#status.show();
    this.#buttons(connected);
  }

  #buttons(connected: boolean): void {
    const had = document.activeElement;
    this.#cut.setAttribute("aria-disabled", String(!connected));
    this.#reconnect.hidden = connected ||
      this.#client.attempt === 0 && this.#lostAt === undefined;
    // The one that had the focus may be gone: the other is where it was, or beside it.
    if (had === this.#reconnect && this.#reconnect.hidden) {
      this.#cut.focus();
    } else if (had === this.#cut && !this.#cut.checkVisibility()) {
      this.#reconnect.focus();
    }
  }

  #recovered(words: string): void {
    if (this.#back !== undefined) {
      setText(this.#back.body, `${this.#back.words}: ${words}.`);
      this.#back = undefined;
    } else {
      this.#parts.feed.add(note(`${words}.`, "back"));
    }
    this.#parts.announcer.say(words);
  }

  #gap({ topic, from, to }: GapEvent): void {
    if (topic !== "lobby") {
      return;
    }
    const words = to === undefined
      ? "Something may be missing here: the server began a new log, and what was said before it is gone."
      : `Missing here: ${counted(to - from, "message")}, ${
        to - from === 1 ? `record ${from}` : `records ${from} to ${to - 1}`
      }, no longer in the log when this page came back.`;
    this.#parts.feed.add(note(words, "gap"));
    this.#parts.announcer.say(words);
  }

  #sever(): void {
    if (this.#client.state !== "open") {
      return;
    }
    cutWire();
    this.#mend = setTimeout(() => this.#again(), CUT_MS);
  }

  #again(): void {
    clearTimeout(this.#mend);
    mendWire();
    if (this.#client.state === "closed") {
      // Closed for good is for good: only a new client, and so a new page, may try again.
      location.reload();
    } else if (this.#client.state !== "open") {
      this.#client.reconnect();
    }
  }
}
