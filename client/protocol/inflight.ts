/** The frames of one kind that count against the server's `inflight`. */
export interface InflightUser {
  /** The number of frames that the server has not answered. */
  readonly inflight: number;
  /** True while a frame waits to be sent. */
  readonly isWaiting: boolean;
}

/**
 * The budget of a connection: `limits.inflight` bounds publishes, requests and history reads together. If both kinds wait,
 * they take turns, so that neither waits until the other has nothing more to send.
 */
export class InflightBudget {
  readonly #limit: number;
  readonly #publishes: InflightUser;
  readonly #requests: InflightUser;
  #turn: "publishes" | "requests" = "publishes";

  /**
   * @param limit the server's `inflight`.
   * @param publishes the publishes of the connection.
   * @param requests the requests and history reads of the connection.
   */
  constructor(limit: number, publishes: InflightUser, requests: InflightUser) {
    this.#limit = limit;
    this.#publishes = publishes;
    this.#requests = requests;
  }

  /** The number of publishes that may be in flight now. */
  get maxPublishes(): number {
    return this.#limit - this.#requests.inflight -
      Number(this.#turn === "requests" && this.#requests.isWaiting);
  }

  /** Returns true if one more request may be sent now. */
  get hasRequestCapacity(): boolean {
    return this.#publishes.inflight + this.#requests.inflight +
        Number(this.#turn === "publishes" && this.#publishes.isWaiting) <
      this.#limit;
  }

  /** Passes the turn to the other kind: a frame was sent. */
  sent(kind: "publishes" | "requests"): void {
    this.#turn = kind === "publishes" ? "requests" : "publishes";
  }
}
