import { CloseCode } from "../../messages.ts";
import type { ClientClock } from "../clock.ts";
import { closeSocket } from "./close_socket.ts";
import { Liveness } from "./liveness.ts";
import {
  DEFAULTS,
  type HeartbeatSettings,
  type WebSocketConstructor,
} from "../options.ts";

/** How a connection ended. */
export interface ConnectionClose {
  /** The close code; 1006 where none was seen. */
  readonly code: number;
  /** The reason given with it. */
  readonly reason: string;
  /** Whether the closing handshake was completed. */
  readonly wasClean: boolean;
}

/** What to connect to, and with what. */
export interface Dial {
  readonly url: string;
  readonly protocols: string[];
  readonly WebSocket: WebSocketConstructor;
  readonly clock: ClientClock;
  readonly connectTimeoutMs: number;
}

/** Who hears of a connection. Nothing is called after `ended`, nor after {@linkcode Connection.abandon}. */
export interface ConnectionSink {
  /** The socket is open. The dialect greets, and says {@linkcode Connection.ready} when the greeting is through. */
  opened(connection: Connection): void;
  /** A message came. */
  received(data: string | Uint8Array<ArrayBuffer>): void;
  /** It is over, once. */
  ended(end: ConnectionClose): void;
  /** A raw frame passed. */
  frame(direction: "in" | "out", data: string | Uint8Array<ArrayBuffer>): void;
}

/**
 * One attempt at a connection, from its socket to its end: connect timeout, heartbeat, close timeout. It ends when it says
 * so, never waiting for a `close` event that may not come; what the socket does after that is nobody's business.
 */
export class Connection {
  readonly #socket: WebSocket;
  readonly #sink: ConnectionSink;
  readonly #clock: ClientClock;
  #phase: "live" | "closing" | "over" = "live";
  #cancelTimeout: () => void;
  #liveness: Liveness | undefined;

  /** @throws whatever the WebSocket constructor throws. */
  constructor(dial: Dial, sink: ConnectionSink) {
    this.#sink = sink;
    this.#clock = dial.clock;
    const socket = this.#socket = new dial.WebSocket(dial.url, dial.protocols);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      if (this.#phase === "live") sink.opened(this);
    };
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) =>
      this.#received(data);
    // Deno reports 0 when the network drops.
    socket.onclose = ({ code, reason, wasClean }) =>
      this.#end(
        { code: code || CloseCode.abnormal, reason, wasClean },
        undefined,
      );
    this.#cancelTimeout = dial.clock.after(
      dial.connectTimeoutMs,
      () =>
        this.fail(
          CloseCode.helloTimeout,
          `No connection within ${dial.connectTimeoutMs} ms`,
        ),
    );
  }

  /** The subprotocol that the server chose, or "". */
  get protocol(): string {
    return this.#socket.protocol;
  }

  /** The extensions that the server chose, or "". */
  get extensions(): string {
    return this.#socket.extensions;
  }

  /** Bytes that were sent and are still on this machine. */
  get bufferedAmount(): number {
    return this.#socket.bufferedAmount;
  }

  /** The heartbeat, once it is ready. */
  get liveness(): Liveness | undefined {
    return this.#liveness;
  }

  /** The greeting is through: the connect timeout ends, the heartbeat starts. */
  ready(heartbeat: HeartbeatSettings, ping: () => void): void {
    this.#cancelTimeout();
    this.#liveness = new Liveness(this.#clock, heartbeat, {
      ping,
      dead: () =>
        this.fail(CloseCode.silent, "Nothing was heard from the server"),
    });
  }

  /** Sends a frame. @returns whether the socket took it; one that is closing does not. */
  send(data: string | Uint8Array<ArrayBuffer>): boolean {
    if (this.#phase !== "live" || this.#socket.readyState !== 1) return false;
    this.#socket.send(data);
    this.#sink.frame("out", data);
    return true;
  }

  /** Closes politely. Nothing is received any more; `ended` comes with the server's answer, or without it. */
  finish(code: number | undefined, reason: string | undefined): void {
    if (this.#phase === "over") return;
    this.#phase = "closing";
    this.#cancelTimeout();
    this.#liveness?.stop();
    closeSocket(this.#socket, code, reason);
    this.#cancelTimeout = this.#clock.after(
      DEFAULTS.closeTimeoutMs,
      () =>
        this.fail(CloseCode.abnormal, "The server did not answer the close"),
    );
  }

  /** Ends it now, for a reason of this side's, and says so. */
  fail(code: number, reason: string): void {
    this.#end({ code, reason, wasClean: false }, code);
  }

  /** Ends it now and says nothing. */
  abandon(code: number, reason: string): void {
    if (this.#phase === "over") return;
    this.#phase = "over";
    this.#cancelTimeout();
    this.#liveness?.stop();
    const socket = this.#socket;
    socket.onopen = socket.onmessage = socket.onclose = null;
    closeSocket(socket, code, reason);
  }

  #received(data: string | ArrayBuffer): void {
    if (this.#phase !== "live") return;
    this.#liveness?.heard();
    const frame = typeof data === "string" ? data : new Uint8Array(data);
    this.#sink.frame("in", frame);
    // A listener of raw frames may have ended it.
    if (this.#phase === "live") this.#sink.received(frame);
  }

  #end(end: ConnectionClose, code: number | undefined): void {
    if (this.#phase === "over") return;
    this.abandon(code ?? CloseCode.normal, end.reason);
    this.#sink.ended(end);
  }
}
