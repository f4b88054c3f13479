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
import { IDENTITY_BYTES } from "../../messages/wire.ts";
import type { Connection, FrameData } from "../connection/connection.ts";
import { selectHeartbeat } from "../connection/liveness.ts";
import { DEFAULTS, type Settings } from "../options.ts";
import { type Binary, readSentText } from "../publish/body.ts";
import { Pacer } from "../publish/pacing.ts";
import { Publisher, type PublishOptions } from "../publish/publisher.ts";
import type { IgnoredRejections } from "../../common/ignored_rejections.ts";
import { PendingReplies } from "../requests/pending_replies.ts";
import { type FrameSender, Requests } from "../requests/requests.ts";
import { type BatchFault, Topics } from "../topics/topics.ts";
import { Acks } from "./acks.ts";
import type { Dialect, DialectHost } from "./dialect.ts";
import { readError } from "./error_frame.ts";
import { InflightBudget } from "./inflight.ts";
import { readLimits } from "./limits.ts";
import { Session } from "./session.ts";
import { TokenRenewal } from "./token_renewal.ts";

/** About the size of a ping in bytes. */
const PING_BYTES = 64;

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
  /** A ping that `send` requested before there was a connection. */
  #isPingRequested = false;
  /** The server's clock minus this one, in ms. */
  #skewMs = 0;
  #connection: Connection | undefined;
  /** The acknowledgements of the connection, from `start` on. */
  #acks: Acks | undefined;
  /** The pacer of the connection, from `start` on. */
  #pacer: Pacer | undefined;
  /** The budget of the last connection. */
  #budget!: InflightBudget;
  /** A ping of the heartbeat waits for the rates. */
  #isPingQueued = false;

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
    if (this.#acks === undefined) this.#isPingRequested = true;
    else this.#connection?.liveness?.ping(true);
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
    this.#isPingQueued = false;
  }

  #sender(): FrameSender {
    const isOpen = (): boolean => this.#pacer !== undefined;
    return {
      get isOpen() {
        return isOpen();
      },
      maxBytes: (type) => this.#maxBytes(type),
      hasCapacity: () => this.#budget.hasRequestCapacity,
      send: (frame, bytes) => {
        this.#budget.sent("requests");
        return this.#pacer!.send(frame, bytes);
      },
    };
  }

  /** Returns the largest size of a frame that the server accepts: that of the last server, before there is a connection. */
  #maxBytes(type: Frame["type"]): number {
    const messageBytes = this.limits?.messageBytes ?? Infinity;
    return type === "hello" || type === "renew"
      ? Math.max(this.limits?.messageBytes ?? 0, IDENTITY_BYTES)
      : messageBytes;
  }

  /** Sends the hello, with as many topics as fit into a message. The others are subscribed after `start`. */
  #hello(connection: Connection, token: string | undefined): void {
    const identity = {
      type: "hello",
      ...this.session.hello(),
      ...(token === undefined ? {} : { token }),
    } as const;
    const maxBytes = this.#maxBytes("hello");
    const identityBytes = utf8Length(encode({ ...identity, topics: {} }));
    if (identityBytes > maxBytes) {
      return connection.fail(CloseCode.tooBig, "Token too large");
    }
    const tokenBytes = utf8Length(token ?? "");
    const topics = this.topics.hello(
      Math.min(
        maxBytes - identityBytes,
        this.#maxBytes("subscribe") - (identityBytes - tokenBytes),
      ),
    );
    this.#send({ ...identity, topics });
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
      (isRequested, sent) => {
        if (!isRequested && this.#isPingQueued) return;
        this.#isPingQueued ||= !isRequested;
        const ping = (): string => {
          if (!isRequested) this.#isPingQueued = false;
          sent();
          const { frames } = acks;
          return encode({ type: "ping", time: clock.time(), frames });
        };
        pacer.send(ping, PING_BYTES, !isRequested);
      },
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
      () => this.#firstPing(connection),
    ];
    for (const step of steps) {
      step();
      // Each step may call the program's handlers, which may close the connection.
      if (this.#connection !== connection) return;
    }
  }

  /** Measures the round trip at once, and not only after the first interval. */
  #firstPing({ liveness }: Connection): void {
    if (this.#isPingRequested || this.#settings.heartbeat !== false) {
      liveness?.ping(this.#isPingRequested);
    }
    this.#isPingRequested = false;
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
