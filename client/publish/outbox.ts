import { watchAbort } from "../abort.ts";
import type { ClientClock } from "../clock.ts";
import { DeadlineTimer } from "../deadline_timer.ts";
import { DrumbeatError, type DrumbeatErrorCode } from "../../messages.ts";
import type {
  Body,
  MessageSender,
  OutgoingMessage,
} from "./outgoing_message.ts";
import { DEFAULTS, type OutboxSettings } from "../options.ts";
import {
  droppedError,
  type OutboxEntry,
  refusedRepeat,
} from "./outbox_entry.ts";
import type { PendingReplies } from "../requests/pending_replies.ts";

/** Parameters of an {@linkcode Outbox}. */
export interface OutboxParameters {
  readonly outbox: OutboxSettings;
  readonly clock: ClientClock;
  /** Holds the messages that are sent and not settled. */
  readonly pending: PendingReplies;
  /** Called for each message that the outbox drops. */
  readonly dropped: (
    message: OutgoingMessage,
    reason: DrumbeatErrorCode,
  ) => void;
}

/**
 * The messages that wait to be sent or settled, in order: first those that were sent, by their ids, then the others. Bounded
 * by count, bytes and age: a message that exceeds a bound is refused, and no older one is dropped for it.
 */
export class Outbox {
  readonly #settings: OutboxSettings;
  readonly #clock: ClientClock;
  readonly #pending: PendingReplies;
  readonly #dropped: OutboxParameters["dropped"];
  readonly #sent = new Set<OutboxEntry>();
  readonly #unsent = new Set<OutboxEntry>();
  /** The part of `#sent` that this connection has not accepted yet. It precedes new messages: ids increase. */
  readonly #again = new Set<OutboxEntry>();
  #bytes = 0;
  #unsentBytes = 0;
  #sender: MessageSender | undefined;
  readonly #deadlines: DeadlineTimer;
  #isFlushing = false;
  #isClosed = false;
  /** The client is being closed, and waits until the Blobs before the other messages are read. */
  #finishing: { done(): void; cancel(): void } | undefined;

  /** @param parameters the bounds, the clock and the receivers. */
  constructor({ outbox, clock, pending, dropped }: OutboxParameters) {
    this.#settings = outbox;
    this.#clock = clock;
    this.#pending = pending;
    this.#dropped = dropped;
    this.#deadlines = new DeadlineTimer(clock, () => this.#expire());
  }

  /** The number of messages that were sent and not settled. */
  get inflight(): number {
    return this.#sent.size;
  }

  /** True while a message waits to be sent. */
  get isWaiting(): boolean {
    return this.#unsent.size > 0;
  }

  /** The size in bytes of the messages that were not sent. */
  get unsentBytes(): number {
    return this.#unsentBytes;
  }

  /** Adds a message, and sends it if the connection accepts it. */
  enqueue(message: OutgoingMessage): void {
    const { maxCount, maxBytes, maxAgeMs } = this.#settings;
    const { signal, body, bytes } = message;
    if (signal?.aborted) return message.reject(signal.reason, false);
    const entry: OutboxEntry = {
      ...message,
      ready: body instanceof Promise ? undefined : body,
      id: undefined,
      isSent: false,
      isRepeated: false,
      isAbandoned: false,
      deadline: this.#clock.now() + (message.timeoutMs ?? maxAgeMs),
      unwatch: watchAbort(signal, () => this.#aborted(entry)),
      settle: (answer) => {
        if (answer.type !== "ack" || answer.offset === undefined) return false;
        const { offset } = answer;
        this.#settled(entry, () => entry.resolve(offset));
        return true;
      },
      refuse: (error) =>
        this.#settled(
          entry,
          () =>
            entry.reject(
              entry.isRepeated ? refusedRepeat(entry, error) : error,
              true,
            ),
        ),
    };
    const count = this.#sent.size + this.#unsent.size;
    if (this.#isClosed) {
      return this.#drop(entry, "closed", "the client is closed");
    }
    if (count >= maxCount) {
      return this.#drop(
        entry,
        "limit",
        `${count} messages are waiting (at most ${maxCount})`,
      );
    }
    if (this.#bytes + bytes > maxBytes) {
      return this.#drop(
        entry,
        "limit",
        `${bytes} bytes after ${this.#bytes} that are waiting (at most ${maxBytes})`,
      );
    }
    this.#bytes += bytes;
    this.#unsentBytes += bytes;
    this.#unsent.add(entry);
    if (body instanceof Promise) this.#read(entry, body);
    this.#deadlines.add(entry.deadline);
    this.flush();
  }

  /**
   * Adds a message of `send`, which has no promise.
   *
   * @param message the message.
   * @param refused receives the server's refusal.
   * @throws {DrumbeatError} `limit` if the outbox is full: a program that sends in a loop would not notice the loss.
   */
  send(
    message: Omit<OutgoingMessage, "resolve" | "reject">,
    refused: (error: DrumbeatError) => void = () => {},
  ): void {
    let full: DrumbeatError | undefined;
    this.enqueue({
      ...message,
      resolve() {},
      reject(error, isRefused) {
        if (!(error instanceof DrumbeatError)) return;
        if (isRefused) refused(error);
        else if (error.code === "limit") full = error;
      },
    });
    if (full !== undefined) throw full;
  }

  /**
   * Sends through a new connection.
   *
   * @param sender the connection.
   * @param resumed whether the session continues. Then the messages that were sent before are sent again under their ids,
   * and the server stores each once; otherwise their outcome is unknown.
   */
  open(sender: MessageSender, resumed: boolean): void {
    this.#sender = sender;
    for (const entry of [...this.#sent]) {
      if (entry.isAbandoned) this.#remove(entry);
      else if (!resumed) {
        this.#drop(
          entry,
          "indeterminate",
          "the message was sent, and the server did not resume the session",
        );
      } else {
        entry.isRepeated = true;
        this.#again.add(entry);
      }
    }
    this.flush();
  }

  /** Stops sending until the next connection. */
  connectionClosed(): void {
    this.#sender = undefined;
    this.#again.clear();
  }

  /**
   * Sends what the connection accepts before the client's close frame. It waits for Blobs that are being read, as a WebSocket
   * does, but not for the server's rates.
   *
   * @param done called when nothing more will be sent: at once if no Blob is being read.
   */
  finish(done: () => void): void {
    this.#isClosed = true;
    this.flush();
    if (!this.#isReading) return done();
    const end = (): void => this.#finish();
    const cancel = this.#clock.after(DEFAULTS.closeTimeoutMs, end);
    this.#finishing = { done, cancel };
  }

  /** Drops every message: the client is closed. While Blobs are being read, it drops them after {@linkcode Outbox.finish}. */
  close(): void {
    if (this.#finishing !== undefined) return;
    this.#isClosed = true;
    this.#sender = undefined;
    this.#deadlines.stop();
    for (const entry of [...this.#sent, ...this.#unsent]) {
      if (entry.isSent) {
        this.#drop(
          entry,
          "indeterminate",
          "the message was sent, and the client was closed before the server answered",
        );
      } else this.#drop(entry, "closed", "the client was closed");
    }
  }

  /** Sends the messages that the connection accepts. */
  flush(): void {
    const sender = this.#sender;
    // A listener of raw frames may publish: that message is sent after this one.
    if (sender === undefined || this.#isFlushing) return;
    this.#isFlushing = true;
    try {
      this.#sendAll(sender);
    } finally {
      this.#isFlushing = false;
    }
    if (this.#finishing !== undefined && !this.#isReading) this.#finish();
  }

  /** True if the next message is a Blob that is being read, and the connection would accept it. */
  get #isReading(): boolean {
    const sender = this.#sender;
    if (sender === undefined || this.#sent.size >= sender.inflight) {
      return false;
    }
    for (const { ready } of this.#unsent) return ready === undefined;
    return false;
  }

  #finish(): void {
    const { done, cancel } = this.#finishing!;
    this.#finishing = undefined;
    cancel();
    this.close();
    done();
  }

  /** Sends in order. The program's listeners may close the connection at each step. */
  #sendAll(sender: MessageSender): void {
    for (const entry of this.#again) {
      if (entry.isAbandoned) this.#remove(entry);
      else if (!this.#send(entry, sender)) return;
      else this.#again.delete(entry);
    }
    for (const entry of this.#unsent) {
      // In order: the messages behind a Blob wait for it.
      if (entry.ready === undefined || this.#sent.size >= sender.inflight) {
        return;
      }
      if (!this.#send(entry, sender)) return;
    }
  }

  /** @returns whether the next message may follow. */
  #send(entry: OutboxEntry, sender: MessageSender): boolean {
    const wasSent = entry.isSent;
    // Before the call: a listener of raw frames may close the client when the frame is out.
    entry.isSent = true;
    const result = sender.send(entry.topic, entry.ready!, entry.id);
    if (typeof result === "number") this.#accepted(entry, result);
    else {
      entry.isSent = wasSent;
      if (result === "later") return false;
      if (result === "closing") this.connectionClosed();
      else if (result === "settled") {
        this.#remove(entry);
        entry.resolve(-1);
      } else {
        // If it was sent before, to a server with a higher limit, its outcome there is unknown.
        this.#drop(
          entry,
          wasSent ? "indeterminate" : "large",
          "the message is larger than the server's limit",
        );
      }
    }
    return this.#sender === sender;
  }

  #accepted(entry: OutboxEntry, id: number): void {
    // False if it was sent again, or if a listener of raw frames has closed the client.
    if (!this.#unsent.delete(entry)) return;
    this.#unsentBytes -= entry.bytes;
    entry.id = id;
    this.#sent.add(entry);
    this.#pending.add(id, entry);
  }

  #settled(entry: OutboxEntry, report: () => void): void {
    this.#remove(entry);
    if (!entry.isAbandoned) report();
    this.flush();
  }

  #read(entry: OutboxEntry, body: Promise<Body>): void {
    body.then((ready) => {
      entry.ready = ready;
      this.flush();
    }, (cause) => {
      if (!this.#unsent.has(entry)) return;
      this.#drop(entry, "dropped", "the Blob could not be read", cause);
      this.flush();
    });
  }

  #aborted(entry: OutboxEntry): void {
    if (entry.isSent) entry.isAbandoned = true;
    else this.#remove(entry);
    entry.reject(entry.signal!.reason, false);
    this.flush();
  }

  #drop(
    entry: OutboxEntry,
    reason: DrumbeatErrorCode,
    why: string,
    cause?: unknown,
  ): void {
    this.#remove(entry);
    if (!entry.isAbandoned) this.#fail(entry, reason, why, cause);
  }

  #fail(
    entry: OutboxEntry,
    reason: DrumbeatErrorCode,
    why: string,
    cause?: unknown,
  ): void {
    entry.unwatch();
    entry.reject(droppedError(entry, reason, why, cause), false);
    this.#dropped(entry, reason);
  }

  #remove(entry: OutboxEntry): void {
    entry.unwatch();
    this.#again.delete(entry);
    if (entry.id !== undefined) this.#pending.forget(entry.id);
    if (this.#sent.delete(entry)) this.#bytes -= entry.bytes;
    else if (this.#unsent.delete(entry)) {
      this.#bytes -= entry.bytes;
      this.#unsentBytes -= entry.bytes;
    }
    if (this.#sent.size + this.#unsent.size === 0) this.#deadlines.stop();
  }

  #expire(): void {
    const now = this.#clock.now();
    let next = Infinity;
    for (const entry of [...this.#sent, ...this.#unsent]) {
      if (entry.deadline > now) next = Math.min(next, entry.deadline);
      else if (!entry.isSent) {
        this.#drop(entry, "timeout", "the message was not sent in time");
      } else if (!entry.isAbandoned) {
        entry.isAbandoned = true;
        this.#fail(
          entry,
          "indeterminate",
          "the message was sent, and the server did not answer in time",
        );
      }
    }
    if (next !== Infinity) this.#deadlines.add(next);
    this.flush();
  }
}
