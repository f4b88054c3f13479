import { CloseCode, shouldReconnect } from "../../messages.ts";
import { Backoff } from "./backoff.ts";
import type { ClientClock } from "../clock.ts";
import type { Connection, ConnectionClose } from "./connection.ts";
import type { ClientState, EventDetails, StateEvent } from "../events.ts";
import { type BackoffSettings, DEFAULTS } from "../options.ts";
import type { ReachabilityProbe } from "./reachability.ts";
import { GrowingTimeouts, type TimeoutFactors } from "./timeouts.ts";
import { type WakeEvent, watchWake } from "./wake.ts";

/** The details of a change of state. */
export type StateChange = EventDetails<StateEvent>;

/** The part of a dialect that a {@linkcode Reconnector} uses. */
export interface ReconnectHandler {
  /**
   * Returns `true` if the client reconnects although the close code of the server forbids it. Called once, before
   * `connectionClosed`.
   */
  overridesClose(code: number): boolean;
  /** Handles the close of a connection; another one may follow. */
  connectionClosed(): void;
  /** Sends what an open connection accepts before the close frame of the program's `close`, and calls `done`. */
  finish(done: () => void): void;
}

/** Parameters of a {@linkcode Reconnector}. */
export interface ReconnectorParameters {
  readonly clock: ClientClock;
  readonly backoff: BackoffSettings;
  readonly handler: ReconnectHandler;
  /**
   * Creates a connection.
   *
   * @param closed called when it has closed.
   * @param factors the factors of its timeouts.
   */
  readonly connect: (
    closed: (close: ConnectionClose, isOwnError: boolean) => void,
    factors: TimeoutFactors,
  ) => Connection;
  /** Checks whether the server answers; `undefined` outside of a page. */
  readonly probe: ReachabilityProbe | undefined;
  /** The time for the probe, in ms. */
  readonly connectTimeoutMs: number;
  /** Called for each change of state. */
  readonly stateChanged: (change: StateChange) => void;
  /** Called once, when the client is closed. */
  readonly closed: (close: ConnectionClose) => void;
}

/** Opens one connection after another, and decides whether and when the next one is opened. */
export class Reconnector {
  /** The close of the last connection. */
  lastClose: ConnectionClose | undefined;
  /** The time of the next attempt in ms since 1970, in the state `waiting`. */
  retryAt: number | undefined;

  readonly #parameters: ReconnectorParameters;
  readonly #clock: ClientClock;
  readonly #backoff: Backoff;
  readonly #timeouts = new GrowingTimeouts();
  #state: ClientState = "connecting";
  #connection: Connection | undefined;
  #openedAt: number | undefined;
  /** The attempts in a row without a connection. */
  #failures = 0;
  /** The time at which the last WebSocket was created. */
  #socketAt = 0;
  #cancelProbe: (() => void) | undefined;
  #connectingAt = 0;
  /** The time of the last wake; `undefined` once a connection has closed after it. */
  #wokenAt: number | undefined;
  /** True once a connection was open. */
  #wasOpen = false;
  /** The time at which the server expects this client to return, by the monotonic clock. */
  #returnAt: number | undefined;
  /** Cancels the timer: of the wait before an attempt, or of the replacement after `goaway`. */
  #cancelTimer: (() => void) | undefined;
  #stopWatching: (() => void) | undefined;

  /** @param parameters the backoff, the connections and the receivers. */
  constructor(parameters: ReconnectorParameters) {
    this.#parameters = parameters;
    this.#clock = parameters.clock;
    this.#backoff = new Backoff(parameters.backoff);
  }

  get state(): ClientState {
    return this.#state;
  }

  /** The number of this retry in a row; 0 for the first connection. */
  get attempt(): number {
    return this.#backoff.attempt;
  }

  get connection(): Connection | undefined {
    return this.#connection;
  }

  /** Starts the first connection. @throws the exception of the WebSocket constructor. */
  start(): void {
    this.#connection = this.#createConnection();
    this.#stopWatching = watchWake({
      wake: (event) => this.#wake(event),
      suspend: () => this.#suspend(),
    });
  }

  /** Enters the state `open`: the server has answered the hello. */
  ready(): void {
    this.#openedAt = this.#clock.now();
    this.#failures = 0;
    this.#timeouts.opened();
    this.#wasOpen = true;
    this.#setState("open");
  }

  /** Connects at once: ends a wait, or replaces the open connection. */
  reconnect(): void {
    this.#backoff.attempt = 0;
    if (this.#state === "waiting") this.#startAttempt();
    else if (this.#state === "open") this.#replace("reconnect");
  }

  /** Replaces the connection after a time that the server named. */
  goaway(afterMs: number): void {
    const ms = Math.min(afterMs, DEFAULTS.maxGoawayMs);
    this.#returnAt = this.#clock.now() + ms;
    this.#cancelTimer?.();
    this.#cancelTimer = this.#clock.after(ms, () => this.#replace("goaway"));
  }

  /** Closes the client. */
  close(code: number | undefined, reason: string | undefined): void {
    if (this.#state === "closed") return;
    const wasOpen = this.#state === "open";
    const previous = this.#state;
    const connection = this.#connection;
    // 1005 is a WebSocket's code for a close frame without a code.
    const close: ConnectionClose = {
      code: code ?? (reason ? CloseCode.normal : 1005),
      reason: reason ?? "",
      wasClean: true,
    };
    // First: whatever the socket does, the client is closed.
    this.#state = "closed";
    this.#stop();
    if (wasOpen) {
      this.#parameters.handler.finish(() => connection!.close(code, reason));
    } else {
      connection?.abandon(code ?? CloseCode.normal, close.reason);
      // Not inside the call of close(): the program may add its listener after it.
      queueMicrotask(() => this.#reportClosed(close));
    }
    this.#setState("closed", close, previous);
  }

  #createConnection(): Connection {
    this.#connectingAt = this.#socketAt = this.#clock.now();
    return this.#parameters.connect(
      (close, isOwnError) => this.#handleClose(close, isOwnError),
      this.#timeouts.factors,
    );
  }

  #startAttempt(): void {
    this.#cancelTimer?.();
    this.retryAt = this.#returnAt = undefined;
    if (this.#shouldProbe) this.#probeServer();
    else this.#openSocket();
  }

  get #shouldProbe(): boolean {
    const { probe } = this.#parameters;
    return this.#failures >= DEFAULTS.probeAfter && probe?.isBlocked === false;
  }

  /** Checks whether the server answers, and opens a WebSocket if it does. */
  #probeServer(): void {
    const { connectTimeoutMs } = this.#parameters;
    const probe = this.#parameters.probe!;
    this.#connectingAt = this.#clock.now();
    this.#cancelProbe = probe.check(connectTimeoutMs, (result) => {
      this.#cancelProbe = undefined;
      const { trusted, untrusted } = DEFAULTS.maxProbingMs;
      const maxProbingMs = probe.isTrusted ? trusted : untrusted;
      // The request itself may be blocked, by a page's policy or a browser extension.
      const isDue = this.#clock.now() - this.#socketAt >= maxProbingMs;
      if (result === "reachable" || probe.isBlocked || isDue) {
        this.#openSocket();
      } else {
        this.#handleClose({
          code: CloseCode.abnormal,
          reason: "Server does not answer",
          wasClean: false,
        }, true);
      }
    });
    this.#setState("connecting");
  }

  /** Opens a WebSocket, and enters the state `connecting`. */
  #openSocket(): void {
    let failure: ConnectionClose | undefined;
    try {
      this.#connection = this.#createConnection();
    } catch (error) {
      // The constructor of the first connection did not throw: a permission of the program was withdrawn since.
      failure = {
        code: CloseCode.abnormal,
        reason: String(error),
        wasClean: false,
        cause: error,
      };
    }
    if (this.#state !== "connecting") this.#setState("connecting");
    if (failure !== undefined && this.#state === "connecting") {
      this.#handleClose(failure, true);
    }
  }

  /** Replaces the open connection without a wait. */
  #replace(reason: string): void {
    // Not 1000: the hub would end the session, and its presence.
    const code = CloseCode.replaced;
    this.#connection?.abandon(code, reason);
    this.lastClose = { code, reason, wasClean: false };
    this.#forgetConnection();
    this.#startAttempt();
  }

  #handleClose(close: ConnectionClose, isOwnError: boolean): void {
    this.lastClose = close;
    // The client was closed before: this is the end of the closing handshake.
    if (this.#state === "closed") return this.#reportClosed(close);
    // A protocol error that the client itself detected is final only if the client was never open: during a deployment,
    // another program may answer at the same address for a while.
    const reconnects = shouldReconnect(close.code) ||
      (isOwnError
        ? this.#wasOpen
        : this.#parameters.handler.overridesClose(close.code));
    if (isOwnError) {
      const { liveness } = this.#connection ?? {};
      this.#timeouts.closed(close.code, liveness?.hasOutlivedTimeout ?? false);
    }
    const isAfterWake = this.#isAfterWake;
    this.#forgetConnection();
    let waitMs = reconnects ? this.#waitMs(close.code) : undefined;
    // The connection ended while the page was suspended: connect at once.
    if (isAfterWake && waitMs !== undefined) waitMs = 0;
    if (waitMs === undefined) {
      this.#stop();
      this.#setState("closed", close);
      return this.#reportClosed(close);
    }
    this.retryAt = this.#clock.time() + waitMs;
    this.#cancelTimer = this.#clock.after(waitMs, () => this.#startAttempt());
    this.#setState("waiting", { ...close, retryInMs: waitMs });
  }

  /** True for the first close of an open connection within a second of a wake. */
  get #isAfterWake(): boolean {
    return this.#wokenAt !== undefined && this.#openedAt !== undefined &&
      this.#clock.now() - this.#wokenAt < DEFAULTS.wokenMs;
  }

  #forgetConnection(): void {
    if (this.#openedAt === undefined) this.#failures++;
    this.#connection = this.#wokenAt = undefined;
    this.#cancelTimer?.();
    this.#cancelProbe?.();
    this.#backoff.connectionClosed(
      this.#openedAt === undefined ? 0 : this.#clock.now() - this.#openedAt,
    );
    this.#openedAt = undefined;
    this.#parameters.handler.connectionClosed();
  }

  #waitMs(code: number): number | undefined {
    // A planned restart is not a failure: the server named the time at which it is ready again.
    if (this.#returnAt !== undefined) {
      return Math.max(0, this.#returnAt - this.#clock.now());
    }
    return this.#backoff.next(this.#clock.random(), code);
  }

  #wake(event: WakeEvent): void {
    const now = this.#clock.now();
    this.#wokenAt = now;
    if (this.#state === "waiting") return this.#startAttempt();
    if (this.#state === "open") return this.#connection?.liveness?.probe();
    // The packets of an attempt that began without a network are lost: it would use up its timeout.
    if (
      this.#state === "connecting" && event === "online" &&
      now - this.#connectingAt >= DEFAULTS.wokenMs
    ) this.#replace("online");
  }

  /** Closes the connection until the page is shown again: a kept page answers pings, and receives nothing. */
  #suspend(): void {
    if (this.#state === "closed") return;
    const close: ConnectionClose = {
      code: CloseCode.pageKept,
      reason: "Page is kept for Back",
      wasClean: false,
    };
    this.#connection?.abandon(close.code, close.reason);
    if (this.#connection !== undefined) this.lastClose = close;
    this.#forgetConnection();
    this.retryAt = this.#returnAt = undefined;
    this.#setState("waiting", close);
  }

  #setState(
    state: ClientState,
    details: { code?: number; reason?: string; retryInMs?: number } = {},
    previous: ClientState = this.#state,
  ): void {
    this.#state = state;
    const { code, reason, retryInMs } = details;
    this.#parameters.stateChanged({
      state,
      previous,
      attempt: this.attempt,
      ...(code === undefined ? {} : { code }),
      ...(reason === undefined ? {} : { reason }),
      ...(retryInMs === undefined ? {} : { retryInMs }),
    });
  }

  /** Removes every timer and every listener. */
  #stop(): void {
    this.retryAt = undefined;
    this.#cancelTimer?.();
    this.#cancelProbe?.();
    this.#stopWatching?.();
  }

  #reportClosed(close: ConnectionClose): void {
    this.#connection = undefined;
    this.#parameters.closed(close);
  }
}
