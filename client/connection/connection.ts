import { CloseCode } from "../../messages.ts";
import type { ClientClock } from "../clock.ts";
import { closeSocket } from "./close_socket.ts";
import { Liveness, type LivenessPort } from "./liveness.ts";
import {
  DEFAULTS,
  type HeartbeatSettings,
  type WebSocketConstructor,
} from "../options.ts";

/** The end of a connection. */
export interface ConnectionClose {
  /** The close code; 1006 if no close frame arrived. */
  readonly code: number;
  /** The close reason. If the server sent none, the runtime's error, if there is one: Deno and npm's `ws` name the HTTP status. */
  readonly reason: string;
  /** True if the closing handshake was completed. */
  readonly wasClean: boolean;
  /** The error that the runtime reported, if it reports one. */
  readonly cause?: unknown;
}

/** The `readyState` of a closed socket. */
const CLOSED = 3;

/** The data of one WebSocket message. */
export type FrameData = string | Uint8Array<ArrayBuffer>;

/** Receives the messages of a connection: a dialect. */
export interface ConnectionHandler {
  /** Sends the hello, and calls {@linkcode Connection.ready} when the server has answered it. */
  opened(connection: Connection): void;
  /** Handles a message. */
  received(data: FrameData): void;
}

/** Parameters of a {@linkcode Connection}. */
export interface ConnectionParameters {
  readonly url: string;
  readonly protocols: string[];
  readonly WebSocket: WebSocketConstructor;
  readonly clock: ClientClock;
  /** The time for the connection, and for the answer to the hello. */
  readonly connectTimeoutMs: number;
  /** The factor of the heartbeat's timeout. */
  readonly silenceFactor: number;
  /** Receives the socket's events. */
  readonly handler: ConnectionHandler;
  /** Called for each raw frame. */
  readonly trace: (direction: "in" | "out", data: FrameData) => void;
  /**
   * Called once when the connection has closed, but not after {@linkcode Connection.abandon}. Nothing is called after it.
   *
   * @param isOwnError true if the client ended the connection by its own judgement: {@linkcode Connection.fail}.
   */
  readonly closed: (close: ConnectionClose, isOwnError: boolean) => void;
}

/**
 * One connection, from the creation of its socket to its close: connect timeout, heartbeat, close timeout. It never waits for
 * a `close` event, which may not come, and ignores every event that the socket sends after the close.
 */
export class Connection {
  readonly #socket: WebSocket;
  readonly #parameters: ConnectionParameters;
  #phase: "live" | "closing" | "closed" = "live";
  #cancelTimeout: () => void;
  /** Cancels the wait for the `close` event that follows an `error` event. */
  #cancelFailure: (() => void) | undefined;
  #liveness: Liveness | undefined;
  #cause: unknown;

  /**
   * Starts to connect.
   *
   * @param parameters the address, the timeouts and the receivers.
   * @throws the exception of the WebSocket constructor.
   */
  constructor(parameters: ConnectionParameters) {
    const { url, protocols, connectTimeoutMs, handler } = this
      .#parameters = parameters;
    const socket = this.#socket = new parameters.WebSocket(url, protocols);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      if (this.#phase !== "live") return;
      this.await("answer to the hello", connectTimeoutMs);
      handler.opened(this);
    };
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) =>
      this.#received(data);
    socket.onerror = (event) => this.#failed(event);
    // Deno reports 0 when the network drops.
    socket.onclose = ({ code, reason, wasClean }) =>
      this.#end(
        { code: code || CloseCode.abnormal, reason, wasClean },
        undefined,
      );
    this.#cancelTimeout = () => {};
    this.await("connection", connectTimeoutMs);
  }

  /** The subprotocol that the server selected, or "". */
  get protocol(): string {
    return this.#socket.protocol;
  }

  /** The extensions that the server selected, or "". */
  get extensions(): string {
    return this.#socket.extensions;
  }

  /** The bytes that the socket has accepted and not transmitted yet. */
  get bufferedAmount(): number {
    return this.#socket.bufferedAmount;
  }

  /** The time for the connection, and for the answer to the hello, in ms. */
  get timeoutMs(): number {
    return this.#parameters.connectTimeoutMs;
  }

  /** The heartbeat, after {@linkcode Connection.ready}. */
  get liveness(): Liveness | undefined {
    return this.#liveness;
  }

  /**
   * Starts the timeout of the next step, and ends that of the last one: each step has its own, because they take the time of
   * different parties.
   *
   * @param step the step: "connection".
   * @param ms its timeout in ms.
   */
  await(step: string, ms: number): void {
    this.#cancelTimeout();
    this.#cancelTimeout = this.#parameters.clock.after(
      ms,
      () => this.fail(CloseCode.helloTimeout, `No ${step} within ${ms} ms`),
    );
  }

  /**
   * Ends the timeouts of the steps and starts the heartbeat. A second call replaces a heartbeat that is disabled.
   *
   * @param heartbeat the heartbeat's times.
   * @param ping sends a ping.
   */
  ready(heartbeat: HeartbeatSettings, ping: LivenessPort["ping"]): void {
    this.#cancelTimeout();
    const { clock, silenceFactor } = this.#parameters;
    const { intervalMs, timeoutMs } = heartbeat;
    const settings = { intervalMs, timeoutMs: timeoutMs * silenceFactor };
    this.#liveness = new Liveness(clock, settings, {
      ping,
      timedOut: () => this.fail(CloseCode.heartbeatTimeout, "Server is silent"),
    });
  }

  /** Sends a frame. @returns `false` if the socket does not accept it, because it is closing. */
  send(data: FrameData): boolean {
    if (this.#phase !== "live" || this.#socket.readyState !== 1) return false;
    this.#socket.send(data);
    this.#parameters.trace("out", data);
    return true;
  }

  /** Starts the closing handshake. The handler receives nothing more; `closed` follows the server's answer, or a timeout. */
  close(code: number | undefined, reason: string | undefined): void {
    if (this.#phase === "closed") return;
    this.#phase = "closing";
    this.#cancelTimeout();
    this.#liveness?.stop();
    closeSocket(this.#socket, code, reason);
    this.#cancelTimeout = this.#parameters.clock.after(
      DEFAULTS.closeTimeoutMs,
      () => this.fail(CloseCode.abnormal, "No answer to the close frame"),
    );
  }

  /**
   * Closes at once, without the server's answer, and calls `closed`.
   *
   * @param code the close code.
   * @param reason the close reason.
   * @param cause the error that the program threw. Default: the runtime's error, if there is one.
   */
  fail(code: number, reason: string, cause?: unknown): void {
    this.#cause = cause ?? this.#cause;
    this.#end({ code, reason, wasClean: false }, code);
  }

  /** Closes at once and calls nothing. */
  abandon(code: number, reason: string): void {
    if (this.#phase === "closed") return;
    this.#phase = "closed";
    this.#cancelTimeout();
    this.#liveness?.stop();
    this.#cancelFailure?.();
    const socket = this.#socket;
    socket.onopen = socket.onmessage = null;
    // Until the socket is closed: the socket of npm's `ws` emits errors as a Node emitter, where an error without a handler
    // ends the process, and closing a socket that connects is such an error.
    const ended = socket.readyState === CLOSED;
    socket.onerror = ended ? null : () => {};
    socket.onclose = ended
      ? null
      : () => void (socket.onerror = socket.onclose = null);
    closeSocket(socket, code, reason);
  }

  #received(data: string | ArrayBuffer): void {
    if (this.#phase !== "live") return;
    this.#liveness?.received();
    const frame = typeof data === "string" ? data : new Uint8Array(data);
    this.#parameters.trace("in", frame);
    // A listener of raw frames may have closed the connection.
    if (this.#phase === "live") this.#parameters.handler.received(frame);
  }

  /** Handles the socket's `error` event. A `close` event follows it, but not in every runtime. */
  #failed(event: Event): void {
    const { error, message } = event as Partial<ErrorEvent>;
    this.#cause = error ?? (message || undefined);
    if (this.#liveness !== undefined && this.#socket.readyState !== CLOSED) {
      return;
    }
    // Node 22 (a refused connection), Chromium (the page's Content-Security-Policy) and WebKit (its limit of sockets) dispatch
    // `error` alone. The `close` event of the others has the code.
    this.#cancelFailure ??= this.#parameters.clock.after(
      DEFAULTS.failureTimeoutMs,
      () =>
        this.fail(
          CloseCode.abnormal,
          this.#causeText || "The runtime refused or lost the connection",
        ),
    );
  }

  /** The runtime's words for the error; "" if it has none. */
  get #causeText(): string {
    const cause = this.#cause;
    if (cause === undefined) return "";
    return cause instanceof Error ? cause.message : String(cause);
  }

  #end(close: ConnectionClose, code: number | undefined): void {
    if (this.#phase === "closed") return;
    this.abandon(code ?? CloseCode.normal, close.reason);
    const cause = this.#cause;
    const isOwnError = code !== undefined;
    if (cause === undefined) return this.#parameters.closed(close, isOwnError);
    const reason = close.reason || this.#causeText;
    this.#parameters.closed({ ...close, reason, cause }, isOwnError);
  }
}
