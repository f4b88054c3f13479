import {
  encode,
  type PresenceUpdateFrame,
  type SubscribeFrame,
  type UnsubscribeFrame,
} from "../../messages.ts";
import type { Connection } from "../peers/connection.ts";
import type { Core } from "../core.ts";
import { directLogOf } from "../ids.ts";
import { encodeRefusal, type Refusal } from "../refusal.ts";
import { Topic } from "../log/topic.ts";

/** The topics that one drumbeat.v1 connection joins and leaves after its hello. */
export class Places {
  readonly #core: Core;
  readonly #connection: Connection;
  /** Topics whose log the store is still opening. */
  #joining: Set<string> | undefined;

  constructor(core: Core, connection: Connection) {
    this.#core = core;
    this.#connection = connection;
  }

  subscribe(frame: SubscribeFrame): void {
    const { id, topic: name } = frame;
    const joining = this.#joining ??= new Set();
    const { subscriptions } = this.#connection;
    const { topicsPerPeer } = this.#core.limits;
    if (subscriptions.has(name) || joining.has(name)) {
      return this.#refuse(id, {
        code: "already",
        message: "Already in this topic",
      });
    }
    const uncounted = subscriptions.has(directLogOf(this.#connection.id))
      ? 1
      : 0;
    if (subscriptions.size - uncounted + joining.size >= topicsPerPeer) {
      const message = `A peer may be in ${topicsPerPeer} topics at most`;
      return this.#refuse(id, { code: "limit", message });
    }
    const topic = this.#core.openFor(this.#connection, "subscribe", name);
    if (!(topic instanceof Topic)) return this.#refuse(id, topic);
    joining.add(name);
    topic.whenOpen(() => {
      // Unsubscribed, or gone, while the store was opening it.
      if (this.#connection.isDetached || !joining.delete(name)) return;
      // A new token may have come with fewer rights.
      const forbidden = this.#refusal(name);
      if (forbidden !== undefined) return this.#refuse(id, forbidden);
      const place = this.#core.subscribe(this.#connection, topic, frame);
      this.#connection.control(
        encode({ type: "subscribed", id, topic: name, ...place }),
      );
      const refusal = this.#core.showPresence(this.#connection, topic, frame);
      if (refusal !== undefined) this.#refuse(id, refusal);
    });
  }

  unsubscribe({ id, topic }: UnsubscribeFrame): void {
    const subscription = this.#connection.subscriptions.get(topic);
    if (subscription !== undefined) this.#core.unsubscribe(subscription);
    else if (!this.#joining?.delete(topic)) return this.#absent(id);
    this.#ack(id);
  }

  presence({ id, topic: name, data }: PresenceUpdateFrame): void {
    const topic = this.#connection.subscriptions.get(name)?.topic;
    if (topic === undefined) return this.#absent(id);
    const member = { presence: true, data };
    const refusal = this.#refusal(name) ??
      this.#core.showPresence(this.#connection, topic, member);
    if (refusal !== undefined) this.#refuse(id, refusal);
    else this.#ack(id);
  }

  /** Why the peer may not be in a topic, if it may not. */
  #refusal(name: string): Refusal | undefined {
    return this.#core.access.refusal("subscribe", this.#connection, name);
  }

  #ack(id: number): void {
    this.#connection.control(encode({ type: "ack", id }));
  }

  #absent(id: number): void {
    this.#refuse(id, { code: "absent", message: "Not in this topic" });
  }

  #refuse(id: number, refusal: Refusal): void {
    this.#connection.control(encodeRefusal(refusal, id));
  }
}
