import {
  CloseCode,
  type Contract,
  decodeServerFrame,
  type DrumbeatError,
  encode,
  type Frame,
  type MessageMap,
  PROTOCOL,
  type ServerFrame,
  type StartFrame,
  utf8Length,
  type WireLimits,
} from "../../messages.ts";
import type { Connection, FrameData } from "../connection/connection.ts";
import { selectHeartbeat } from "../connection/liveness.ts";
import { DEFAULTS, type Settings } from "../options.ts";
import { type Binary, readSentText } from "../publish/body.ts";
import { Pacer } from "../publish/pacing.ts";
import { Publisher, type PublishOptions } from "../publish/publisher.ts";
import type { IgnoredRejections } from "../../common/ignored_rejections.ts";
import { PendingReplies } from "../requests/pending_replies.ts";
import type { FrameSender } from "../requests/frame_sender.ts";
import { Requests } from "../requests/requests.ts";
import { type BatchFault, Topics } from "../topics/topics.ts";
import { Acks } from "./acks.ts";
import type { Dialect, DialectHost } from "./dialect.ts";
import { readError } from "./error_frame.ts";
import { InflightBudget } from "./inflight.ts";
import { createHello } from "./hello.ts";
import { maxFrameBytes, readLimits } from "./limits.ts";
import { Pings } from "./pings.ts";
import { Session } from "./session.ts";
import { TokenRenewal } from "./token_renewal.ts";

/** The part of a contract that the client uses. */
type V1Contract<M extends MessageMap> = Pick<
  Contract<M>,
  "check" | "checkStored" | "checkPresence" | "checkRequest" | "checkReply"
>;

/** drumbeat.v1 on the client: one session, which continues from connection to connection. See docs/protocol.md. */
export class V1<M extends MessageMap> implements Dialect {
  readonly protocols = [PROTOCOL];
  /** The topics of the session. */
  readonly topics: Topics<M>;
  /** The requests of the session. */
  readonly requests: Requests;
  /** The identity of this peer. */
  readonly session = new Session();
  /** The limits of the last `start`. */
  limits: WireLimits | undefined;

  readonly #settings: Settings;
  readonly #host: DialectHost<M>;
  readonly #publisher: Publisher<M>;
  readonly #tokens: TokenRenewal;
  readonly #pending = new PendingReplies();
  readonly #pings: Pings;
  /** The server's clock minus this one, in ms. */
  #skewMs = 0;
  #connection: Connection | undefined;
  /** The acknowledgements of the connection, from `start` on. */
  #acks: Acks | undefined;
  /** The pacer of the connection, from `start` on. */
  #pacer: Pacer | undefined;
  /** The budget of the last connection. */
  #budget!: InflightBudget;

  /**
   * @param settings the client's settings.
   * @param contract the contract of messages and requests.
   * @param rejections watches the promises that the program receives.
   * @param host the client.
   */
  constructor(
    settings: Settings,
    contract: V1Contract<M>,
    rejections: IgnoredRejections,
    host: DialectHost<M>,
  ) {
    this.#settings = settings;
    this.#host = host;
    this.#pings = new Pings(settings.clock);
    const pending = this.#pending;
    const sender = this.#sender();
    const showError = (error: DrumbeatError): void => this.#showError(error);
    const { clock } = settings;
    this.requests = new Requests({ clock, contract, pending, sender });
    this.#tokens = new TokenRenewal(settings, this.requests);
    this.#publisher = new Publisher({
      ...settings,
      contract,
      rejections,
      pending,
      showError,
      dropped: ({ topic, message }, reason) =>
        host.emit("dropped", { topic, message, reason }),
    });
    this.topics = new Topics({
      clock,
      backoff: settings.backoff,
      contract,
      lobby: settings.lobby,
      requests: this.requests,
      publisher: this.#publisher,
      pending,
      sender,
      rejections,
      host,
      peer: () => this.session.peer,
      showError,
    });
  }

  get unsentBytes(): number {
    return this.#publisher.outbox.unsentBytes;
  }

  send(data: string | Binary): void {
    if (typeof data !== "string" || readSentText(data) === "message") {
      return this.#publisher.send(data);
    }
    this.#pings.request(
      this.#acks === undefined ? undefined : this.#connection?.liveness,
    );
  }

  /** Publishes: {@linkcode Client.publish}. */
  publish(
    topic: string,
    message: unknown,
    options: PublishOptions | undefined,
  ): Promise<number> {
    return this.#publisher.publish(topic, message, options);
  }

  opened(connection: Connection): void {
    if (connection.protocol !== PROTOCOL) {
      return connection.fail(
        CloseCode.version,
        `Server does not support ${PROTOCOL}`,
      );
    }
    this.#connection = connection;
    // The time of the token is the program's, not the network's. A token that arrives after it is not used.
    connection.await("token", DEFAULTS.tokenTimeoutMs);
    this.#tokens.get(
      (token) => {
        if (this.#connection !== connection) return;
        connection.await("answer to the hello", connection.timeoutMs);
        this.#hello(connection, token);
      },
      (error) =>
        connection.fail(CloseCode.abnormal, `No token: ${error}`, error),
    );
  }

  received(data: FrameData): void {
    // The client is closed, and the rest of its data is being sent.
    if (this.#connection === undefined) return;
    const decoded = decodeServerFrame(data);
    if (decoded.ok) this.#handle(decoded.frame, decoded.payload, data);
    // A frame of another version is ignored; everything else breaks the protocol.
    else if (decoded.code !== "unsupported") {
      this.#failProtocol(decoded.message);
    }
  }

  overridesClose(code: number): boolean {
    return this.session.overridesClose(code) ||
      this.#tokens.overridesClose(code);
  }

  connectionClosed(): void {
    this.session.connectionClosed();
    this.#forgetConnection();
    this.#publisher.outbox.connectionClosed();
    this.requests.connectionClosed();
    this.topics.connectionClosed();
  }

  finish(done: () => void): void {
    this.#publisher.outbox.finish(done);
  }

  close(): void {
    this.#forgetConnection();
    this.#publisher.outbox.close();
    this.requests.close();
    this.topics.close();
  }

  #forgetConnection(): void {
    this.#tokens.connectionClosed();
    this.#pacer?.stop();
    this.#connection = this.#acks = this.#pacer = undefined;
    this.#pings.connectionClosed();
  }

  #sender(): FrameSender {
    const isOpen = (): boolean => this.#pacer !== undefined;
    return {
      get isOpen() {
        return isOpen();
      },
      maxBytes: (type) => maxFrameBytes(this.limits, type),
      hasCapacity: () => this.#budget.hasRequestCapacity,
      send: (frame, bytes) => {
        this.#budget.sent("requests");
        return this.#pacer!.send(frame, bytes);
      },
    };
  }

  #hello(connection: Connection, token: string | undefined): void {
    const { session, topics, limits } = this;
    const hello = createHello({ session, topics, limits, token });
    if (hello === undefined) {
      return connection.fail(CloseCode.tooBig, "Token too large");
    }
    this.#send(hello);
  }

  #handle(
    frame: ServerFrame,
    payload: Uint8Array<ArrayBuffer> | undefined,
    data: string | Uint8Array,
  ): void {
    if (frame.type === "start") return this.#start(frame);
    if (frame.type === "error") {
      const error = readError(frame);
      if (frame.id === undefined) this.#showError(error);
      else {
        this.#pending.refuse(frame.id, error);
        this.#sendWaiting();
      }
      return;
    }
    const acks = this.#acks;
    // `start` precedes every other frame: before it, they are ignored.
    if (acks === undefined) return;
    switch (frame.type) {
      case "batch":
        this.#check(
          this.topics.batch(frame, payload, this.session.peer),
          frame.topic,
        );
        // A handler of a record may have closed the connection.
        if (
          this.#acks === acks &&
          acks.received(
            typeof data === "string" ? utf8Length(data) : data.length,
          )
        ) {
          this.#send({ type: "ack", frames: acks.frames });
        }
        return;
      case "gap":
        return this.#check(this.topics.gap(frame), frame.topic);
      case "subscribed": {
        const { id } = frame;
        if (id === undefined) this.topics.directSubscribed(frame);
        else this.#pending.settle({ ...frame, id });
        return;
      }
      case "unsubscribed":
        return this.topics.unsubscribed(frame);
      case "ack":
      case "reply":
        this.#pending.settle(frame);
        this.#sendWaiting();
        return;
      case "presence":
        return this.topics.presence(frame);
      case "ping": {
        // At once, and not from a timer: those of a hidden tab are throttled to one a minute.
        const { time } = frame;
        return this.#send({
          type: "pong",
          ...(time === undefined ? {} : { time }),
          frames: acks.frames,
        });
      }
      case "pong":
        return this.#pong();
      case "goaway":
        return this.#host.goaway(frame.afterMs);
    }
  }

  #start(frame: StartFrame): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    if (this.#acks !== undefined) return this.#failProtocol("Second start");
    const { clock, heartbeat } = this.#settings;
    const limits = this.limits = readLimits(frame.limits);
    const acks = this.#acks = new Acks(
      limits.windowBytes,
      clock.random(),
    );
    const pacer = this.#pacer = new Pacer(clock, limits, {
      send: (data) => connection.send(data),
      ready: () => this.#publisher.outbox.flush(),
    });
    this.#budget = new InflightBudget(
      limits.inflight,
      this.#publisher.outbox,
      this.requests,
    );
    this.session.started(frame);
    this.#tokens.started(frame.expiresMs);
    this.#skewMs = frame.time - clock.time();
    connection.ready(
      selectHeartbeat(heartbeat, frame.heartbeat),
      this.#pings.sender(pacer, acks),
    );
    const steps = [
      // Before the event `open`: its handlers may send, and close the client in the next line.
      () => this.#publisher.open(pacer, limits, frame.resumed, this.#budget),
      () => this.#host.ready(),
      () =>
        this.#host.showMessage(
          JSON.stringify({ type: "start", time: frame.time }),
        ),
      () => this.topics.started(frame),
      () => this.requests.flush(),
      () =>
        this.#pings.started(
          connection.liveness,
          this.#settings.heartbeat !== false,
        ),
    ];
    for (const step of steps) {
      step();
      // Each step may call the program's handlers, which may close the connection.
      if (this.#connection !== connection) return;
    }
  }

  /** Sends what waited for an answer to another frame. */
  #sendWaiting(): void {
    this.requests.flush();
    this.#publisher.outbox.flush();
  }

  #pong(): void {
    const result = this.#connection?.liveness?.pong();
    if (result === undefined) return;
    const { rttMs, isRequested } = result;
    this.#host.heartbeat(rttMs);
    if (!isRequested) return;
    const time = Math.round(this.#settings.clock.time() + this.#skewMs);
    this.#host.showMessage(JSON.stringify({ type: "pong", time }));
  }

  /** Dispatches an error as a plain peer receives it. */
  #showError({ code, message, issues }: DrumbeatError): void {
    this.#host.showMessage(
      JSON.stringify({ type: "error", code, message, issues }),
    );
  }

  /** Sends a frame that cannot wait for the rates. The server does not count an `ack`. */
  #send(frame: Frame): void {
    if (frame.type !== "ack") this.#pacer?.count();
    this.#connection?.send(encode(frame));
  }

  /** Closes the connection if the server sent a wrong batch or gap. */
  #check(fault: BatchFault | undefined, topic: string): void {
    if (fault === "record") {
      this.#failProtocol(`Invalid record in a batch of '${topic}'`);
    }
    if (fault === "offset") {
      this.#connection?.fail(
        CloseCode.unexpectedOffset,
        `Unexpected offset in '${topic}'`,
      );
    }
  }

  #failProtocol(reason: string): void {
    this.#connection?.fail(CloseCode.protocol, reason);
  }
}
