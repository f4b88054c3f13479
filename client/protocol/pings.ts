import { encode } from "../../messages.ts";
import type { ClientClock } from "../clock.ts";
import type { Liveness, LivenessPort } from "../connection/liveness.ts";
import type { Pacer } from "../publish/pacing.ts";
import type { Acks } from "./acks.ts";

/** About the size of a ping in bytes. */
const PING_BYTES = 64;

/** The pings of a session: those of the heartbeat, and those that the program requests by `send`. */
export class Pings {
  readonly #clock: ClientClock;
  /** A ping that `send` requested before there was a connection. */
  #isRequested = false;
  /** A ping of the heartbeat waits for the rates. */
  #isQueued = false;

  /** @param clock the client's clock. */
  constructor(clock: ClientClock) {
    this.#clock = clock;
  }

  /** Pings for the program. @param liveness the heartbeat; `undefined` before `start`: the ping is sent after it. */
  request(liveness: Liveness | undefined): void {
    if (liveness === undefined) this.#isRequested = true;
    else liveness.ping(true);
  }

  /** Returns the function that sends the pings of one connection. */
  sender(pacer: Pacer, acks: Acks): LivenessPort["ping"] {
    return (isRequested, sent) => {
      if (!isRequested && this.#isQueued) return;
      this.#isQueued ||= !isRequested;
      const ping = (): string => {
        if (!isRequested) this.#isQueued = false;
        sent();
        const { frames } = acks;
        return encode({ type: "ping", time: this.#clock.time(), frames });
      };
      pacer.send(ping, PING_BYTES, !isRequested);
    };
  }

  /**
   * Measures the round trip at once, and not only after the first interval.
   *
   * @param liveness the heartbeat of the connection.
   * @param isEnabled `false` if the program disabled the heartbeat.
   */
  started(liveness: Liveness | undefined, isEnabled: boolean): void {
    if (this.#isRequested || isEnabled) liveness?.ping(this.#isRequested);
    this.#isRequested = false;
  }

  /** Forgets the queued ping. */
  connectionClosed(): void {
    this.#isQueued = false;
  }
}
