import { CloseCode } from "../../messages.ts";
import { DEFAULTS } from "../options.ts";

/** The factors of a connection's timeouts, from 1 to {@linkcode DEFAULTS.maxTimeoutFactor}. */
export interface TimeoutFactors {
  /** The factor of `connectTimeoutMs`. */
  readonly connect: number;
  /**
   * The factor of the heartbeat's timeout. A frame that takes longer than the timeout counts as silence: without a larger
   * factor it would time out again after each reconnect.
   */
  readonly silence: number;
}

/** The timeouts of the next connection: they grow after connections in a row that timed out. */
export class GrowingTimeouts {
  /** The attempts in a row that ended by a timeout. */
  #connectTimeouts = 0;
  /** The connections in a row that were silent from the start. */
  #silences = 0;

  /** The factors of the next connection. */
  get factors(): TimeoutFactors {
    return {
      connect: factor(this.#connectTimeouts),
      silence: factor(this.#silences),
    };
  }

  /** Resets the connect timeout: a connection is open. */
  opened(): void {
    this.#connectTimeouts = 0;
  }

  /**
   * Counts a connection that the client itself closed.
   *
   * @param code the close code.
   * @param hasOutlivedTimeout `true` if the connection received frames after the first timeout of its heartbeat.
   */
  closed(code: number, hasOutlivedTimeout: boolean): void {
    if (code === CloseCode.helloTimeout) this.#connectTimeouts++;
    if (code !== CloseCode.heartbeatTimeout) return;
    this.#silences = hasOutlivedTimeout ? 0 : this.#silences + 1;
  }
}

function factor(count: number): number {
  return Math.min(1 + count, DEFAULTS.maxTimeoutFactor);
}
