import type { ClientClock } from "../clock.ts";
import {
  DEFAULTS,
  type HeartbeatOptions,
  type HeartbeatSettings,
} from "../options.ts";

/** What a heartbeat does to its connection. */
export interface LivenessPort {
  /** Send a ping. */
  ping(): void;
  /** The server is dead. Called once; nothing is called after it. */
  dead(): void;
}

/** A ping that was answered. */
export interface Beat {
  /** The round trip in ms. */
  readonly rttMs: number;
  /** Whether the user asked for this ping, through `send`. */
  readonly asked: boolean;
}

/**
 * The heartbeat to keep: the user's word goes before the server's, and neither may make a busy loop of it.
 *
 * @param option the user's; `false`: none.
 * @param server what `start` said, where there was one; anything at all, from a hostile server.
 * @returns ms; `Infinity` where there is no heartbeat.
 */
export function heartbeatOf(
  option: HeartbeatOptions | false,
  server: { readonly intervalMs?: unknown; readonly timeoutMs?: unknown } = {},
): HeartbeatSettings {
  if (option === false) return { intervalMs: Infinity, timeoutMs: Infinity };
  const intervalMs = option.intervalMs ??
    sane(server.intervalMs, DEFAULTS.heartbeat.intervalMs);
  const timeoutMs = option.timeoutMs ??
    sane(server.timeoutMs, DEFAULTS.heartbeat.timeoutMs);
  if (timeoutMs > intervalMs) return { intervalMs, timeoutMs };
  // Of two that do not go together, the user's stands.
  return option.timeoutMs === undefined
    ? { intervalMs, timeoutMs: intervalMs * 2.5 }
    : { intervalMs: timeoutMs / 2.5, timeoutMs };
}

function sane(ms: unknown, otherwise: number): number {
  return typeof ms === "number" && Number.isFinite(ms)
    ? Math.max(ms, DEFAULTS.minHeartbeatMs)
    : otherwise;
}

/**
 * The life signs of one connection: one timer, which pings every `intervalMs` and declares the server dead when nothing
 * was heard for `timeoutMs`.
 *
 * A timer that comes late was frozen with its tab or its laptop, and the server's words may be waiting behind it: then a
 * ping and {@linkcode DEFAULTS.probeTimeoutMs} more decide. Only once in a row: the timers of a hidden tab are always late.
 */
export class Liveness {
  readonly #clock: ClientClock;
  readonly #settings: HeartbeatSettings;
  readonly #port: LivenessPort;
  /** Pings under way. The server answers in order. */
  #pings: { readonly at: number; readonly asked: boolean }[] = [];
  #heardAt: number;
  #pingedAt: number;
  #probeUntil: number | undefined;
  #dueAt = Infinity;
  #cancel: (() => void) | undefined;
  #stopped = false;

  constructor(
    clock: ClientClock,
    settings: HeartbeatSettings,
    port: LivenessPort,
  ) {
    this.#clock = clock;
    this.#settings = settings;
    this.#port = port;
    this.#heardAt = this.#pingedAt = clock.now();
    this.#arm();
  }

  /** Anything came from the server. */
  heard(): void {
    this.#heardAt = this.#clock.now();
    this.#probeUntil = undefined;
  }

  /** Sends a ping now. */
  ping(asked = false): void {
    this.#pingedAt = this.#clock.now();
    this.#pings.push({ at: this.#pingedAt, asked });
    this.#port.ping();
  }

  /** A pong came: the answer to the oldest ping, or `undefined` where there is none. */
  ponged(): Beat | undefined {
    const ping = this.#pings.shift();
    return ping && { rttMs: this.#clock.now() - ping.at, asked: ping.asked };
  }

  /** Doubts the connection: something must be heard within {@linkcode DEFAULTS.probeTimeoutMs}. */
  probe(): void {
    if (
      this.#stopped || this.#probeUntil !== undefined ||
      this.#settings.intervalMs === Infinity
    ) return;
    this.#probeUntil = this.#clock.now() + DEFAULTS.probeTimeoutMs;
    this.ping();
    this.#arm();
  }

  /** Ends the timer. */
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
      this.#probeUntil ?? this.#heardAt + timeoutMs,
      this.#pingedAt + intervalMs,
    );
    this.#cancel = this.#clock.after(
      Math.max(0, this.#dueAt - now),
      () => this.#check(),
    );
  }

  #check(): void {
    const now = this.#clock.now();
    const silent = now - this.#heardAt >= this.#settings.timeoutMs;
    if (this.#probeUntil !== undefined) {
      if (now >= this.#probeUntil) return this.#dead();
    } else if (silent) {
      if (now - this.#dueAt < DEFAULTS.frozenMs) return this.#dead();
      return this.probe();
    }
    if (now - this.#pingedAt >= this.#settings.intervalMs) this.ping();
    this.#arm();
  }

  #dead(): void {
    this.stop();
    this.#port.dead();
  }
}
