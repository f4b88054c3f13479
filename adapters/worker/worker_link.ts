import type { Clock } from "../../hub/clock.ts";
import type { LogRecord } from "../../hub/log/record.ts";
import type { Outcome } from "../../hub/log/store.ts";
import { recentOf } from "../../hub/log/log.ts";
import type { HostedLog } from "./hosted_log.ts";
import {
  type HostEvent,
  packBounds,
  type PackedRecord,
  type Port,
} from "./messages.ts";

/** Maximum bytes of records that a worker was sent and has not received: a worker that hangs must not cost all memory. */
export const WINDOW_BYTES: number = 8 * 1024 * 1024;

/** The host's link to one worker. */
export class WorkerLink {
  /** The logs that the worker has open. */
  readonly logs: Set<HostedLog> = new Set();
  readonly #port: Port;
  readonly #clock: Clock;
  readonly #changed: () => void;
  #events: HostEvent[] = [];
  /** Outcomes that wait for their records: an outcome must not overtake its record. */
  #heldOutcomes: HostEvent[] = [];
  /** Logs of which the worker has missed records. It gets the newest ones when its window has room. */
  readonly #behind = new Set<HostedLog>();
  #unreceivedBytes = 0;
  /** The worker's records that are not settled, with the worker's numbers. */
  readonly #unsettled = new Map<LogRecord, number>();
  #isClosing = false;

  /** @param changed called when there is an event to post. */
  constructor(port: Port, clock: Clock, changed: () => void) {
    this.#port = port;
    this.#clock = clock;
    this.#changed = changed;
  }

  /** Adds an event to the next message. */
  send(event: HostEvent): void {
    this.#events.push(event);
    this.#changed();
  }

  /** The worker appends a record. */
  appends(record: LogRecord, number: number): void {
    this.#unsettled.set(record, number);
  }

  /** A log was opened, or replaced by another one. */
  opened(hosted: HostedLog): void {
    this.logs.add(hosted);
    this.#behind.delete(hosted);
    const { ring, bounds } = hosted.log;
    this.#unreceivedBytes += ring.bytes;
    const packed = packBounds(bounds, recentOf(ring), this.#clock);
    this.send(["opened", hosted.name, packed]);
  }

  /** The worker has forgotten a log. */
  forgotten(log: HostedLog): void {
    this.logs.delete(log);
    if (this.#behind.delete(log)) this.#catchUp();
  }

  /** Records were committed to a log that the worker has open. */
  committed(
    log: HostedLog,
    offset: number,
    records: readonly LogRecord[],
    packed: readonly PackedRecord[],
  ): void {
    if (this.#unreceivedBytes >= WINDOW_BYTES || this.#behind.has(log)) {
      this.#behind.add(log);
      return;
    }
    const sent = records.map((record, i) => {
      const number = this.#unsettled.get(record);
      if (number !== undefined) return number;
      this.#unreceivedBytes += record.bytes;
      return packed[i]!;
    });
    this.send(["committed", log.name, offset, sent]);
  }

  /** A record that the worker appended is settled. */
  settled(record: LogRecord, outcome: Outcome): void {
    const number = this.#unsettled.get(record);
    if (number === undefined) return;
    this.#unsettled.delete(record);
    const event: HostEvent = "offset" in outcome
      ? ["settled", number, outcome.offset]
      : ["rejected", number, outcome.code, outcome.message];
    if (this.#behind.size > 0) this.#heldOutcomes.push(event);
    else this.send(event);
    this.#closeIfSettled();
  }

  /** The worker has received this many bytes of records. */
  received(bytes: number): void {
    this.#unreceivedBytes -= bytes;
    this.#catchUp();
  }

  /** Closes the link when every record that the worker appended is settled. */
  close(): void {
    this.#isClosing = true;
    this.#closeIfSettled();
  }

  /**
   * Posts the events, as one message.
   *
   * @returns `true` when it contains the last event.
   */
  post(): boolean {
    const events = this.#events;
    if (events.length === 0) return false;
    this.#events = [];
    this.#port.postMessage(events);
    return events.at(-1)![0] === "closed";
  }

  /** Closes the port. */
  dispose(): void {
    this.#port.onmessage = null;
    this.#port.close();
  }

  #catchUp(): void {
    for (const log of this.#behind) {
      if (this.#unreceivedBytes >= WINDOW_BYTES) return;
      this.opened(log);
    }
    if (this.#heldOutcomes.length === 0) return;
    for (const event of this.#heldOutcomes) this.send(event);
    this.#heldOutcomes = [];
    this.#closeIfSettled();
  }

  #closeIfSettled(): void {
    if (
      !this.#isClosing || this.#unsettled.size > 0 ||
      this.#heldOutcomes.length > 0
    ) return;
    this.#isClosing = false;
    this.send(["closed"]);
  }
}
