import { CloseCode } from "../../messages.ts";
import type { Cancel, Clock } from "../clock.ts";
import type { HeartbeatOptions } from "../limits.ts";
import type { Connection } from "./connection.ts";

/** The number of ticks of one interval. */
const TICKS_PER_INTERVAL = 10;

/**
 * Pings idle peers, and disconnects peers that stay idle for `timeoutMs`, that do not read for as long, or that send no
 * hello in time. One timer serves all connections.
 *
 * Idle time is counted in ticks, not in ms: a process that was suspended, or whose event loop was blocked, has ticked once
 * when it continues, so that no peer is disconnected for that time.
 */
export class Heartbeat {
  /** The number of times that the timer has run. */
  tick = 0;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly #clock: Clock;
  /** Called at each tick. */
  readonly #sweep: () => void;
  readonly #tickMs: number;
  readonly #pingTicks: number;
  readonly #timeoutTicks: number;
  readonly #helloTicks: number;
  readonly #watched = new Set<Connection>();
  /** The tick of each connection that has sent no hello yet, oldest first. */
  readonly #awaitingHello = new Map<Connection, number>();
  /** The tick of each hello that was not answered yet, oldest first. */
  readonly #awaitingStart = new Map<Connection, number>();
  #cancel: Cancel | undefined;

  /**
   * Creates a heartbeat that does not run yet.
   *
   * @param clock the hub's clock.
   * @param options the interval and the timeout.
   * @param helloMs the time for a hello, in ms.
   * @param sweep called at each tick.
   */
  constructor(
    clock: Clock,
    options: HeartbeatOptions,
    helloMs: number,
    sweep: () => void,
  ) {
    this.#clock = clock;
    this.#sweep = sweep;
    this.intervalMs = options.intervalMs;
    this.timeoutMs = options.timeoutMs;
    this.#tickMs = options.intervalMs / TICKS_PER_INTERVAL;
    // One tick more: the last message arrived at some time within its tick, and the peer has the full timeout after it.
    this.#timeoutTicks = Math.ceil(options.timeoutMs / this.#tickMs) + 1;
    // One tick more than the interval: a client that pings at the same interval need not be pinged.
    this.#pingTicks = Math.min(TICKS_PER_INTERVAL, this.#timeoutTicks - 2) + 1;
    this.#helloTicks = Math.ceil(helloMs / this.#tickMs);
  }

  /** Starts the timer, if it is not running. */
  start(): void {
    this.#cancel ??= this.#clock.after(this.#tickMs, () => this.#beat(), {
      background: true,
    });
  }

  /** Stops the timer for good. */
  stop(): void {
    this.#cancel?.();
    this.#watched.clear();
    this.#awaitingHello.clear();
    this.#awaitingStart.clear();
  }

  /** Gives a connection the time for a hello. */
  awaitHello(connection: Connection): void {
    this.#awaitingHello.set(connection, this.tick);
  }

  /** Gives the hub the same time to answer a hello that has arrived: a store that fails must not look like a silent peer. */
  awaitStart(connection: Connection): void {
    this.#awaitingHello.delete(connection);
    this.#awaitingStart.set(connection, this.tick);
  }

  /** Watches a connection whose handshake is complete. */
  watch(connection: Connection): void {
    this.#awaitingStart.delete(connection);
    this.#watched.add(connection);
  }

  /** Forgets a connection that is detached. */
  forget(connection: Connection): void {
    this.#awaitingHello.delete(connection);
    this.#awaitingStart.delete(connection);
    this.#watched.delete(connection);
  }

  #beat(): void {
    this.#cancel = undefined;
    this.tick++;
    for (const connection of this.#late(this.#awaitingHello)) {
      connection.disconnect(CloseCode.helloTimeout, "Hello timeout");
    }
    for (const connection of this.#late(this.#awaitingStart)) {
      connection.disconnect(CloseCode.tryLater, "Store unavailable");
    }
    for (const connection of this.#watched) this.#check(connection);
    this.#sweep();
    this.start();
  }

  *#late(waiting: ReadonlyMap<Connection, number>): Iterable<Connection> {
    for (const [connection, since] of waiting) {
      // The map is ordered: after the first connection that is in time, all are in time.
      if (this.tick - since <= this.#helloTicks) return;
      yield connection;
    }
  }

  #check(connection: Connection): void {
    const { bufferedAmount } = connection.socket;
    if (bufferedAmount !== connection.bufferedBytes) {
      connection.bufferedBytes = bufferedAmount;
      // It changed at some time since the last tick.
      connection.bufferedSince = this.tick - 1;
    }
    if (
      bufferedAmount > 0 &&
      this.tick - connection.bufferedSince >= this.#timeoutTicks
    ) {
      // Such a peer may still send messages, so the idle time alone would not detect it.
      return connection.disconnect(CloseCode.slowReader, "Peer is not reading");
    }
    const idleTicks = this.tick - connection.receivedTick;
    if (idleTicks >= this.#timeoutTicks && connection.isPinged) {
      // The ping waits behind buffered data, and the peer is reading that.
      if (bufferedAmount > 0) return;
      connection.disconnect(CloseCode.heartbeatTimeout, "Heartbeat timeout");
    } else if (idleTicks >= this.#pingTicks && !connection.isPinged) {
      connection.isPinged = connection.wire.probe();
    }
  }
}
