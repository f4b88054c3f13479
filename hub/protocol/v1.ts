import {
  type ClientFrame,
  CloseCode,
  decodeClientFrame,
  encode,
  type HelloFrame,
  type Joined,
  type PublishFrame,
  type ServerFrame,
  type TopicStart,
} from "../../messages.ts";
import { DENIED } from "../access/access.ts";
import { Answers } from "./pending_replies.ts";
import type { Denial } from "../access/authorizer.ts";
import { type Connection, UNSEEN_BYTES } from "../peers/connection.ts";
import type { Core } from "../core.ts";
import { Credit } from "./credit.ts";
import type { Dialect } from "../peers/dialect.ts";
import type { Run } from "../log/run.ts";
import { type Greeting, handshake, lateLog } from "./hello.ts";
import { secretOf } from "../ids.ts";
import { wireLimits } from "../limits.ts";
import { Places } from "./subscribe.ts";
import { encodeRefusal, type Refusal } from "../refusal.ts";
import { Renewal } from "./token_renewal.ts";
import { Topic } from "../log/topic.ts";

/** The subprotocol drumbeat.v1: docs/protocol.md. */
export class V1Dialect implements Dialect {
  readonly name = "drumbeat.v1";
  readonly #core: Core;
  readonly #connection: Connection;
  readonly #credit = new Credit();
  readonly #window: number;
  #phase: "hello" | "starting" | "open" = "hello";
  #session = "";
  /** The monotonic time of a ping that has no answer yet. */
  #askedAt: number | undefined;
  readonly #answers: Answers;
  readonly #places: Places;
  readonly #renewal: Renewal;

  constructor(core: Core, connection: Connection) {
    this.#core = core;
    this.#connection = connection;
    this.#window = core.limits.windowBytes;
    this.#answers = new Answers(core, connection);
    this.#places = new Places(core, connection);
    this.#renewal = new Renewal(core, connection);
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
    const decoded = decodeClientFrame(data, this.#core.limits.depth);
    if (!decoded.ok) {
      if (decoded.code === "malformed" || this.#phase === "hello") {
        return this.#notTheProtocol(decoded.message);
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
    this.#notTheProtocol(
      this.#phase === "hello" ? "The first frame is hello" : "Wait for start",
    );
  }

  #handle(
    frame: ClientFrame,
    payload: Uint8Array<ArrayBuffer> | undefined,
  ): void {
    switch (frame.type) {
      case "ack":
        return this.#taken(frame.frames);
      case "publish":
        return this.#publish(frame, payload);
      case "ping":
        if (frame.frames !== undefined) this.#taken(frame.frames);
        return this.#pong(frame.time);
      case "pong":
        if (frame.frames !== undefined) this.#taken(frame.frames);
        this.#answered();
        return this.#tookIn();
      case "subscribe":
        return this.#places.subscribe(frame);
      case "unsubscribe":
        return this.#places.unsubscribe(frame);
      case "presence":
        return this.#places.presence(frame);
      case "renew":
        return this.#renewal.renew(frame);
      case "request":
        return this.#answers.request(frame);
      case "history":
        return this.#answers.history(frame);
      case "hello":
        return this.#notTheProtocol("A second hello");
    }
  }

  #hello(frame: HelloFrame): void {
    this.#phase = "starting";
    handshake(this.#core, this.#connection, frame).then(
      (greeting) => {
        if (typeof greeting === "string") this.#deny(greeting);
        else this.#start(greeting);
      },
    ).catch((error) => this.#core.abandon(this.#connection, error, "hello"));
  }

  /** Sends `start`. Nothing waits in here: the positions that it tells are those of the cursors. */
  #start(greeting: Greeting): void {
    const { session, resumed, refused } = greeting;
    const topics = [...greeting.topics, ...lateLog(this.#core, greeting)];
    this.#session = session;
    if (this.#connection.isDetached) return this.left();
    this.#phase = "open";
    const joined = topics.map(([topic, start]): [string, TopicStart] => {
      const place = this.#core.subscribe(this.#connection, topic, start);
      return [topic.name, place];
    });
    const { limits, heartbeat, clock, access } = this.#core;
    const expires = access.endsIn(this.#connection);
    this.#send({
      type: "start",
      time: clock.time(),
      peer: this.#connection.id,
      session: secretOf(session),
      resumed,
      heartbeat: {
        intervalMs: heartbeat.intervalMs,
        timeoutMs: heartbeat.timeoutMs,
      },
      limits: wireLimits(limits),
      // Not assigned by name: a topic may be called `__proto__`.
      topics: Object.fromEntries([...joined, ...refused]),
      ...(expires === undefined ? {} : { expiresMs: expires }),
    });
    for (const [topic, start] of topics) {
      const refusal = this.#core.showPresence(this.#connection, topic, start);
      if (refusal !== undefined) this.#refuse(undefined, refusal);
    }
    // Gone by what it was just told: whoever were added now would never leave.
    if (this.#connection.isDetached) return;
    this.#core.presence.resumed(this.#connection);
    this.#core.heartbeat.watch(this.#connection);
    this.#core.connections.joined(this.#connection);
  }

  #publish(
    frame: PublishFrame,
    payload: Uint8Array<ArrayBuffer> | undefined,
  ): void {
    const { id } = frame;
    const topic = this.#core.openFor(
      this.#connection,
      "publish",
      frame.topic,
    );
    if (!(topic instanceof Topic)) return this.#refuse(id, topic);
    if (!this.#answers.begin(id)) return;
    this.#core.publisher.publish({
      topic,
      message: payload ?? frame.message as object,
      connection: this.#connection,
      session: this.#session,
      id,
      settled: (outcome) => {
        this.#answers.end();
        if ("code" in outcome) return this.#refuse(id, outcome);
        const ack = `{"type":"ack","id":${id},"offset":${outcome.offset}}`;
        this.#connection.control(ack);
      },
    });
  }

  get hasCredit(): boolean {
    return this.#credit.unacked < this.#window;
  }

  get unackedBytes(): number {
    return this.#credit.unacked;
  }

  get isOwed(): boolean {
    return this.#answers.isOwed;
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

  subscribed(topic: string, place: Joined): void {
    this.#send({ type: "subscribed", topic, ...place });
  }

  probe(): boolean {
    this.#askedAt ??= this.#core.clock.now();
    this.#send({ type: "ping", time: this.#core.clock.time() });
    return true;
  }

  #answered(): void {
    if (this.#askedAt === undefined) return;
    // By our clock: what the pong says of the time is the peer's word.
    this.#core.monitor.roundTrip(this.#core.clock.now() - this.#askedAt);
    this.#askedAt = undefined;
  }

  goaway(afterMs: number): void {
    if (this.#phase === "open") this.#send({ type: "goaway", afterMs });
  }

  #taken(frames: number): void {
    const fresh = this.#credit.taken(frames);
    if (fresh < 0) {
      const { frames: sent } = this.#credit;
      return this.#notTheProtocol(`${frames} frames taken in, ${sent} sent`);
    }
    if (fresh === 0) return;
    // As many as it is sent batches: that they come is the hub's own doing.
    this.#connection.refund();
    this.#tookIn();
    this.#core.delivery.wake(this.#connection);
  }

  /** The peer says that it takes in what it is sent. Whoever says so without reading would be sent ever more. */
  #tookIn(): void {
    const { socket } = this.#connection;
    const sent = this.#credit.unacked + UNSEEN_BYTES;
    // Twice: the transport counts the frames' headers, too.
    if (socket.bufferedAmount > 2 * sent) {
      return this.#notTheProtocol("Acknowledged what is still to be sent");
    }
    this.#connection.tookIn();
  }

  #pong(time: number | undefined): void {
    this.#send(time === undefined ? { type: "pong" } : { type: "pong", time });
  }

  #refuse(id: number | undefined, refusal: Refusal): void {
    this.#connection.control(encodeRefusal(refusal, id));
  }

  #send(frame: ServerFrame): void {
    this.#connection.control(encode(frame));
  }

  #deny(denial: Denial | "limit"): void {
    this.#core.connections.leave(this.#connection, ...DENIED[denial]);
  }

  #notTheProtocol(reason: string): void {
    this.#core.connections.leave(this.#connection, CloseCode.protocol, reason);
  }
}
