import {
  type ClientFrame,
  CloseCode,
  decodeClientFrame,
  encode,
  type ErrorCode,
  type HelloFrame,
  type Issue,
  LOBBY,
  type PublishFrame,
  type ServerFrame,
  type Start,
  startProblem,
  type SubscribeFrame,
  type TopicStart,
  type UnsubscribeFrame,
} from "../messages.ts";
import type { Connection } from "./connection.ts";
import type { Core } from "./core.ts";
import { Credit } from "./credit.ts";
import type { Dialect, Run } from "./dialect.ts";
import { isSession, peerIdOf } from "./ids.ts";
import { Topic } from "./topic.ts";

/** The subprotocol drumbeat.v1: docs/protocol.md. */
export class V1Dialect implements Dialect {
  readonly name = "drumbeat.v1";
  readonly #core: Core;
  readonly #connection: Connection;
  readonly #credit = new Credit();
  #phase: "hello" | "starting" | "open" = "hello";
  #session = "";
  /** Publishes that are not settled. */
  #unsettled = 0;
  /** Topics whose log the store is still opening. */
  readonly #joining = new Set<string>();

  constructor(core: Core, connection: Connection) {
    this.#core = core;
    this.#connection = connection;
  }

  opened(): void {
    this.#core.heartbeat.awaitHello(this.#connection);
  }

  left(): void {
    if (this.#session !== "") {
      this.#core.sessions.leave(this.#session, this.#connection);
    }
  }

  receive(data: string | Uint8Array<ArrayBuffer>): void {
    const decoded = decodeClientFrame(data);
    if (!decoded.ok) {
      if (decoded.code === "malformed" || this.#phase === "hello") {
        return this.#notTheProtocol(decoded.message);
      }
      return this.#error(decoded.id, decoded.code, decoded.message);
    }
    const { frame, payload } = decoded;
    if (this.#phase === "open") return this.#handle(frame, payload);
    if (this.#phase === "hello" && frame.type === "hello") {
      this.#hello(frame).catch((error) =>
        this.#core.abandon(this.#connection, error, "hello")
      );
      return;
    }
    if (this.#phase === "starting" && frame.type === "ping") {
      return this.#pong(frame.time);
    }
    this.#notTheProtocol(
      this.#phase === "hello" ? "The first frame is hello" : "Wait for start",
    );
  }

  #handle(
    frame: ClientFrame,
    payload: Uint8Array<ArrayBuffer> | undefined,
  ): void {
    switch (frame.type) {
      case "ping":
        if (frame.frames !== undefined) this.#taken(frame.frames);
        return this.#pong(frame.time);
      case "pong":
        if (frame.frames !== undefined) this.#taken(frame.frames);
        return this.#connection.tookIn();
      case "ack":
        return this.#taken(frame.frames);
      case "publish":
        return this.#publish(frame, payload);
      case "subscribe":
        return this.#subscribe(frame);
      case "unsubscribe":
        return this.#unsubscribe(frame);
      case "hello":
        return this.#notTheProtocol("A second hello");
    }
  }

  /** Answers hello: the session, then the topics, then `start`, which precedes all batches. */
  async #hello(frame: HelloFrame): Promise<void> {
    this.#phase = "starting";
    const { topics, refused } = this.#wantedTopics(
      frame.topics ?? { [LOBBY]: {} },
    );
    const asked = frame.session ?? "";
    const resumed = isSession(asked) &&
      await this.#core.sessions.claim(asked, this.#connection);
    this.#session = resumed
      ? asked
      : this.#core.sessions.begin(this.#connection);
    await Promise.all(topics.map(([topic]) => topic.opened));
    if (this.#connection.hasLeft) return this.left();

    // From here to the end nothing waits: the positions in `start` are those of the cursors.
    this.#connection.id = peerIdOf(this.#session);
    this.#connection.resumed = resumed;
    const joined = topics.map(([topic, start]): [string, TopicStart] => [
      topic.name,
      this.#core.subscribe(this.#connection, topic, start),
    ]);
    this.#phase = "open";
    const { limits, heartbeat, clock } = this.#core;
    this.#send({
      type: "start",
      time: clock.time(),
      peer: this.#connection.id,
      session: this.#session,
      resumed,
      heartbeat: {
        interval: heartbeat.intervalMs,
        timeout: heartbeat.timeoutMs,
      },
      limits: {
        message: limits.messageBytes,
        window: limits.windowBytes,
        inflight: limits.inflight,
        topics: limits.topicsPerPeer,
      },
      // Not assigned by name: a topic may be called `__proto__`.
      topics: Object.fromEntries([...joined, ...refused]),
    });
    this.#core.joined(this.#connection);
  }

  #wantedTopics(wanted: Readonly<Record<string, Start>>): {
    topics: [Topic, Start][];
    refused: [string, TopicStart][];
  } {
    const topics: [Topic, Start][] = [];
    const refused: [string, TopicStart][] = [];
    for (const [name, start] of Object.entries(wanted)) {
      if (startProblem(start) !== undefined) {
        refused.push([name, { error: "invalid" }]);
      } else if (topics.length >= this.#core.limits.topicsPerPeer) {
        refused.push([name, { error: "limit" }]);
      } else {
        const topic = this.#core.topics.open(name);
        if (topic instanceof Topic) topics.push([topic, start]);
        else refused.push([name, { error: topic.code }]);
      }
    }
    return { topics, refused };
  }

  #publish(
    frame: PublishFrame,
    payload: Uint8Array<ArrayBuffer> | undefined,
  ): void {
    const { id } = frame;
    if (this.#unsettled >= this.#core.limits.inflight) {
      return this.#error(
        id,
        "limit",
        `At most ${this.#core.limits.inflight} publishes may be unsettled`,
      );
    }
    this.#unsettled++;
    this.#core.publish({
      topic: frame.topic,
      message: payload ?? frame.message as object,
      connection: this.#connection,
      session: this.#session,
      id,
      settled: (outcome) => {
        this.#unsettled--;
        if ("code" in outcome) {
          this.#error(id, outcome.code, outcome.message, outcome.issues);
        } else {this.#connection.control(
            `{"type":"ack","id":${id},"offset":${outcome.offset}}`,
          );}
      },
    });
  }

  #subscribe(frame: SubscribeFrame): void {
    const { id, topic: name } = frame;
    const { subscriptions } = this.#connection;
    const { topicsPerPeer } = this.#core.limits;
    if (subscriptions.has(name) || this.#joining.has(name)) {
      return this.#error(id, "already", "Already in this topic");
    }
    if (subscriptions.size + this.#joining.size >= topicsPerPeer) {
      return this.#error(
        id,
        "limit",
        `A peer may be in ${topicsPerPeer} topics at most`,
      );
    }
    const topic = this.#core.topics.open(name);
    if (!(topic instanceof Topic)) {
      return this.#error(id, topic.code, topic.message);
    }
    this.#joining.add(name);
    topic.whenOpen(() => {
      // Unsubscribed, or gone, while the store was opening it.
      if (this.#connection.hasLeft || !this.#joining.delete(name)) return;
      const joined = this.#core.subscribe(this.#connection, topic, frame);
      this.#send({ type: "subscribed", id, topic: name, ...joined });
    });
  }

  #unsubscribe(frame: UnsubscribeFrame): void {
    const { id, topic } = frame;
    const subscription = this.#connection.subscriptions.get(topic);
    if (subscription !== undefined) this.#core.unsubscribe(subscription);
    else if (!this.#joining.delete(topic)) {
      return this.#error(id, "absent", "Not in this topic");
    }
    this.#send({ type: "ack", id });
  }

  get hasCredit(): boolean {
    return this.#credit.unacked < this.#core.limits.windowBytes;
  }

  deliver(run: Run, from: number): number {
    const { socket } = this.#connection;
    while (from < run.head && this.hasCredit) {
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

  probe(): boolean {
    this.#send({ type: "ping", time: this.#core.clock.time() });
    return true;
  }

  goaway(afterMs: number): void {
    if (this.#phase === "open") this.#send({ type: "goaway", after: afterMs });
  }

  #taken(frames: number): void {
    const fresh = this.#credit.taken(frames);
    if (fresh < 0) {
      return this.#notTheProtocol(
        `${frames} frames taken in, ${this.#credit.frames} sent`,
      );
    }
    if (fresh === 0) return;
    this.#connection.tookIn();
    this.#core.delivery.wake(this.#connection);
  }

  #pong(time: number | undefined): void {
    this.#connection.control(
      time === undefined ? '{"type":"pong"}' : `{"type":"pong","time":${time}}`,
    );
  }

  #error(
    id: number | undefined,
    code: ErrorCode,
    message: string,
    issues?: readonly Issue[],
  ): void {
    this.#connection.control(
      JSON.stringify({ type: "error", id, code, message, issues }),
    );
  }

  #send(frame: ServerFrame): void {
    this.#connection.control(encode(frame));
  }

  #notTheProtocol(reason: string): void {
    this.#core.leave(this.#connection, CloseCode.protocol, reason);
  }
}
