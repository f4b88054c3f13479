import {
  type BatchFrame,
  DrumbeatError,
  type GapFrame,
  LOBBY,
  type MessageMap,
  type PresenceFrame,
  type Start,
  type StartFrame,
  type SubscribedFrame,
  type UnsubscribedFrame,
  utf8Length,
} from "../../messages.ts";
import type { BackoffBounds } from "../../common/backoff.ts";
import type { ClientClock } from "../clock.ts";
import type { PendingReplies } from "../requests/pending_replies.ts";
import type { FrameSender } from "../requests/frame_sender.ts";
import { DirectMessages } from "./direct_messages.ts";
import { type RawRecord, readBatch } from "./record.ts";
import { Subscription, type SubscriptionHost } from "./subscription.ts";
import { Subscriptions } from "./subscriptions.ts";
import type { StartFrom } from "./topic.ts";
import type { TopicHandle } from "./topic_handle.ts";

/** The fault of a batch or a gap: an unexpected `offset`, or a `record` that is not valid. */
export type BatchFault = "offset" | "record";

/** Parameters of {@linkcode Topics}. */
export interface TopicsParameters<M extends MessageMap>
  extends Omit<SubscriptionHost<M>, "emit" | "unsubscribe"> {
  /** Subscribes to the lobby with the first hello. */
  readonly lobby: boolean;
  readonly pending: PendingReplies;
  readonly sender: FrameSender;
  readonly clock: ClientClock;
  /** The waits before a refused topic is requested again. */
  readonly backoff: BackoffBounds;
  readonly host: Pick<SubscriptionHost<M>, "emit"> & {
    hasListener(type: string): boolean;
    showMessage(data: string | Uint8Array<ArrayBuffer>): void;
  };
}

/** The topics of a session: routes the server's frames to their subscriptions. */
export class Topics<M extends MessageMap> {
  readonly #host: TopicsParameters<M>["host"];
  readonly #subscriptionHost: SubscriptionHost<M>;
  readonly #subscriptions: Subscriptions<M>;
  readonly #direct: DirectMessages<M>;
  #subscribesLobby: boolean;

  /** @param parameters the contract, the connection and the receivers. */
  constructor(parameters: TopicsParameters<M>) {
    const { lobby, pending, sender, host, clock, backoff } = parameters;
    this.#host = host;
    this.#subscribesLobby = lobby;
    this.#subscriptions = new Subscriptions<M>({
      pending,
      sender,
      clock,
      backoff,
    });
    this.#subscriptionHost = {
      ...parameters,
      emit: host.emit,
      unsubscribe: (subscription) => {
        if (subscription.name === LOBBY) this.#subscribesLobby = false;
        this.#subscriptions.unsubscribe(subscription);
      },
    };
    this.#direct = new DirectMessages(this.#subscriptionHost);
  }

  /**
   * Returns a new handle of a topic, and subscribes if there is no subscription.
   *
   * @throws {TypeError} for a start that comes too late: the subscription has another one.
   */
  topic(name: string, start: StartFrom): TopicHandle<M> {
    const existing = this.#subscriptions.desired(name);
    if (existing?.startFrom(start) === false) {
      throw new TypeError(
        `Cannot subscribe to '${name}': the start comes too late, because this client is subscribed to the topic. Give it to the first call of topic(), or read older records with history()`,
      );
    }
    if (existing !== undefined) return existing.handle();
    const subscription = new Subscription(name, start, this.#subscriptionHost);
    // Before the frame: one that is too large is refused at once.
    const handle = subscription.handle();
    this.#subscriptions.subscribe(subscription);
    return handle;
  }

  /**
   * Returns the topics of a hello.
   *
   * @param maxBytes the space for them, in bytes. The topics that do not fit are subscribed after the server's answer.
   */
  hello(maxBytes: number): Record<string, Start> {
    // Not earlier: until now the program could select the start of the lobby.
    if (
      this.#subscribesLobby && this.#subscriptions.desired(LOBBY) === undefined
    ) {
      this.#subscriptions.subscribe(
        new Subscription(LOBBY, {}, this.#subscriptionHost),
      );
    }
    this.#subscribesLobby = false;
    const direct = this.#direct.hello();
    const rest = maxBytes - utf8Length(JSON.stringify(direct));
    return { ...this.#subscriptions.hello(rest), ...direct };
  }

  /** Handles the server's answer to the hello. */
  started({ peer, topics }: StartFrame): void {
    this.#direct.started(peer, topics);
    this.#subscriptions.started(topics);
  }

  /** Handles a `subscribed` without an id: the hub subscribed the peer to its direct messages. */
  directSubscribed(frame: SubscribedFrame): void {
    this.#direct.get(frame.topic)?.subscribed(frame);
  }

  /** Handles the end of a subscription by the server. */
  unsubscribed({ topic, code }: UnsubscribedFrame): void {
    this.#subscriptions.endedByServer(
      topic,
      new DrumbeatError(
        code,
        `The server ended the subscription to '${topic}': ${code}`,
      ),
    );
  }

  /**
   * Delivers the records of a batch.
   *
   * @param frame the batch.
   * @param payload its payload, if it is binary.
   * @param peer the public id of this client.
   * @returns the fault of the batch: then none of its records was delivered.
   */
  batch(
    frame: BatchFrame,
    payload: Uint8Array<ArrayBuffer> | undefined,
    peer: string | undefined,
  ): BatchFault | undefined {
    const { topic, offset } = frame;
    const subscription = this.#subscriptions.active(topic) ??
      this.#direct.forBatch(topic, offset);
    // Sent before the server received an unsubscribe.
    if (subscription === undefined) return undefined;
    if (!subscription.expects(offset)) return "offset";
    const records = readBatch(frame, payload, peer);
    if (records === undefined) return "record";
    subscription.deliver(records, (record) => this.#show(record));
    return undefined;
  }

  /** Handles a gap. @returns its fault. */
  gap({ topic, from, to }: GapFrame): BatchFault | undefined {
    const subscription = this.#subscriptions.active(topic) ??
      this.#direct.get(topic);
    return subscription?.skip(from, to) === false ? "offset" : undefined;
  }

  /** Handles a change of presence. */
  presence(frame: PresenceFrame): void {
    this.#subscriptions.active(frame.topic)?.presence.received(frame);
  }

  /** Handles the close of the connection. */
  connectionClosed(): void {
    this.#subscriptions.connectionClosed();
  }

  /** Closes every topic: the client is closed. */
  close(): void {
    this.#subscriptions.close();
  }

  /** Dispatches a record of the lobby as a plain peer receives it, if the program listens: encoding costs time. */
  #show(record: RawRecord): void {
    if (record.topic !== LOBBY || !this.#host.hasListener("message")) return;
    this.#host.showMessage(
      record.kind === "binary"
        ? record.payload
        : JSON.stringify(record.message),
    );
  }
}
