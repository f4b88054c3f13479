import { CloseCode, shouldReconnect } from "../../messages.ts";
import { Backoff } from "./backoff.ts";
import type { ClientClock } from "../clock.ts";
import type {
  Connection,
  ConnectionClose,
  ConnectionSink,
} from "./connection.ts";
import type { ClientState, StateChange } from "../events.ts";
import { type BackoffSettings, DEFAULTS } from "../options.ts";
import { watchWake } from "./wake.ts";

/** What a reconnector does its work with. */
export interface ReconnectorPort extends Omit<ConnectionSink, "ended"> {
  /** Makes a connection. */
  connect(sink: ConnectionSink): Connection;
  /** Whether to come back though this close code says to stay away. Asked once, before `cut`. */
  comesBack?(code: number): boolean;
  /** The connection is lost; there may be another. */
  cut(): void;
  /** The state changed. */
  changed(change: StateChange): void;
  /** It is closed for good, once. */
  closed(end: ConnectionClose): void;
}

/** Above the rate limit, or overloaded: whoever says so wants a longer pause. */
const SLOW_CODES: ReadonlySet<number> = new Set([
  CloseCode.tryLater,
  CloseCode.rateLimited,
]);

/**
 * Keeps one connection after another: connecting, open, waiting, and closed for good. Everything that decides about the
 * next connection is here.
 */
export class Reconnector {
  /** How the last connection ended. */
  lastClose: ConnectionClose | undefined;
  /** When the next attempt is due, ms since 1970; while waiting. */
  retryAt: number | undefined;

  readonly #clock: ClientClock;
  readonly #backoff: Backoff;
  readonly #port: ReconnectorPort;
  #state: ClientState = "connecting";
  #connection: Connection | undefined;
  #openedAt: number | undefined;
  /** When the server wants this client back, by the monotonic clock. */
  #returnAt: number | undefined;
  /** The one timer: of the wait, or of the return that `goaway` asked for. */
  #cancelTimer: (() => void) | undefined;
  #stopWatching: (() => void) | undefined;

  constructor(
    settings: {
      readonly clock: ClientClock;
      readonly backoff: BackoffSettings;
    },
    port: ReconnectorPort,
  ) {
    this.#clock = settings.clock;
    this.#backoff = new Backoff(settings.backoff);
    this.#port = port;
  }

  get state(): ClientState {
    return this.#state;
  }

  /** Which retry in a row this is; 0: none. */
  get attempt(): number {
    return this.#backoff.attempt;
  }

  get connection(): Connection | undefined {
    return this.#connection;
  }

  /** The first connection. @throws what the WebSocket constructor throws. */
  start(): void {
    this.#connection = this.#connect();
    this.#stopWatching = watchWake(() => this.#wake());
  }

  /** The connection can be used. */
  ready(): void {
    this.#openedAt = this.#clock.now();
    this.#set("open");
  }

  /** A connection now: from waiting at once, from open by dropping the one there is. */
  reconnect(): void {
    this.#backoff.attempt = 0;
    if (this.#state === "waiting") this.#dial();
    else if (this.#state === "open") this.#replace("reconnect");
  }

  /** The server wants this client back after so many ms. */
  goaway(afterMs: number): void {
    const ms = Math.min(afterMs, DEFAULTS.maxGoawayMs);
    this.#returnAt = this.#clock.now() + ms;
    this.#cancelTimer?.();
    this.#cancelTimer = this.#clock.after(ms, () => this.#replace("goaway"));
  }

  /** Closes for good. */
  close(code: number | undefined, reason: string | undefined): void {
    if (this.#state === "closed") return;
    const wasOpen = this.#state === "open";
    const connection = this.#connection;
    // As a WebSocket says it: 1005, there was no code.
    const end: ConnectionClose = {
      code: code ?? 1005,
      reason: reason ?? "",
      wasClean: true,
    };
    if (wasOpen) connection!.finish(code, reason);
    else {
      connection?.abandon(code ?? CloseCode.normal, end.reason);
      // Not from within close(): whoever called it has not heard of it yet.
      queueMicrotask(() => this.#over(end));
    }
    this.#rest();
    this.#set("closed", end);
  }

  #connect(): Connection {
    return this.#port.connect({
      opened: (connection) => this.#port.opened(connection),
      received: (data) => this.#port.received(data),
      frame: (direction, data) => this.#port.frame(direction, data),
      ended: (end) => this.#ended(end),
    });
  }

  #dial(): void {
    this.#cancelTimer?.();
    this.retryAt = this.#returnAt = undefined;
    let failure: ConnectionClose | undefined;
    try {
      this.#connection = this.#connect();
    } catch (error) {
      // A permission taken away: the first connection had it.
      failure = {
        code: CloseCode.abnormal,
        reason: String(error),
        wasClean: false,
      };
    }
    this.#set("connecting");
    if (failure !== undefined && this.#state === "connecting") {
      this.#ended(failure);
    }
  }

  /** From an open connection to the next one, without a wait. */
  #replace(reason: string): void {
    // Not 1000: that would end the session, and its presence.
    const code = CloseCode.replaced;
    this.#connection?.abandon(code, reason);
    this.lastClose = { code, reason, wasClean: false };
    this.#lose();
    this.#dial();
  }

  #ended(end: ConnectionClose): void {
    this.lastClose = end;
    // The answer to close(), or none.
    if (this.#state === "closed") return this.#over(end);
    const comesBack = shouldReconnect(end.code) ||
      this.#port.comesBack?.(end.code);
    this.#lose();
    const waitMs = comesBack ? this.#waitMs(end.code) : undefined;
    if (waitMs === undefined) {
      this.#rest();
      this.#set("closed", end);
      return this.#over(end);
    }
    this.retryAt = this.#clock.time() + waitMs;
    this.#cancelTimer = this.#clock.after(waitMs, () => this.#dial());
    this.#set("waiting", { ...end, retryInMs: waitMs });
  }

  #lose(): void {
    this.#connection = undefined;
    this.#cancelTimer?.();
    this.#backoff.lost(
      this.#openedAt === undefined ? 0 : this.#clock.now() - this.#openedAt,
    );
    this.#openedAt = undefined;
    this.#port.cut();
  }

  #waitMs(code: number): number | undefined {
    // A planned restart is no failure: the server said when it will be there.
    if (this.#returnAt !== undefined) {
      return Math.max(0, this.#returnAt - this.#clock.now());
    }
    const waitMs = this.#backoff.next(this.#clock.random());
    return waitMs !== undefined && SLOW_CODES.has(code) ? waitMs * 2 : waitMs;
  }

  #wake(): void {
    if (this.#state === "waiting") this.#dial();
    else if (this.#state === "open") this.#connection?.liveness?.probe();
  }

  #set(
    state: ClientState,
    details: { code?: number; reason?: string; retryInMs?: number } = {},
  ): void {
    const previous = this.#state;
    this.#state = state;
    const { code, reason, retryInMs } = details;
    this.#port.changed({
      state,
      previous,
      attempt: this.attempt,
      ...(code === undefined ? {} : { code }),
      ...(reason === undefined ? {} : { reason }),
      ...(retryInMs === undefined ? {} : { retryInMs }),
    });
  }

  /** No timer and no listener is left. */
  #rest(): void {
    this.retryAt = undefined;
    this.#cancelTimer?.();
    this.#stopWatching?.();
  }

  #over(end: ConnectionClose): void {
    this.#connection = undefined;
    this.#port.closed(end);
  }
}
