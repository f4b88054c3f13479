import type { ClientClock } from "../clock.ts";
import {
  DEFAULTS,
  type HeartbeatOptions,
  type HeartbeatSettings,
} from "../options.ts";

/** The actions of a heartbeat on its connection. */
export interface LivenessPort {
  /**
   * Sends a ping.
   *
   * @param isRequested whether the program requested it: then it waits behind other frames.
   * @param sent called when the socket has it.
   */
  ping(isRequested: boolean, sent: () => void): void;
  /** Closes the connection of a silent server. Called once; nothing is called after it. */
  timedOut(): void;
}

/** An answered ping. */
export interface PingResult {
  /** The round trip in ms. */
  readonly rttMs: number;
  /** True if the program requested the ping through `send`. */
  readonly isRequested: boolean;
}

/**
 * Selects the times of the heartbeat: the program's options precede the server's values, and neither may ping in a busy loop.
 *
 * @param option the program's option; `false` disables the heartbeat.
 * @param server the values of `start`, if there was one: any values, as the server may be hostile.
 * @returns the times in ms; `Infinity` without a heartbeat.
 */
export function selectHeartbeat(
  option: HeartbeatOptions | false,
  server: { readonly intervalMs?: unknown; readonly timeoutMs?: unknown } = {},
): HeartbeatSettings {
  if (option === false) return { intervalMs: Infinity, timeoutMs: Infinity };
  const intervalMs = option.intervalMs ??
    bounded(server.intervalMs, DEFAULTS.heartbeat.intervalMs);
  const timeoutMs = option.timeoutMs ??
    bounded(server.timeoutMs, DEFAULTS.heartbeat.timeoutMs);
  if (timeoutMs > intervalMs) return { intervalMs, timeoutMs };
  // The program gave one of the two, and it contradicts the other: the program's value stays.
  return option.timeoutMs === undefined
    ? { intervalMs, timeoutMs: intervalMs * 2.5 }
    : { intervalMs: timeoutMs / 2.5, timeoutMs };
}

function bounded(ms: unknown, otherwise: number): number {
  return typeof ms === "number" && Number.isFinite(ms)
    ? Math.max(ms, DEFAULTS.minHeartbeatMs)
    : otherwise;
}

/**
 * The heartbeat of one connection: one timer, which pings every `intervalMs` and times the connection out when nothing was
 * received for `timeoutMs`.
 *
 * A late timer was frozen with its tab or its laptop, and the server's frames may wait behind it. Then the client sends a
 * ping and waits {@linkcode DEFAULTS.probeTimeoutMs} more; only once in a row, because the timers of a hidden tab are always
 * late.
 */
export class Liveness {
  readonly #clock: ClientClock;
  readonly #settings: HeartbeatSettings;
  readonly #port: LivenessPort;
  /** The unanswered pings, oldest first: the server answers in order. */
  #pings: { readonly at: number; readonly isRequested: boolean }[] = [];
  readonly #startedAt: number;
  #receivedAt: number;
  #pingedAt: number;
  #probeUntil: number | undefined;
  #dueAt = Infinity;
  #cancel: (() => void) | undefined;
  #stopped = false;

  /**
   * Starts the timer.
   *
   * @param clock the client's clock.
   * @param settings the heartbeat's times.
   * @param port pings and closes.
   */
  constructor(
    clock: ClientClock,
    settings: HeartbeatSettings,
    port: LivenessPort,
  ) {
    this.#clock = clock;
    this.#settings = settings;
    this.#port = port;
    this.#startedAt = this.#receivedAt = this.#pingedAt = clock.now();
    this.#arm();
  }

  /** True once a frame was received later than one timeout after the start. */
  get hasOutlivedTimeout(): boolean {
    return this.#receivedAt - this.#startedAt >= this.#settings.timeoutMs;
  }

  /** Records that a frame was received. */
  received(): void {
    this.#receivedAt = this.#clock.now();
    this.#probeUntil = undefined;
  }

  /** Sends a ping. @param isRequested whether the program requested it through `send`. */
  ping(isRequested = false): void {
    this.#pingedAt = this.#clock.now();
    this.#port.ping(
      isRequested,
      () => this.#pings.push({ at: this.#clock.now(), isRequested }),
    );
  }

  /** Records a pong. @returns the oldest unanswered ping's result, or `undefined` if the server was not pinged. */
  pong(): PingResult | undefined {
    const ping = this.#pings.shift();
    return ping && {
      rttMs: this.#clock.now() - ping.at,
      isRequested: ping.isRequested,
    };
  }

  /** Pings, and times the connection out unless a frame is received within {@linkcode DEFAULTS.probeTimeoutMs}. */
  probe(): void {
    if (
      this.#stopped || this.#probeUntil !== undefined ||
      this.#settings.intervalMs === Infinity
    ) return;
    this.#probeUntil = this.#clock.now() + DEFAULTS.probeTimeoutMs;
    this.ping();
    this.#arm();
  }

  /** Stops the timer. */
  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }

  #arm(): void {
    this.#cancel?.();
    const { intervalMs, timeoutMs } = this.#settings;
    if (this.#stopped || intervalMs === Infinity) return;
    const now = this.#clock.now();
    this.#dueAt = Math.min(
      this.#probeUntil ?? this.#receivedAt + timeoutMs,
      this.#pingedAt + intervalMs,
    );
    this.#cancel = this.#clock.after(
      Math.max(0, this.#dueAt - now),
      () => this.#check(),
    );
  }

  #check(): void {
    const now = this.#clock.now();
    const isSilent = now - this.#receivedAt >= this.#settings.timeoutMs;
    if (this.#probeUntil !== undefined) {
      if (now >= this.#probeUntil) return this.#timeOut();
    } else if (isSilent) {
      if (now - this.#dueAt < DEFAULTS.frozenMs) return this.#timeOut();
      return this.probe();
    }
    if (now - this.#pingedAt >= this.#settings.intervalMs) this.ping();
    this.#arm();
  }

  #timeOut(): void {
    this.stop();
    this.#port.timedOut();
  }
}
