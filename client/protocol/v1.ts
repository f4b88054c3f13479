import {
  CloseCode,
  type Contract,
  decodeServerFrame,
  encode,
  type ErrorFrame,
  type Frame,
  type Issue,
  type MessageMap,
  type PingFrame,
  PROTOCOL,
  type ServerFrame,
  type StartFrame,
  utf8Length,
  type WireLimits,
} from "../../messages.ts";
import { readLimits } from "./start_frame.ts";
import { type Binary, readSent } from "../publish/body.ts";
import type { Connection } from "../connection/connection.ts";
import { Credit } from "./credit.ts";
import type { Dialect, DialectHost } from "./dialect.ts";
import { DrumbeatError } from "../../messages.ts";
import { heartbeatOf } from "../connection/liveness.ts";
import type { Settings } from "../options.ts";
import { Pace } from "../publish/pacing.ts";
import { Publisher } from "../publish/publisher.ts";
import { Requests } from "./requests.ts";
import { Session } from "./session.ts";
import { Tokens } from "./token_renewal.ts";
import { type Fault, Topics } from "../topics/topics.ts";

/** drumbeat.v1 on the client: one session, carried from connection to connection. docs/protocol.md is what it speaks. */
export class V1<M extends MessageMap> implements Dialect {
  readonly protocols = [PROTOCOL];
  /** All topics of the session. */
  readonly topics: Topics<M>;
  /** All requests of the session. */
  readonly requests: Requests<M>;
  /** Who this peer is. */
  readonly session = new Session();
  /** What the last `start` said. */
  limits: WireLimits | undefined;

  readonly #settings: Settings;
  readonly #host: DialectHost;
  readonly #publisher: Publisher<M>;
  readonly #tokens: Tokens;
  /** Of publishes, requests, subscribes and unsubscribes, in all sessions. */
  #lastId = 0;
  /** A ping asked for by `send`, which waits for a connection. */
  #pingAsked = false;
  /** The server's clock minus this one's, in ms. */
  #skewMs = 0;
  #connection: Connection | undefined;
  /** Of the connection, from `start` on. */
  #credit: Credit | undefined;
  /** The same. */
  #pace: Pace | undefined;

  constructor(settings: Settings, contract: Contract<M>, host: DialectHost) {
    this.#settings = settings;
    this.#host = host;
    this.requests = new Requests(
      settings.clock,
      contract,
      (make) => this.#pace === undefined ? undefined : this.#ask(make),
    );
    this.#tokens = new Tokens(settings, this.requests);
    const emit = (event: Event): void => host.emit(event);
    const complain = (error: DrumbeatError): void => this.#complain(error);
    this.#publisher = new Publisher(settings, contract, {
      nextId: () => ++this.#lastId,
      emit,
      complain,
    });
    this.topics = new Topics(settings.lobby, host, {
      contract,
      requests: this.requests,
      peer: () => this.session.peer,
      publish: (topic, message, options) =>
        this.#publisher.publish(topic, message, options),
      emit,
      complain,
    });
  }

  get unsentBytes(): number {
    return this.#publisher.outbox.unsentBytes;
  }

  send(data: string | Binary): void {
    if (typeof data !== "string" || readSent(data) === "message") {
      return this.#publisher.send(data);
    }
    if (this.#credit === undefined) this.#pingAsked = true;
    else this.#connection?.liveness?.ping(true);
  }

  opened(connection: Connection): void {
    if (connection.protocol !== PROTOCOL) {
      return connection.fail(
        CloseCode.version,
        `The server does not speak ${PROTOCOL}`,
      );
    }
    this.#connection = connection;
    // The connect timeout covers it; a token for a connection that is over is of no use.
    this.#tokens.get((token) => {
      if (this.#connection === connection) this.#hello(token);
    }, (error) => connection.fail(CloseCode.abnormal, `No token: ${error}`));
  }

  received(data: string | Uint8Array<ArrayBuffer>): void {
    const decoded = decodeServerFrame(data);
    if (decoded.ok) this.#handle(decoded.frame, decoded.payload, data);
    // A frame of another version is none of ours; anything else is no protocol at all.
    else if (decoded.code !== "unsupported") {
      this.#notTheProtocol(decoded.message);
    }
  }

  /** Whether to come back though a close code says to stay away. Asked once, before {@linkcode V1.cut}. */
  comesBack(code: number): boolean {
    return this.session.comesBack(code) || this.#tokens.comesBack(code);
  }

  cut(): void {
    this.session.cut();
    this.#tokens.cut();
    this.#disconnect();
    this.#publisher.outbox.cut();
    const reason = "The connection was cut before the answer came";
    this.requests.end(new DrumbeatError("disconnected", reason));
    this.topics.cut();
  }

  close(): void {
    this.#tokens.cut();
    this.#disconnect();
    this.#publisher.outbox.close();
    this.requests.end(new DrumbeatError("closed", "The client was closed"));
    this.topics.close();
  }

  #disconnect(): void {
    this.#pace?.stop();
    this.#connection = this.#credit = this.#pace = undefined;
  }

  #hello(token: string | undefined): void {
    this.#send({
      type: "hello",
      topics: this.topics.hello(),
      ...this.session.hello(),
      ...(token === undefined ? {} : { token }),
    });
  }

  #handle(
    frame: ServerFrame,
    payload: Uint8Array<ArrayBuffer> | undefined,
    data: string | Uint8Array,
  ): void {
    if (frame.type === "start") return this.#start(frame);
    if (frame.type === "error") return this.#error(frame);
    const credit = this.#credit;
    // `start` precedes everything else: before it, nothing has a meaning.
    if (credit === undefined) return;
    switch (frame.type) {
      case "batch":
        this.#blame(
          this.topics.batch(frame, payload, this.session.peer),
          frame.topic,
        );
        // Whoever heard a record may have ended the connection.
        if (
          this.#credit === credit &&
          credit.took(typeof data === "string" ? utf8Length(data) : data.length)
        ) {
          this.#send({ type: "ack", frames: credit.frames });
        }
        return;
      case "gap":
        return this.#blame(this.topics.gap(frame), frame.topic);
      case "subscribed":
        return this.topics.subscribed(frame);
      case "unsubscribed":
        return this.topics.unsubscribed(frame);
      case "ack":
        if (this.topics.settled(frame.id)) return;
        if (this.requests.acked(frame)) return;
        if (frame.offset !== undefined) {
          this.#publisher.outbox.settle(frame.id, frame.offset);
        }
        return;
      case "reply":
        return this.requests.reply(frame.id, frame.data);
      case "presence":
        return this.topics.presence(frame);
      case "ping":
        return this.#answer(frame, credit);
      case "pong":
        return this.#pong();
      case "goaway":
        return this.#host.goaway(frame.afterMs);
    }
  }

  #start(frame: StartFrame): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    if (this.#credit !== undefined) {
      return this.#notTheProtocol("A second start");
    }
    const { clock, heartbeat } = this.#settings;
    const limits = this.limits = readLimits(frame.limits);
    const credit = this.#credit = new Credit(
      limits.windowBytes,
      clock.random(),
    );
    const pace = this.#pace = new Pace(clock, limits, {
      send: (data) => connection.send(data),
      free: () => this.#publisher.outbox.flush(),
    });
    this.session.started(frame);
    this.#tokens.started(frame.expiresMs);
    this.#skewMs = frame.time - clock.time();
    connection.ready(
      heartbeatOf(heartbeat, frame.heartbeat),
      () =>
        this.#send({
          type: "ping",
          time: clock.time(),
          frames: credit.frames,
        }),
    );
    const steps = [
      () => this.#host.ready(),
      () =>
        this.#host.message(JSON.stringify({ type: "start", time: frame.time })),
      () => this.topics.started(frame, (make) => this.#ask(make)),
      () => this.#publisher.open(pace, limits, frame.resumed),
      () => this.#firstPing(connection),
    ];
    for (const step of steps) {
      step();
      // Each may call the user's code, and that may end the connection.
      if (this.#connection !== connection) return;
    }
  }

  /** The round trip is known from the start, not only after the first interval. */
  #firstPing({ liveness }: Connection): void {
    if (this.#pingAsked || this.#settings.heartbeat !== false) {
      liveness?.ping(this.#pingAsked);
    }
    this.#pingAsked = false;
  }

  /** At once, and not from a timer: those of a hidden tab are throttled to one a minute. */
  #answer({ time }: PingFrame, { frames }: Credit): void {
    this.#send({
      type: "pong",
      ...(time === undefined ? {} : { time }),
      frames,
    });
  }

  #pong(): void {
    const beat = this.#connection?.liveness?.ponged();
    if (beat === undefined) return;
    this.#host.beat(beat.rttMs);
    if (!beat.asked) return;
    const time = Math.round(this.#settings.clock.time() + this.#skewMs);
    this.#host.message(JSON.stringify({ type: "pong", time }));
  }

  #error({ id, code, message, issues }: ErrorFrame): void {
    const error = new DrumbeatError(
      code,
      message,
      issues === undefined ? {} : { issues: issues as Issue[] },
    );
    if (id === undefined) return this.#complain(error);
    this.topics.settled(id, error) ||
      this.#publisher.outbox.refuse(id, error) ||
      this.requests.refuse(id, error);
  }

  /** As a plain peer sees it. */
  #complain({ code, message, issues }: DrumbeatError): void {
    this.#host.message(
      JSON.stringify({ type: "error", code, message, issues }),
    );
  }

  #ask(frame: (id: number) => Frame): number {
    const id = ++this.#lastId;
    this.#pace?.send(encode(frame(id)));
    return id;
  }

  /** Sends what cannot wait. An `ack` is no message that the server counts. */
  #send(frame: Frame): void {
    if (frame.type !== "ack") this.#pace?.count();
    this.#connection?.send(encode(frame));
  }

  #blame(fault: Fault | undefined, topic: string): void {
    if (fault === "record") {
      this.#notTheProtocol(
        `A batch of '${topic}' has something that is no record`,
      );
    }
    if (fault === "step") {
      this.#connection?.fail(
        CloseCode.outOfStep,
        `Not what comes next in '${topic}'`,
      );
    }
  }

  #notTheProtocol(reason: string): void {
    this.#connection?.fail(CloseCode.protocol, reason);
  }
}
