import {
  type ClientFrame,
  CloseCode,
  decodeClientFrame,
  encode,
  type HelloFrame,
  type PublishFrame,
  type ServerFrame,
  type Subscribed,
  type TopicStart,
} from "../../messages.ts";
import { DENIED } from "../access/access.ts";
import { withoutOwner } from "../ids.ts";
import { MAX_NESTING, wireLimits } from "../limits.ts";
import type { Run } from "../log/batch.ts";
import { Topic } from "../log/topic.ts";
import { CONTROL_BYTES } from "../peers/backpressure.ts";
import type { Connection } from "../peers/connection.ts";
import type { Dialect } from "../peers/dialect.ts";
import { encodeRefusal, type Refusal } from "../refusal.ts";
import type { ProtocolContext } from "./context.ts";
import { Credit } from "./credit.ts";
import { handleHello, type HelloResult, lateDirectLog } from "./hello.ts";
import { PendingReplies } from "./pending_replies.ts";
import { SubscribeFrames } from "./subscribe.ts";
import { TokenRenewal } from "./token_renewal.ts";

/** The dialect of the subprotocol `drumbeat.v1`: docs/protocol.md. */
export class V1Dialect implements Dialect {
  readonly name = "drumbeat.v1";
  readonly acknowledges = true;
  readonly #context: ProtocolContext;
  readonly #connection: Connection;
  readonly #credit = new Credit();
  readonly #windowBytes: number;
  #phase: "hello" | "starting" | "open" = "hello";
  #session = "";
  /** The monotonic time of a ping that the peer has not answered yet, in ms. */
  #pingedAt: number | undefined;
  readonly #replies: PendingReplies;
  readonly #subscribeFrames: SubscribeFrames;
  readonly #renewal: TokenRenewal;

  constructor(context: ProtocolContext, connection: Connection) {
    this.#context = context;
    this.#connection = connection;
    this.#windowBytes = context.limits.windowBytes;
    this.#replies = new PendingReplies(context, connection);
    this.#subscribeFrames = new SubscribeFrames(context, connection);
    this.#renewal = new TokenRenewal(context, connection);
  }

  opened(): void {
    this.#context.heartbeat.awaitHello(this.#connection);
  }

  detached(): void {
    if (this.#session !== "") {
      this.#context.sessions.detach(this.#session, this.#connection);
    }
  }

  identifies(data: string | Uint8Array<ArrayBuffer>): boolean {
    if (this.#phase === "hello") return true;
    const decoded = decodeClientFrame(data, MAX_NESTING);
    return decoded.ok && decoded.frame.type === "renew";
  }

  confirms(data: string | Uint8Array<ArrayBuffer>): boolean {
    const decoded = decodeClientFrame(data, MAX_NESTING);
    return this.#phase === "open" && decoded.ok &&
      decoded.frame.type === "pong";
  }

  receive(data: string | Uint8Array<ArrayBuffer>): void {
    const decoded = decodeClientFrame(data, MAX_NESTING);
    if (!decoded.ok) {
      if (decoded.code === "malformed" || this.#phase === "hello") {
        return this.#protocolError(decoded.message);
      }
      return this.#refuse(decoded.id, decoded);
    }
    const { frame, payload } = decoded;
    if (this.#phase === "open") return this.#handle(frame, payload);
    if (this.#phase === "starting" && frame.type === "ping") {
      return this.#pong(frame.time);
    }
    if (this.#phase === "hello" && frame.type === "hello") {
      return this.#hello(frame);
    }
    this.#protocolError(
      this.#phase === "hello" ? "First frame is not hello" : "No start yet",
    );
  }

  #handle(
    frame: ClientFrame,
    payload: Uint8Array<ArrayBuffer> | undefined,
  ): void {
    switch (frame.type) {
      case "ack":
        return this.#acknowledged(frame.frames);
      case "publish":
        return this.#publish(frame, payload);
      case "ping":
        if (frame.frames !== undefined) this.#acknowledged(frame.frames);
        return this.#pong(frame.time);
      case "pong":
        if (frame.frames !== undefined) this.#acknowledged(frame.frames);
        this.#measureRoundTrip();
        if (this.#hasRead()) this.#connection.confirmed();
        return;
      case "subscribe":
        return this.#subscribeFrames.subscribe(frame);
      case "unsubscribe":
        return this.#subscribeFrames.unsubscribe(frame);
      case "presence":
        return this.#subscribeFrames.presence(frame);
      case "renew":
        return this.#renewal.renew(frame);
      case "request":
        return this.#replies.request(frame);
      case "history":
        return this.#replies.history(frame);
      case "hello":
        return this.#protocolError("Duplicate hello");
    }
  }

  #hello(frame: HelloFrame): void {
    this.#phase = "starting";
    const connection = this.#connection;
    this.#context.heartbeat.awaitStart(connection);
    handleHello(this.#context, connection, frame).then((result) => {
      if (typeof result !== "string") return this.#start(result);
      connection.disconnect(...DENIED[result]);
    }).catch((error) => connection.abandon(error, "hello"));
  }

  /** Sends `start`. It is synchronous, so that the positions in the frame are those of the cursors. */
  #start(result: HelloResult): void {
    const { session, resumed, refused } = result;
    const context = this.#context;
    const connection = this.#connection;
    const topics = [...result.topics, ...lateDirectLog(context, result)];
    this.#session = session;
    if (connection.isDetached) return this.detached();
    this.#phase = "open";
    const subscribed = topics.map(([topic, start]): [string, TopicStart] => {
      return [
        topic.name,
        context.subscriptions.subscribe(connection, topic, start),
      ];
    });
    const { limits, heartbeat, clock, access } = context;
    const expiresMs = access.expiresMs(connection);
    this.#send({
      type: "start",
      time: clock.time(),
      peer: connection.id,
      session: withoutOwner(session),
      resumed,
      heartbeat: {
        intervalMs: heartbeat.intervalMs,
        timeoutMs: heartbeat.timeoutMs,
      },
      limits: wireLimits(limits),
      // `fromEntries` also sets a topic with the name `__proto__`.
      topics: Object.fromEntries([...subscribed, ...refused]),
      ...(expiresMs === undefined ? {} : { expiresMs }),
    });
    for (const [topic, start] of topics) {
      const refusal = context.subscriptions.showPresence(
        connection,
        topic,
        start,
      );
      if (refusal !== undefined) this.#refuse(undefined, refusal);
    }
    // Detached by one of these frames: a peer that is added now would never be removed.
    if (!connection.isDetached) context.open(connection);
  }

  #publish(
    frame: PublishFrame,
    payload: Uint8Array<ArrayBuffer> | undefined,
  ): void {
    const { id } = frame;
    const { openFor, publisher } = this.#context;
    const topic = openFor("publish", this.#connection, frame.topic);
    if (!(topic instanceof Topic)) return this.#refuse(id, topic);
    if (!this.#replies.begin(id)) return;
    publisher.publish({
      topic,
      message: payload ?? frame.message as object,
      peer: this.#connection,
      session: this.#session,
      id,
      settled: (outcome) => {
        this.#replies.end();
        if ("code" in outcome) return this.#refuse(id, outcome);
        this.#connection.sendControl(
          `{"type":"ack","id":${id},"offset":${outcome.offset}}`,
        );
      },
    });
  }

  get hasCredit(): boolean {
    return this.#credit.unackedBytes < this.#windowBytes;
  }

  get unackedBytes(): number {
    return this.#credit.unackedBytes;
  }

  get hasPendingReplies(): boolean {
    return this.#replies.hasPending;
  }

  deliver(run: Run, from: number): number {
    const { socket } = this.#connection;
    while (from < run.ring.head && this.hasCredit) {
      const frame = run.batch(from);
      socket.send(frame.data);
      this.#credit.sent(frame.bytes);
      from = frame.to;
    }
    return from;
  }

  gap(topic: string, from: number, to: number): void {
    this.#send({ type: "gap", topic, from, to });
  }

  subscribed(topic: string, start: Subscribed): void {
    this.#send({ type: "subscribed", topic, ...start });
  }

  probe(): boolean {
    this.#pingedAt ??= this.#context.clock.now();
    this.#send({ type: "ping", time: this.#context.clock.time() });
    return true;
  }

  #measureRoundTrip(): void {
    if (this.#pingedAt === undefined) return;
    // By the hub's clock: the time in the pong is the peer's.
    const { monitor, clock } = this.#context;
    monitor.roundTrip(clock.now() - this.#pingedAt);
    this.#pingedAt = undefined;
  }

  goaway(afterMs: number): void {
    if (this.#phase === "open") this.#send({ type: "goaway", afterMs });
  }

  #acknowledged(frames: number): void {
    const added = this.#credit.acknowledged(frames);
    if (added < 0) {
      return this.#protocolError(
        `Impossible acknowledgement: ${frames} of ${this.#credit.frames} frames`,
      );
    }
    if (added === 0 || !this.#hasRead()) return;
    this.#connection.acknowledged();
    this.#context.flush.wake(this.#connection);
  }

  /**
   * Disconnects a peer that acknowledges frames which the transport still buffers: the hub would send it more and more.
   *
   * @returns `false` if the peer was disconnected.
   */
  #hasRead(): boolean {
    const { bufferedAmount } = this.#connection.socket;
    const sentBytes = this.#credit.unackedBytes + CONTROL_BYTES;
    // Twice: the transport also counts the headers of the frames.
    if (bufferedAmount <= 2 * sentBytes) return true;
    // Not a violation of the protocol: if this is an error of the hub's count, the client has to return.
    this.#connection.disconnect(CloseCode.slowReader, "Peer is not reading");
    return false;
  }

  #pong(time: number | undefined): void {
    this.#send(time === undefined ? { type: "pong" } : { type: "pong", time });
  }

  #refuse(id: number | undefined, refusal: Refusal): void {
    this.#connection.sendControl(encodeRefusal(refusal, id));
  }

  #send(frame: ServerFrame): void {
    this.#connection.sendControl(encode(frame));
  }

  #protocolError(reason: string): void {
    this.#connection.disconnect(CloseCode.protocol, reason);
  }
}
