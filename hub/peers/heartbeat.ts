import { CloseCode } from "../../messages.ts";
import type { Cancel, Clock } from "../clock.ts";
import type { Connection } from "./connection.ts";
import type { HeartbeatOptions } from "../limits.ts";

/** The interval is counted in this many ticks. */
const TICKS_PER_INTERVAL = 10;

/** What the heartbeat does to a connection, and at each tick. */
export interface HeartbeatActions {
  leave(connection: Connection, code: number, reason: string): void;
  sweep(): void;
}

/**
 * One timer for all: who is silent is pinged, who stays silent has died; who takes nothing in has, too.
 *
 * Silence is counted in ticks, not in time. A process that was stopped, or whose loop was blocked, has ticked once when
 * it wakes, so nobody is dropped for the silence that it slept through.
 */
export class Heartbeat {
  /** How often the timer has run. */
  tick = 0;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly #clock: Clock;
  readonly #actions: HeartbeatActions;
  readonly #tickMs: number;
  readonly #pingTicks: number;
  readonly #deadTicks: number;
  readonly #helloTicks: number;
  readonly #beating = new Set<Connection>();
  readonly #greeting = new Map<Connection, number>();
  #cancel: Cancel | undefined;

  constructor(
    clock: Clock,
    options: HeartbeatOptions,
    helloMs: number,
    actions: HeartbeatActions,
  ) {
    this.#clock = clock;
    this.#actions = actions;
    this.intervalMs = options.intervalMs;
    this.timeoutMs = options.timeoutMs;
    this.#tickMs = options.intervalMs / TICKS_PER_INTERVAL;
    // It was heard at some time within its tick: one more, or it would have less time than it was promised.
    this.#deadTicks = Math.ceil(options.timeoutMs / this.#tickMs) + 1;
    // One more than the interval: a client that pings at the same interval is heard first, and need not be pinged.
    this.#pingTicks = Math.min(TICKS_PER_INTERVAL, this.#deadTicks - 2) + 1;
    this.#helloTicks = Math.ceil(helloMs / this.#tickMs);
  }

  /** Starts the timer, if it is not running. */
  start(): void {
    this.#cancel ??= this.#clock.after(this.#tickMs, () => this.#beat());
  }

  /** Stops the timer for good. */
  stop(): void {
    this.#cancel?.();
    this.#beating.clear();
    this.#greeting.clear();
  }

  /** A connection has a bounded time to say hello. */
  awaitHello(connection: Connection): void {
    this.#greeting.set(connection, this.tick);
  }

  /** A connection that said hello is kept under watch. */
  watch(connection: Connection): void {
    this.#greeting.delete(connection);
    this.#beating.add(connection);
  }

  /** A connection has left. */
  forget(connection: Connection): void {
    this.#greeting.delete(connection);
    this.#beating.delete(connection);
  }

  #beat(): void {
    this.#cancel = undefined;
    this.tick++;
    for (const [connection, since] of this.#greeting) {
      // They came in order: the first one that has time left is followed by others that have.
      if (this.tick - since <= this.#helloTicks) break;
      this.#actions.leave(
        connection,
        CloseCode.helloTimeout,
        "No hello in time",
      );
    }
    for (const connection of this.#beating) this.#look(connection);
    this.#actions.sweep();
    this.start();
  }

  #look(connection: Connection): void {
    const held = connection.socket.bufferedAmount;
    if (held !== connection.heldBytes) {
      connection.heldBytes = held;
      // It moved at some time since the last look.
      connection.heldSince = this.tick - 1;
    }
    if (held > 0 && this.tick - connection.heldSince >= this.#deadTicks) {
      // It may go on talking: silence alone would not find it.
      const why = "The peer does not take in what it is sent";
      return this.#actions.leave(connection, CloseCode.lagging, why);
    }
    const silent = this.tick - connection.heardAt;
    if (silent >= this.#deadTicks && connection.pinged) {
      // The ping waits behind what is held back, and that moves.
      if (held > 0) return;
      this.#actions.leave(
        connection,
        CloseCode.heartbeatTimeout,
        "No sign of life",
      );
    } else if (silent >= this.#pingTicks && !connection.pinged) {
      connection.pinged = connection.wire.probe();
    }
  }
}
