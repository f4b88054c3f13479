import { DrumbeatError, type MessageMap, type Start } from "../../messages.ts";
import { readSubscribed } from "./subscribed.ts";
import { Subscription, type SubscriptionHost } from "./subscription.ts";

/**
 * The direct messages of this peer: the topic `$peer/<id>`, which only the hub publishes to. The hub subscribes the peer to
 * it, in `start` or with a `subscribed` without an id; then it is a topic like the others. Without either, its first batch
 * determines where it starts, and it ends with the connection.
 */
export class DirectMessages<M extends MessageMap> {
  readonly #host: SubscriptionHost<M>;
  #subscription: Subscription<M> | undefined;

  /** @param host the client. */
  constructor(host: SubscriptionHost<M>) {
    this.#host = host;
  }

  /** Returns the topics of a hello: the position of the log, if its epoch is known. */
  hello(): Record<string, Start> {
    const position = this.#subscription?.position;
    return position === undefined || position.epoch === ""
      ? {}
      : { [this.#subscription!.name]: position };
  }

  /** Handles the public id and the topics of a `start`. */
  started(peer: string, topics: Readonly<Record<string, unknown>>): void {
    const name = `$peer/${peer}`;
    const start = readSubscribed(
      name,
      Object.hasOwn(topics, name) ? topics[name] : undefined,
    );
    const isKnown = !(start instanceof DrumbeatError);
    if (this.#subscription?.name !== name || !isKnown) {
      this.#subscription = this.#open(name);
    }
    if (isKnown) this.#subscription.subscribed(start);
  }

  /** Returns the subscription of that name. */
  get(name: string): Subscription<M> | undefined {
    return this.#subscription?.name === name ? this.#subscription : undefined;
  }

  /** Returns the subscription for a batch, which starts at the batch if the hub sent no other start. */
  forBatch(name: string, offset: number): Subscription<M> | undefined {
    const subscription = this.get(name);
    if (subscription !== undefined && subscription.position === undefined) {
      subscription.subscribed({
        epoch: "",
        offset,
        head: offset,
        recovered: false,
      });
    }
    return subscription;
  }

  #open(name: string): Subscription<M> {
    const subscription = new Subscription(name, {}, this.#host);
    const { emit } = this.#host;
    const handle = subscription.handle();
    handle.onAny((message, context) =>
      emit("direct", { record: { ...context, kind: "record", message } })
    );
    handle.onBinary((payload, context) =>
      emit("direct", { record: { ...context, kind: "binary", payload } })
    );
    return subscription;
  }
}
