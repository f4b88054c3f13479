import type { Clock } from "../../hub/clock.ts";
import type { LogRecord } from "../../hub/log/record.ts";
import type { Outcome } from "../../hub/log/store.ts";
import type { HostedLog } from "./hosted_log.ts";
import { packBounds, type Packed, type Port, type Tell } from "./messages.ts";

/** Bytes of records that may be on their way to a worker: one that does not take them in must not cost all memory. */
export const WINDOW_BYTES: number = 8 * 1024 * 1024;

/** One worker, as the host sees it. */
export class HostNode {
  readonly logs: Set<HostedLog> = new Set();
  readonly #port: Port;
  readonly #clock: Clock;
  readonly #changed: () => void;
  #tells: Tell[] = [];
  /** Outcomes whose records have not been told: none may overtake its record. */
  #held: Tell[] = [];
  /** Logs of which it has missed records. It gets their newest ones when it has room. */
  readonly #behind = new Set<HostedLog>();
  #untaken = 0;
  /** What it appended and is not settled, by the number that stands for it there. */
  readonly #own = new Map<LogRecord, number>();
  #leaving = false;

  /** @param changed plans {@linkcode HostNode.post}. */
  constructor(port: Port, clock: Clock, changed: () => void) {
    this.#port = port;
    this.#clock = clock;
    this.#changed = changed;
  }

  /** Tells it something, in this turn's message. */
  tell(tell: Tell): void {
    this.#tells.push(tell);
    this.#changed();
  }

  /** It appends a record. */
  appends(record: LogRecord, number: number): void {
    this.#own.set(record, number);
  }

  /** A log is open, or began anew. */
  opened(log: HostedLog): void {
    this.logs.add(log);
    this.#behind.delete(log);
    this.#untaken += log.bytes;
    this.tell([
      "opened",
      log.name,
      packBounds(log.bounds, log.recent, this.#clock),
    ]);
  }

  /** It has no more to do with a log. */
  released(log: HostedLog): void {
    this.logs.delete(log);
    if (this.#behind.delete(log)) this.#catchUp();
  }

  /**
   * Records were committed to a log that it has open.
   *
   * @param packed the records, packed.
   */
  committed(
    log: HostedLog,
    offset: number,
    records: readonly LogRecord[],
    packed: readonly Packed[],
  ): void {
    if (this.#untaken >= WINDOW_BYTES || this.#behind.has(log)) {
      this.#behind.add(log);
      return;
    }
    const told = records.map((record, i) => {
      const own = this.#own.get(record);
      if (own !== undefined) return own;
      this.#untaken += record.bytes;
      return packed[i]!;
    });
    this.tell(["committed", log.name, offset, told]);
  }

  /** Something that it appended is settled. */
  settled(record: LogRecord, outcome: Outcome): void {
    const number = this.#own.get(record);
    if (number === undefined) return;
    this.#own.delete(record);
    const tell: Tell = "offset" in outcome
      ? ["settled", number, outcome.offset]
      : ["refused", number, outcome.code, outcome.message];
    if (this.#behind.size > 0) this.#held.push(tell);
    else this.tell(tell);
    this.#part();
  }

  /** It took in so many bytes of records. */
  taken(bytes: number): void {
    this.#untaken -= bytes;
    this.#catchUp();
  }

  /** It ends: it is told so when all that it appended is settled. */
  leave(): void {
    this.#leaving = true;
    this.#part();
  }

  /**
   * Sends what there is to tell, as one message.
   *
   * @returns whether that was the last one.
   */
  post(): boolean {
    const tells = this.#tells;
    if (tells.length === 0) return false;
    this.#tells = [];
    this.#port.postMessage(tells);
    return tells.at(-1)![0] === "bye";
  }

  /** It is gone. */
  close(): void {
    this.#port.onmessage = null;
    this.#port.close();
  }

  #catchUp(): void {
    for (const log of this.#behind) {
      if (this.#untaken >= WINDOW_BYTES) return;
      this.opened(log);
    }
    if (this.#held.length === 0) return;
    for (const tell of this.#held) this.tell(tell);
    this.#held = [];
    this.#part();
  }

  #part(): void {
    if (!this.#leaving || this.#own.size > 0 || this.#held.length > 0) return;
    this.#leaving = false;
    this.tell(["bye"]);
  }
}
