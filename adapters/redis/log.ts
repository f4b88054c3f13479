import { randomId } from "../../hub/ids.ts";
import type { Entry, LogBounds, StoredRecords } from "../../hub/log/store.ts";
import { RedisAppends } from "./appends.ts";
import type { RedisContext } from "./context.ts";
import { RedisLost, RedisRefused } from "./errors.ts";
import { readStream } from "./read.ts";
import type { Run, ToldRun } from "./record.ts";
import { OPEN } from "./scripts.ts";

/** Characters of an epoch. */
const EPOCH_LENGTH = 8;
/** How long the records before some that came may take, in ms; then they are read from the stream. */
const LATE_MS = 100;
/** Runs of other nodes that are kept for when those before them have come. */
const MAX_HELD = 256;
/** Bytes that one read takes while a log catches up. */
const CATCH_UP_BYTES = 1024 * 1024;
/** Who is behind by more does not catch up record by record: its peers come back and read from the stream. */
const MAX_CATCH_UP = 10_000;
/** A pause after a connection was lost, in ms: it may not be the one that is waited for then. */
const LOST_MS = 10;
/** A pause before what Redis is too busy for is tried again, in ms. */
const BUSY_MS = 100;

/**
 * One topic's log, as this node follows it: records come to the hub contiguous and in order, whether they are our own,
 * told by other nodes, or read from the stream because a word about them was lost. It does one thing at a time.
 */
export class RedisLog {
  readonly name: string;
  readonly #context: RedisContext;
  readonly #appends: RedisAppends;
  /** Runs above the head. */
  readonly #held = new Map<number, Run>();
  #epoch = "";
  #tail = 0;
  #head = 0;
  /** Whether where the log stands has to be asked. */
  #isUnsure = true;
  /** Whether the stream has records that nobody told us of. */
  #isBehind = false;
  #isBusy = false;
  #isReleased = false;
  #isWaiting = false;

  constructor(name: string, context: RedisContext) {
    this.name = name;
    this.#context = context;
    this.#appends = new RedisAppends(name, context);
  }

  /** Which log it is; empty: it was never opened. */
  get epoch(): string {
    return this.#epoch;
  }

  /** Where it stands, if that is known. */
  get bounds(): LogBounds | undefined {
    if (this.#epoch === "") return undefined;
    return { epoch: this.#epoch, tail: this.#tail, head: this.#head };
  }

  /** Appends an entry with the next script, or settles it with a refusal. */
  append(entry: Entry): void {
    this.#appends.add(entry);
  }

  /** Another node told of records. */
  told(run: ToldRun): void {
    if (this.#appends.writer === run.writer) return;
    if (this.#epoch !== "" && run.epoch !== this.#epoch) return this.check();
    this.#arrived(run);
    this.#trimmed(run.tail);
  }

  /** Asks where the log stands: a word about it may be lost. */
  check(): void {
    this.#isUnsure = true;
    this.work();
  }

  /** What a look at the log found. @param known the head that we knew when it was asked for. */
  seen(epoch: string | null, head: number, known: number): void {
    if (epoch !== this.#epoch || head < known) return this.check();
    if (head <= this.#head) return;
    this.#isBehind = true;
    this.work();
  }

  /** Gives up what has waited for too long. */
  expire(): void {
    this.#appends.expire();
    const { clock, settings } = this.#context;
    const before = clock.now() - settings.waitMs;
    // Written, but what was written before them is not here: their publishers need not wait for that.
    for (const { since = Infinity, done } of this.#held.values()) {
      if (since <= before) done?.();
    }
  }

  /** Gives up everything that waits. */
  close(): void {
    this.#appends.abandon("The hub is closed");
    for (const { done } of this.#held.values()) done?.();
  }

  /** The hub does not want it any more; what is on its way is settled, and not told. */
  release(): void {
    this.#isReleased = true;
  }

  /** Whether there are appends that may be without an outcome. */
  get isPending(): boolean {
    return this.#appends.isPending || this.#held.size > 0;
  }

  /** Does all there is to do, one thing after the other. Commands of all topics of one turn go out together. */
  async work(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    const { link } = this.#context;
    while (this.#hasWork && !this.#context.isClosed) {
      try {
        if (!link.isUp) await link.whenUp;
        else if (this.#isUnsure) await this.#open();
        else if (this.#isBehind && !this.#appends.isSent) await this.#catchUp();
        else await this.#append();
      } catch (error) {
        await this.#failed(error);
      }
    }
    this.#isBusy = false;
  }

  get #hasWork(): boolean {
    if (this.#appends.isPending) return true;
    return !this.#isReleased && (this.#isUnsure || this.#isBehind);
  }

  async #failed(error: unknown): Promise<void> {
    // The connection says itself that it is lost.
    if (error instanceof RedisLost) return await this.#context.pause(LOST_MS);
    this.#isUnsure = true;
    if (error instanceof RedisRefused) this.#context.refused(error);
    else this.#context.sink?.failed(error);
    await this.#context.pause(BUSY_MS);
  }

  async #append(): Promise<void> {
    const answer = await this.#appends.send(this.#epoch, this.#head);
    if (answer === "moved") this.#isUnsure = true;
    if (typeof answer !== "object") return;
    this.#arrived(answer);
    this.#trimmed(answer.tail);
  }

  async #open(): Promise<void> {
    const { link, keys, subscriber } = this.#context;
    // What is appended from now on is heard, or is below the head that the script tells.
    if (!this.#isReleased) await subscriber.follow(this.name);
    const [epoch, tail, head] = await link.script<[string, number, number]>(
      OPEN,
      [keys.log(this.name), keys.records(this.name), keys.marks(this.name)],
      [
        this.#epoch,
        `${this.#head}`,
        this.#context.run,
        randomId(EPOCH_LENGTH),
        this.#context.logTtl,
      ],
    );
    this.#isUnsure = false;
    if (epoch !== this.#epoch) return this.#begin(epoch, tail, head);
    this.#trimmed(tail);
    this.#isBehind = head > this.#head;
  }

  /** It is another log than the one we knew, if we knew one. */
  #begin(epoch: string, tail: number, head: number): void {
    if (this.#epoch !== "") this.#appends.moved();
    this.#restart(epoch, tail, head);
  }

  /** The hub's ring begins anew at the head. */
  #restart(epoch: string, tail: number, head: number): void {
    this.#epoch = epoch;
    this.#tail = tail;
    this.#head = head;
    this.#isBehind = false;
    if (!this.#isReleased) {
      this.#context.sink?.opened(this.name, { epoch, tail, head });
    }
    for (const run of [...this.#held.values()]) {
      this.#held.delete(run.offset);
      if ((run.epoch ?? epoch) === epoch) this.#arrived(run);
      else run.done?.();
    }
  }

  /** Reads what nobody told us of. */
  async #catchUp(): Promise<void> {
    const found = await readStream(
      this.#context,
      this.name,
      this.#head,
      CATCH_UP_BYTES,
    );
    if (found.epoch !== this.#epoch) return void (this.#isUnsure = true);
    const { offset, records, tail, head } = found;
    // While we read, others may have told us.
    if (head <= this.#head) return void (this.#isBehind = false);
    if (
      records.length === 0 || offset > this.#head ||
      head - this.#head > MAX_CATCH_UP
    ) return this.#restart(this.#epoch, tail, head);
    // Our own records are held: they are told as they were given to us.
    const next = Math.min(Infinity, ...this.#held.keys());
    this.#arrived({ offset, records: records.slice(0, next - offset) });
    this.#trimmed(tail);
    this.#isBehind = head > this.#head;
  }

  /** Reads records for a cursor that is below the hub's ring. */
  async read(from: number, maxBytes: number): Promise<StoredRecords> {
    const found = await readStream(
      this.#context,
      this.name,
      from,
      maxBytes,
    );
    if (found.epoch === this.#epoch) {
      this.#trimmed(found.tail);
      return found;
    }
    // The hub is about to hear that the log is another one.
    this.check();
    return { offset: from, records: [] };
  }

  #arrived(run: Run): void {
    if (this.#epoch === "" || run.offset > this.#head) return this.#hold(run);
    this.#commit(run);
    for (;;) {
      const next = this.#held.get(this.#head);
      if (next === undefined) break;
      this.#held.delete(this.#head);
      this.#commit(next);
    }
    // What was held below it came another way.
    for (const [offset, held] of this.#held) {
      if (offset >= this.#head) continue;
      this.#held.delete(offset);
      this.#commit(held);
    }
  }

  #commit({ offset, records, done }: Run): void {
    const fresh = offset === this.#head
      ? records
      : records.slice(this.#head - offset);
    if (fresh.length > 0) {
      const at = this.#head;
      this.#head += fresh.length;
      if (!this.#isReleased) {
        this.#context.sink?.committed(this.name, at, fresh);
      }
    }
    done?.();
  }

  #hold(run: Run): void {
    // What is not kept is read later.
    if (this.#held.size < MAX_HELD || run.done !== undefined) {
      this.#held.set(run.offset, run);
    }
    if (this.#isWaiting || this.#epoch === "") return;
    this.#isWaiting = true;
    this.#context.clock.after(LATE_MS, () => {
      this.#isWaiting = false;
      if (this.#held.size === 0) return;
      this.#isBehind = true;
      this.work();
    });
  }

  #trimmed(tail: number): void {
    if (tail <= this.#tail) return;
    this.#tail = tail;
    if (!this.#isReleased) this.#context.sink?.trimmed(this.name, tail);
  }
}
