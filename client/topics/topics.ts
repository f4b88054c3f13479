import {
  type BatchFrame,
  type GapFrame,
  LOBBY,
  type MessageMap,
  type PresenceFrame,
  type Start,
  type StartFrame,
  type SubscribedFrame,
  type UnsubscribedFrame,
} from "../../messages.ts";
import type { DialectHost } from "../protocol/dialect.ts";
import { DirectLog } from "./direct_messages.ts";
import { DrumbeatError } from "../../messages.ts";
import { type Ask, Memberships } from "./subscribe.ts";
import { type RawRecord, readRecord } from "./record.ts";
import { Subscription, type SubscriptionHost } from "./subscription.ts";
import type { StartFrom } from "./topic.ts";

/** What is wrong with what the server sent. `step`: it is not what comes next. `record`: it is no record. */
export type Fault = "step" | "record";

/** All topics of a session: who is in them, and to whom their records go. */
export class Topics<M extends MessageMap> {
  readonly #host: DialectHost;
  readonly #subscriptionHost: SubscriptionHost<M>;
  readonly #memberships = new Memberships<M>();
  readonly #direct: DirectLog<M>;
  #joinsLobby: boolean;

  /** @param lobby whether to join the lobby with the first hello. */
  constructor(
    lobby: boolean,
    host: DialectHost,
    subscriptions: Omit<SubscriptionHost<M>, "leave">,
  ) {
    this.#joinsLobby = lobby;
    this.#host = host;
    this.#subscriptionHost = {
      ...subscriptions,
      leave: (subscription) => {
        if (subscription.name === LOBBY) this.#joinsLobby = false;
        this.#memberships.leave(subscription);
      },
    };
    this.#direct = new DirectLog(this.#subscriptionHost);
  }

  /** The subscription to a topic: the one there is, or a new one. */
  topic(name: string, start: StartFrom): Subscription<M> {
    const there = this.#memberships.wanted(name);
    if (there !== undefined) return there;
    const subscription = new Subscription(name, start, this.#subscriptionHost);
    this.#memberships.join(subscription);
    return subscription;
  }

  /** @returns what a hello says of topics. */
  hello(): Record<string, Start> {
    // Not before: until now the user could say where in the lobby to start.
    if (this.#joinsLobby) this.topic(LOBBY, {});
    this.#joinsLobby = false;
    return { ...this.#memberships.hello(), ...this.#direct.hello() };
  }

  /** The server answered hello. */
  started({ peer, topics }: StartFrame, ask: Ask): void {
    this.#direct.started(peer, topics);
    this.#memberships.started(topics, ask);
  }

  /** `subscribed` came. */
  subscribed(frame: SubscribedFrame): void {
    if (frame.id !== undefined) {
      this.#memberships.subscribed(frame.id, frame.topic, frame);
    } else this.#direct.named(frame.topic)?.placed(frame);
  }

  /** `unsubscribed` came: the hub took this peer out of a topic. */
  unsubscribed({ topic, code }: UnsubscribedFrame): void {
    const why = `The server ended '${topic}': ${code}`;
    this.#memberships.unsubscribed(topic, new DrumbeatError(code, why));
  }

  /** `ack` or `error` came. @returns whether it answers a subscribe or an unsubscribe. */
  settled(id: number, error?: DrumbeatError): boolean {
    return this.#memberships.settled(id, error);
  }

  /**
   * Records came.
   *
   * @param peer this client's own public id.
   * @returns what is wrong with them: then none of them was delivered.
   */
  batch(
    frame: BatchFrame,
    payload: Uint8Array<ArrayBuffer> | undefined,
    peer: string | undefined,
  ): Fault | undefined {
    const { topic, offset, messages } = frame;
    const subscription = this.#memberships.member(topic) ??
      this.#direct.at(topic, offset);
    // On their way since before an unsubscribe.
    if (subscription === undefined) return undefined;
    if (!subscription.expects(offset)) return "step";
    const source = { topic, peer };
    const records: RawRecord[] = [];
    let record: RawRecord | undefined;
    for (const message of messages) {
      const place = record === undefined ? offset : record.offset + 1;
      record = readRecord(message, payload, place, source, record);
      if (record === undefined) return "record";
      records.push(record);
    }
    subscription.deliver(records, (record) => this.#show(record));
    return undefined;
  }

  /** Records are lost. @returns what is wrong with that. */
  gap({ topic, from, to }: GapFrame): Fault | undefined {
    const subscription = this.#memberships.member(topic) ??
      this.#direct.named(topic);
    return subscription?.skip(from, to) === false ? "step" : undefined;
  }

  /** The server told who is in a topic. */
  presence(frame: PresenceFrame): void {
    this.#memberships.member(frame.topic)?.presence.heard(frame);
  }

  /** The connection is lost. */
  cut(): void {
    this.#memberships.cut();
  }

  /** The client is closed. */
  close(): void {
    this.#memberships.close();
  }

  /** Lobby records are messages, as a plain peer sees them; nothing is encoded for nobody. */
  #show(record: RawRecord): void {
    if (record.topic !== LOBBY || !this.#host.hears("message")) return;
    this.#host.message(
      record.kind === "binary"
        ? record.payload
        : JSON.stringify(record.message),
    );
  }
}
