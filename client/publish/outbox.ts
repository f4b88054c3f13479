import { watchAbort } from "../abort.ts";
import type { ClientClock } from "../clock.ts";
import { DrumbeatError, type DrumbeatErrorCode } from "../../messages.ts";
import type { Body, Letter, Outlet } from "./outgoing_message.ts";
import type { OutboxSettings } from "../options.ts";

/** A letter in the outbox. */
interface Entry extends Letter {
  /** Ready to be sent; `undefined`: a Blob is being read. */
  ready: Body | undefined;
  /** Given when it was first sent; it stays the same when it is sent again. */
  id: number | undefined;
  /** Its outcome interests nobody any more. It still counts as unsettled, and is not sent again. */
  abandoned: boolean;
  readonly deadline: number;
  unwatch(): void;
}

/**
 * What waits to be sent or settled, in order: first what was sent, by its ids, then what was not. Bounded by count, bytes
 * and age; what does not fit is refused, nothing older is dropped for it.
 */
export class Outbox {
  readonly #settings: OutboxSettings;
  readonly #clock: ClientClock;
  readonly #dropped: (letter: Letter, reason: DrumbeatErrorCode) => void;
  readonly #sent = new Map<number, Entry>();
  readonly #unsent = new Set<Entry>();
  /** Those of `#sent` that this connection has not taken yet. Before anything new: ids go up. */
  readonly #again = new Set<Entry>();
  #bytes = 0;
  #unsentBytes = 0;
  #outlet: Outlet | undefined;
  #dueAt = Infinity;
  #cancel: (() => void) | undefined;
  #isFlushing = false;
  #closed = false;

  /** @param dropped called for each letter that is given up for a reason of this side's. */
  constructor(
    settings: OutboxSettings,
    clock: ClientClock,
    dropped: (letter: Letter, reason: DrumbeatErrorCode) => void,
  ) {
    this.#settings = settings;
    this.#clock = clock;
    this.#dropped = dropped;
  }

  /** Bytes that wait to be sent. */
  get unsentBytes(): number {
    return this.#unsentBytes;
  }

  /** Takes a letter in, and sends it if it may. */
  post(letter: Letter): void {
    const { maxCount, maxBytes, maxAgeMs } = this.#settings;
    if (letter.signal?.aborted) {
      return letter.failed(letter.signal.reason, false);
    }
    const entry: Entry = {
      ...letter,
      ready: letter.body instanceof Promise ? undefined : letter.body,
      id: undefined,
      abandoned: false,
      deadline: this.#clock.now() + (letter.timeoutMs ?? maxAgeMs),
      unwatch: watchAbort(letter.signal, () => this.#aborted(entry)),
    };
    const count = this.#sent.size + this.#unsent.size;
    if (this.#closed) {
      return this.#drop(entry, "closed", "the client is closed");
    }
    if (count >= maxCount) {
      return this.#drop(
        entry,
        "limit",
        `${count} messages are waiting (at most ${maxCount})`,
      );
    }
    if (this.#bytes + letter.bytes > maxBytes) {
      return this.#drop(
        entry,
        "limit",
        `${this.#bytes} bytes are waiting, it has ${letter.bytes} (at most ${maxBytes})`,
      );
    }
    this.#bytes += letter.bytes;
    this.#unsentBytes += letter.bytes;
    this.#unsent.add(entry);
    if (letter.body instanceof Promise) this.#read(entry, letter.body);
    this.#expire(entry.deadline);
    this.flush();
  }

  /**
   * A connection takes letters.
   *
   * @param resumed whether the server knows what was sent before: then it is sent again, under the same ids. Otherwise
   * nobody can say what became of it.
   */
  open(outlet: Outlet, resumed: boolean): void {
    this.#outlet = outlet;
    for (const entry of [...this.#sent.values()]) {
      if (entry.abandoned) this.#remove(entry);
      else if (!resumed) {
        this.#drop(
          entry,
          "indeterminate",
          "the server does not know this session any more",
        );
      } else this.#again.add(entry);
    }
    this.flush();
  }

  /** The connection is lost. */
  cut(): void {
    this.#outlet = undefined;
    this.#again.clear();
  }

  /** The server stored it. @returns whether there is such a letter. */
  settle(id: number, offset: number): boolean {
    return this.#outcome(id, (entry) => entry.stored(offset));
  }

  /** The server refused it. @returns whether there is such a letter. */
  refuse(id: number, error: DrumbeatError): boolean {
    return this.#outcome(id, (entry) => entry.failed(error, true));
  }

  /** Nothing is sent any more. */
  close(): void {
    this.#closed = true;
    this.#outlet = undefined;
    this.#cancel?.();
    for (const entry of [...this.#sent.values()]) {
      this.#drop(
        entry,
        "indeterminate",
        "the client was closed before the server answered",
      );
    }
    for (const entry of [...this.#unsent]) {
      this.#drop(entry, "closed", "the client was closed");
    }
  }

  /** Sends what may be sent now. */
  flush(): void {
    const outlet = this.#outlet;
    // Who hears of a frame may post another one: it is sent when this one is through.
    if (outlet === undefined || this.#isFlushing) return;
    this.#isFlushing = true;
    try {
      this.#sendAll(outlet);
    } finally {
      this.#isFlushing = false;
    }
  }

  /** A user's handler may cut the connection at each step. */
  #sendAll(outlet: Outlet): void {
    for (const entry of this.#again) {
      if (entry.abandoned) this.#remove(entry);
      else if (!this.#send(entry, outlet)) return;
      else this.#again.delete(entry);
    }
    for (const entry of this.#unsent) {
      // In order: whatever is behind a Blob waits for it.
      if (entry.ready === undefined || this.#sent.size >= outlet.inflight) {
        return;
      }
      if (!this.#send(entry, outlet)) return;
    }
  }

  /** @returns whether the next one may follow. */
  #send(entry: Entry, outlet: Outlet): boolean {
    const id = outlet.send(entry.topic, entry.ready!, entry.id);
    if (id === "later") return false;
    if (id === "large") {
      // Sent before, to a server with a higher limit: what became of it there is not known.
      this.#drop(
        entry,
        entry.id === undefined ? "large" : "indeterminate",
        "it is above the server's limit",
      );
    } else if (id === "closing") this.cut();
    else if (id === "settled") {
      this.#remove(entry);
      entry.stored(-1);
    } // Sent again; or a listener of raw frames has closed the client.
    else if (this.#unsent.delete(entry)) {
      this.#unsentBytes -= entry.bytes;
      entry.id = id;
      this.#sent.set(id, entry);
    }
    return this.#outlet === outlet;
  }

  #outcome(id: number, tell: (entry: Entry) => void): boolean {
    const entry = this.#sent.get(id);
    if (entry === undefined) return false;
    this.#remove(entry);
    if (!entry.abandoned) tell(entry);
    this.flush();
    return true;
  }

  #read(entry: Entry, body: Promise<Body>): void {
    body.then((ready) => {
      entry.ready = ready;
      this.flush();
    }, (cause) => {
      if (!this.#unsent.has(entry)) return;
      this.#drop(entry, "dropped", "its Blob could not be read", cause);
      this.flush();
    });
  }

  #aborted(entry: Entry): void {
    if (entry.id === undefined) this.#remove(entry);
    else entry.abandoned = true;
    entry.failed(entry.signal!.reason, false);
    this.flush();
  }

  #drop(
    entry: Entry,
    reason: DrumbeatErrorCode,
    why: string,
    cause?: unknown,
  ): void {
    this.#remove(entry);
    if (!entry.abandoned) this.#fail(entry, reason, why, cause);
  }

  #fail(
    entry: Entry,
    reason: DrumbeatErrorCode,
    why: string,
    cause?: unknown,
  ): void {
    entry.unwatch();
    const where = entry.topic === ""
      ? "Cannot send"
      : `Cannot publish to '${entry.topic}'`;
    entry.failed(
      new DrumbeatError(
        reason,
        `${where}: ${why}`,
        cause === undefined ? {} : { cause },
      ),
      false,
    );
    this.#dropped(entry, reason);
  }

  #remove(entry: Entry): void {
    entry.unwatch();
    this.#again.delete(entry);
    if (
      entry.id !== undefined
        ? this.#sent.delete(entry.id)
        : this.#unsent.delete(entry)
    ) {
      this.#bytes -= entry.bytes;
      if (entry.id === undefined) this.#unsentBytes -= entry.bytes;
    }
    if (this.#sent.size + this.#unsent.size === 0) {
      this.#cancel?.();
      this.#dueAt = Infinity;
    }
  }

  #expire(deadline: number): void {
    if (deadline >= this.#dueAt) return;
    this.#cancel?.();
    this.#dueAt = deadline;
    this.#cancel = this.#clock.after(
      Math.max(0, deadline - this.#clock.now()),
      () => this.#expired(),
    );
  }

  #expired(): void {
    const now = this.#clock.now();
    this.#dueAt = Infinity;
    let next = Infinity;
    for (const entry of [...this.#sent.values(), ...this.#unsent]) {
      if (entry.deadline > now) next = Math.min(next, entry.deadline);
      else if (entry.id === undefined) {
        this.#drop(entry, "timeout", "it could not be sent in time");
      } else if (!entry.abandoned) {
        entry.abandoned = true;
        this.#fail(entry, "indeterminate", "the server did not answer in time");
      }
    }
    if (next !== Infinity) this.#expire(next);
    this.flush();
  }
}
