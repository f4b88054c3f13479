import {
  encode,
  type PresenceUpdateFrame,
  type SubscribeFrame,
  type UnsubscribeFrame,
} from "../../messages.ts";
import { whenDecided } from "../access/pending_decision.ts";
import { directLogOf } from "../ids.ts";
import { Topic } from "../log/topic.ts";
import type { Connection } from "../peers/connection.ts";
import { encodeRefusal, type Refusal } from "../refusal.ts";
import type { ProtocolContext } from "./context.ts";

/** The parts of the hub that {@linkcode SubscribeFrames} uses. */
export type SubscribeContext = Pick<
  ProtocolContext,
  "limits" | "access" | "openFor" | "subscriptions"
>;

/** Handles the frames `subscribe`, `unsubscribe` and `presence` of one drumbeat.v1 connection. */
export class SubscribeFrames {
  readonly #context: SubscribeContext;
  readonly #connection: Connection;
  /** Topics whose log the store is still opening. */
  #opening: Set<string> | undefined;

  constructor(context: SubscribeContext, connection: Connection) {
    this.#context = context;
    this.#connection = connection;
  }

  subscribe(frame: SubscribeFrame): void {
    const { id, topic: name } = frame;
    const connection = this.#connection;
    const context = this.#context;
    const opening = this.#opening ??= new Set();
    const { subscriptions } = connection;
    const { topicsPerPeer } = context.limits;
    if (subscriptions.has(name) || opening.has(name)) {
      const message = "Already subscribed";
      return this.#refuse(id, { code: "already", message });
    }
    const uncounted = subscriptions.has(directLogOf(connection.id)) ? 1 : 0;
    if (subscriptions.size - uncounted + opening.size >= topicsPerPeer) {
      const message = `Too many topics of one peer: at most ${topicsPerPeer}`;
      return this.#refuse(id, { code: "limit", message });
    }
    const topic = context.openFor("subscribe", connection, name);
    if (!(topic instanceof Topic)) return this.#refuse(id, topic);
    opening.add(name);
    const { rights } = connection;
    // A new token may have brought fewer rights meanwhile.
    const refused = () =>
      connection.rights === rights ? undefined : this.#refusal(name);
    const opened = (forbidden: Refusal | undefined) => {
      // Unsubscribed or detached while the store was opening the log.
      if (connection.isDetached || !opening.delete(name)) return;
      if (forbidden !== undefined) return this.#refuse(id, forbidden);
      const subscribed = context.subscriptions.subscribe(
        connection,
        topic,
        frame,
      );
      connection.sendControl(
        encode({ type: "subscribed", id, topic: name, ...subscribed }),
      );
      const refusal = context.subscriptions.showPresence(
        connection,
        topic,
        frame,
      );
      if (refusal !== undefined) this.#refuse(id, refusal);
    };
    topic.whenOpen(() =>
      whenDecided(
        refused,
        opened,
        (error) => connection.abandon(error, "receive"),
      )
    );
  }

  unsubscribe({ id, topic }: UnsubscribeFrame): void {
    const subscription = this.#connection.subscriptions.get(topic);
    if (subscription !== undefined) {
      this.#context.subscriptions.unsubscribe(subscription);
    } else if (!this.#opening?.delete(topic)) return this.#refuseAbsent(id);
    this.#acknowledge(id);
  }

  presence({ id, topic: name, data }: PresenceUpdateFrame): void {
    const topic = this.#connection.subscriptions.get(name)?.topic;
    if (topic === undefined) return this.#refuseAbsent(id);
    const member = { presence: true, data };
    const refusal = this.#refusal(name) ??
      this.#context.subscriptions.showPresence(this.#connection, topic, member);
    if (refusal !== undefined) this.#refuse(id, refusal);
    else this.#acknowledge(id);
  }

  #refusal(name: string): Refusal | undefined {
    const { access } = this.#context;
    return access.refusal("subscribe", this.#connection, name);
  }

  #acknowledge(id: number): void {
    this.#connection.sendControl(encode({ type: "ack", id }));
  }

  #refuseAbsent(id: number): void {
    this.#refuse(id, { code: "absent", message: "Not subscribed" });
  }

  #refuse(id: number, refusal: Refusal): void {
    this.#connection.sendControl(encodeRefusal(refusal, id));
  }
}
