import type { MessageMap, Start } from "../../messages.ts";
import { readJoined } from "../protocol/start_frame.ts";
import { DrumbeatError } from "../../messages.ts";
import { DirectEvent } from "../events.ts";
import { Subscription, type SubscriptionHost } from "./subscription.ts";

/**
 * The peer's own log, `$peer/<id>`: what the hub sends to this peer alone. The hub subscribes the peer to it, in `start` or
 * with a `subscribed` that answers nothing; from then on it is a topic like any other. Where a hub says neither, its first
 * batch says where it begins, and a cut ends it.
 */
export class DirectLog<M extends MessageMap> {
  readonly #host: SubscriptionHost<M>;
  #log: Subscription<M> | undefined;

  constructor(host: SubscriptionHost<M>) {
    this.#host = host;
  }

  /** @returns what hello restates: nothing without an epoch. */
  hello(): Record<string, Start> {
    const position = this.#log?.position;
    return position === undefined || position.epoch === ""
      ? {}
      : { [this.#log!.name]: position };
  }

  /** The server said who this peer is, and perhaps where its log stands. */
  started(peer: string, topics: Readonly<Record<string, unknown>>): void {
    const name = `$peer/${peer}`;
    const placed = readJoined(
      Object.hasOwn(topics, name) ? topics[name] : undefined,
    );
    const known = !(placed instanceof DrumbeatError);
    if (this.#log?.name !== name || !known) this.#log = this.#open(name);
    if (known) this.#log.placed(placed);
  }

  /** The log, if that is its name. */
  named(name: string): Subscription<M> | undefined {
    return this.#log?.name === name ? this.#log : undefined;
  }

  /** The log, if that is its name; its first batch, at this offset, places it where `start` did not. */
  at(name: string, offset: number): Subscription<M> | undefined {
    const log = this.named(name);
    if (log !== undefined && log.position === undefined) {
      log.placed({ epoch: "", offset, head: offset, recovered: false });
    }
    return log;
  }

  #open(name: string): Subscription<M> {
    const log = new Subscription(name, {}, this.#host);
    log.onAny((message, info) =>
      this.#host.emit(new DirectEvent({ ...info, kind: "record", message }))
    );
    log.onBinary((payload, info) =>
      this.#host.emit(new DirectEvent({ ...info, kind: "binary", payload }))
    );
    return log;
  }
}
