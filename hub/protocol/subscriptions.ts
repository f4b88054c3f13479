import type {
  Contract,
  MessageMap,
  Start,
  Subscribed,
} from "../../messages.ts";
import type { Clock } from "../clock.ts";
import type { Reporter } from "../hooks.ts";
import { directLogOf } from "../ids.ts";
import type { Limits } from "../limits.ts";
import type { Flush } from "../log/flush.ts";
import { Subscription, type Topic } from "../log/topic.ts";
import type { Monitor } from "../observe/monitor.ts";
import type { Connection } from "../peers/connection.ts";
import { checkPresence } from "../presence/member_data.ts";
import type { Presence } from "../presence/presence.ts";
import type { Refusal } from "../refusal.ts";

/** The parts of the hub that {@linkcode Subscriptions} uses. */
export interface SubscriptionsContext {
  readonly clock: Clock;
  readonly contract: Contract<MessageMap>;
  readonly limits: Pick<Limits, "presenceBytes">;
  readonly monitor: Pick<Monitor, "recovered">;
  readonly reporter: Pick<Reporter, "report">;
  readonly flush: Pick<Flush, "start">;
  readonly presence: Pick<Presence, "set" | "leave">;
}

/** Starts and ends the subscriptions of connections, whatever frame requested them. */
export class Subscriptions {
  readonly #context: SubscriptionsContext;

  constructor(context: SubscriptionsContext) {
    this.#context = context;
  }

  /** Subscribes a connection to an open topic. @returns the start of the subscription. */
  subscribe(connection: Connection, topic: Topic, start: Start): Subscribed {
    const { monitor, flush } = this.#context;
    const subscribed = topic.startOf(start);
    if (start.offset !== undefined) monitor.recovered(subscribed.recovered);
    const subscription = new Subscription(connection, topic, subscribed.offset);
    topic.subscriptions.add(subscription);
    connection.subscriptions.set(topic.name, subscription);
    flush.start(subscription);
    return subscribed;
  }

  /** Ends a subscription: no record of the topic follows. */
  unsubscribe(subscription: Subscription<Connection>): void {
    const { clock, presence } = this.#context;
    const { reader: connection, topic, cursor } = subscription;
    topic.subscriptions.delete(subscription);
    topic.idleSince = clock.now();
    connection.subscriptions.delete(topic.name);
    if (topic.name === directLogOf(connection.id)) {
      connection.directPosition = { epoch: topic.log.epoch, offset: cursor };
    }
    connection.waiting.delete(subscription);
    presence.leave(connection, topic.name);
  }

  /** Ends every subscription of a detached connection. @param now the monotonic time in ms. */
  detach({ subscriptions }: Connection, now: number): void {
    for (const subscription of subscriptions.values()) {
      const { topic } = subscription;
      topic.idleSince = now;
      topic.subscriptions.delete(subscription);
    }
  }

  /** Makes a subscriber a member of its topic's presence, if `start` requests it. @returns the refusal of its data. */
  showPresence(
    connection: Connection,
    topic: Topic,
    start: Pick<Start, "presence" | "data">,
  ): Refusal | undefined {
    // Detached by the reply to its own frame: a member that is added now would never be removed.
    if (!start.presence || connection.isDetached) return undefined;
    const { contract, limits, reporter, presence } = this.#context;
    const checked = checkPresence(
      contract,
      start.data,
      limits.presenceBytes,
      (error) => reporter.report(error, "validate"),
    );
    if ("code" in checked) return checked;
    return presence.set(connection, topic.name, checked.value);
  }
}
