/**
 * Reports the state of the connection, and lets the user disconnect and reconnect.
 * @module
 */
import type { Client, GapEvent, StateEvent } from "../../client.ts";
import { LOBBY } from "../../messages.ts";
import { Announcer } from "../announcer.ts";
import type { StockMessages } from "../contract.ts";
import { byId, setText } from "../dom.ts";
import type { Feed } from "../feed/feed.ts";
import { note } from "../feed/line.ts";
import { counted } from "../text_format.ts";
import {
  allowConnections,
  breakConnections,
  isBroken,
} from "./breakable_socket.ts";
import { closeText } from "./close_text.ts";
import { askServer, handshakeProblem } from "./handshake_problem.ts";
import { StatusLine } from "./status_line.ts";

/** The page reconnects after this time: long enough to send a message in another tab. */
const DISCONNECTED_MS = 5_000;

/** After this number of failed attempts in a row, the page asks the server for the reason. */
const FAILURES_TO_EXPLAIN = 3;

/** The status line, the buttons "Disconnect" and "Reconnect now", and the notes about the connection in the feed. */
export class ConnectionControls {
  readonly #client: Client<StockMessages>;
  readonly #feed: Feed;
  readonly #onConnection: (connected: boolean) => void;
  readonly #status: StatusLine;
  readonly #announcer: Announcer;
  readonly #reconnectButton = byId("reconnect", HTMLButtonElement);
  readonly #disconnectButton = byId("disconnect", HTMLButtonElement);
  #connected = false;
  #closedAt: number | undefined;
  /** The note about the last reconnect: the number of recovered messages is appended to it. */
  #reconnectNote: { readonly body: Element; readonly text: string } | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isRestarting = false;
  /** The number of attempts in a row that did not open. */
  #failures = 0;

  /**
   * Connects the controls to a client.
   *
   * @param client the client.
   * @param feed receives the notes.
   * @param onConnection called when the connection opened, and when it closed.
   */
  constructor(
    client: Client<StockMessages>,
    feed: Feed,
    onConnection: (connected: boolean) => void,
  ) {
    this.#client = client;
    this.#feed = feed;
    this.#onConnection = onConnection;
    this.#status = new StatusLine(() => ({
      state: client.state,
      rttMs: client.rttMs,
      retryAt: client.retryAt,
      isReconnect: this.#closedAt !== undefined,
    }));
    this.#announcer = new Announcer(
      "announce-status",
      () => `The connection is ${this.#status.word}`,
    );
    client.addEventListener("statechange", (event) => this.#update(event));
    client.addEventListener("heartbeat", () => this.#status.update());
    client.addEventListener("caughtup", ({ topic, count }) => {
      if (topic === LOBBY) {
        this.#reportRecovered(`${counted(count, "message")} recovered`);
      }
    });
    client.addEventListener("gap", (event) => this.#reportGap(event));
    this.#reconnectButton.addEventListener("click", () => this.#reconnect());
    this.#disconnectButton.addEventListener("click", () => this.#disconnect());
  }

  /** Completes the note about the last reconnect: no message was published meanwhile. */
  reportNothingMissed(): void {
    if (this.#reconnectNote !== undefined) {
      this.#reportRecovered("no messages missed");
    }
  }

  /** Records that the server announced a planned restart: the next close is part of it. */
  announceRestart(): void {
    this.#isRestarting = true;
  }

  #update({ state, previous, code, retryInMs }: StateEvent): void {
    const connected = state === "open";
    if (connected !== this.#connected) {
      this.#connected = connected;
      this.#onConnection(connected);
    }
    const reason = this.#isRestarting
      ? ": the server is restarting"
      : code === undefined
      ? ""
      : `: ${code}, ${closeText(code)}`;
    if (previous === "open") {
      this.#closedAt = performance.now();
      this.#report(
        isBroken()
          ? "You disconnected this page."
          // Without a planned attempt, the browser keeps the page and the client connects when it is shown again.
          : state === "waiting" && retryInMs === undefined
          ? "Paused: the browser kept this page for its Back button."
          : `Disconnected${reason}.`,
        "disconnected",
      );
      this.#isRestarting = false;
    }
    if (connected) {
      this.#failures = 0;
      this.#reportOpen();
    }
    if (state === "waiting" && previous === "connecting" && !isBroken()) {
      this.#failures++;
      if (this.#failures === FAILURES_TO_EXPLAIN) {
        this.#explain();
      }
    }
    if (state === "closed") {
      this.#report(
        `Offline${reason}. The page does not reconnect by itself.`,
        "disconnected",
      );
    }
    this.#status.update();
    this.#updateButtons(connected);
  }

  #reportOpen(): void {
    if (this.#closedAt === undefined) {
      this.#announcer.announce("Online.");
      return;
    }
    const seconds = (performance.now() - this.#closedAt) / 1000;
    this.#closedAt = undefined;
    const text = `Reconnected after ${seconds.toFixed(1)} s`;
    const line = note(`${text}.`, "reconnected");
    const body = line.querySelector(".body");
    this.#reconnectNote = body === null ? undefined : { body, text };
    this.#feed.add(line);
    this.#announcer.announce("Online again.");
  }

  /** Reports why no connection opens. */
  async #explain(): Promise<void> {
    const answer = await askServer(this.#client.url);
    if (this.#client.state !== "open") {
      this.#report(
        handshakeProblem(answer, location.origin),
        "disconnected",
      );
    }
  }

  #updateButtons(connected: boolean): void {
    const focused = document.activeElement;
    this.#disconnectButton.setAttribute("aria-disabled", String(!connected));
    const { state, attempt } = this.#client;
    // The first attempt needs no button. After a close for good, the button loads the page again.
    this.#reconnectButton.hidden = connected ||
      state !== "closed" && attempt === 0 && this.#closedAt === undefined;
    // A hidden button loses the focus to the top of the page: the other button gets it instead.
    if (focused === this.#reconnectButton && this.#reconnectButton.hidden) {
      this.#disconnectButton.focus();
    } else if (
      focused === this.#disconnectButton &&
      !this.#disconnectButton.checkVisibility()
    ) {
      this.#reconnectButton.focus();
    }
  }

  #reportRecovered(result: string): void {
    if (this.#reconnectNote !== undefined) {
      const { body, text } = this.#reconnectNote;
      setText(body, `${text}: ${result}.`);
      this.#reconnectNote = undefined;
    } else {
      this.#feed.add(note(`${result}.`, "reconnected"));
    }
    this.#announcer.announce(result);
  }

  #reportGap({ topic, from, to }: GapEvent): void {
    if (topic !== LOBBY) {
      return;
    }
    this.#report(gapText(from, to), "gap");
  }

  #report(text: string, kind: "disconnected" | "gap"): void {
    this.#feed.add(note(text, kind));
    this.#announcer.announce(text);
  }

  #disconnect(): void {
    if (this.#client.state !== "open") {
      return;
    }
    breakConnections();
    this.#timer = setTimeout(() => this.#reconnect(), DISCONNECTED_MS);
  }

  #reconnect(): void {
    clearTimeout(this.#timer);
    allowConnections();
    if (this.#client.state === "closed") {
      // A closed client never connects again: a new page has a new client.
      location.reload();
    } else if (this.#client.state !== "open") {
      this.#client.reconnect();
    }
  }
}

function gapText(from: number, to: number | undefined): string {
  if (to === undefined) {
    return "Messages may be missing here: the server started a new log, and the log before it no longer exists.";
  }
  const records = to - from === 1
    ? `record ${from}`
    : `records ${from} to ${to - 1}`;
  return `Missing here: ${
    counted(to - from, "message")
  }, ${records}. The log no longer contained them when the page reconnected.`;
}
