import { CloseCode, utf8Length } from "../../messages.ts";
import { isSendable } from "../../messages/close_codes.ts";
import { IDENTITY_BYTES } from "../../messages/wire.ts";
import type { Rights } from "../access/allow.ts";
import { PendingDecision } from "../access/pending_decision.ts";
import type { Ticket } from "../access/ticket.ts";
import type { Clock } from "../clock.ts";
import type { ErrorStage, Reporter } from "../hooks.ts";
import type { Limits } from "../limits.ts";
import type { Subscription } from "../log/topic.ts";
import type { DialectName, Peer } from "../peer.ts";
import type {
  ConnectionInfo,
  ConnectionRequest,
  Handshake,
  Inbound,
  Socket,
} from "../socket.ts";
import { addressKey } from "./address.ts";
import { Backpressure, CONTROL_BYTES } from "./backpressure.ts";
import type { Dialect } from "./dialect.ts";
import { type RateBounds, RateLimit } from "./rate_limit.ts";

/** Maximum bytes of a close reason (RFC 6455 section 5.5: a control frame has 125 bytes, of which the code takes two). */
const MAX_REASON_BYTES = 123;

/** The longest time that a close waits for the store to commit what the program has sent before, in ms. */
const CLOSE_MS = 1_000;

/** The parts of the hub that a {@linkcode Connection} uses. */
export interface ConnectionContext {
  readonly clock: Clock;
  readonly limits: Pick<Limits, "messageBytes">;
  /** Absent: the rate is not limited. */
  readonly rates: RateBounds | undefined;
  readonly reporter: Reporter;
  readonly heartbeat: { readonly tick: number };
  readonly connections: {
    disconnect(connection: Connection, code: number, reason: string): void;
    closed(connection: Connection, code: number, reason: string): void;
  };
  readonly presence: { wake(connection: Connection): void };
  /** The messages of the program that are not committed yet. */
  readonly publisher: {
    readonly hasOwn: boolean;
    ownSettled(): Promise<void>;
  };
  readonly flush: { readonly isFlushing: boolean; flush(): void };
  /** Sends messages to the direct log of a peer. */
  readonly direct: {
    send(id: string, message: object): Promise<number>;
  };
}

/** A socket that is attached to the hub: the peer that the program sees, its dialect, and its cursors. */
export class Connection implements Peer, Inbound {
  id: string;
  resumed = false;
  state: unknown = undefined;
  readonly info: ConnectionInfo;
  readonly socket: Socket;
  /** The headers of the handshake, until `authorize` is called: they contain secrets. */
  handshake: Handshake | undefined;
  /** The result of an earlier call of `authorize`, until it is used. */
  ticket: Ticket | undefined;
  /** The address, as limits count it. */
  readonly addressKey: string;
  /** The dialect. `attach` sets it. */
  wire!: Dialect;
  /** The rights of the connection; `undefined` without `authorize`. */
  rights: Rights | undefined;
  readonly subscriptions: Map<string, Subscription<Connection>> = new Map();
  readonly waiting: Set<Subscription> = new Set();
  /** The topics of which the peer is a member. */
  readonly presenceTopics: Set<string> = new Set();
  /** The position in its direct log at which the peer unsubscribed from it. */
  directPosition:
    | { readonly epoch: string; readonly offset: number }
    | undefined;
  /** The heartbeat's tick of the last message. */
  receivedTick: number;
  /** `true` if a ping was sent since the last message. */
  isPinged = false;
  /** The bytes that the transport held at the heartbeat's last check. */
  bufferedBytes = 0;
  /** The tick since which the transport holds the same number of bytes. */
  bufferedSince = 0;
  /** The decisions of async rules that were not used yet, by use and topic. */
  decisions: Map<string, boolean | undefined> | undefined;
  /** `true` while the peer is in `hub.peers`. */
  isOpen = false;
  /** `true` once the hub drains the connection: messages are ignored, replies are still sent. */
  isDraining = false;
  /** `true` once the connection is detached: nothing is received or sent any more. */
  isDetached = false;
  readonly #context: ConnectionContext;
  readonly #rate: RateLimit | undefined;
  readonly #backpressure = new Backpressure();
  /** Messages that wait for the decision of a rule. */
  #held: (string | Uint8Array<ArrayBuffer>)[] | undefined;

  constructor(
    context: ConnectionContext,
    id: string,
    socket: Socket,
    request: ConnectionRequest,
  ) {
    this.#context = context;
    this.id = id;
    this.socket = socket;
    const { protocol, url, address } = request;
    this.info = { protocol, url, address };
    this.addressKey = addressKey(address);
    const { clock, rates, heartbeat } = context;
    this.receivedTick = heartbeat.tick;
    if (rates !== undefined) this.#rate = new RateLimit(rates, clock);
  }

  get dialect(): DialectName {
    return this.wire.name;
  }

  get user(): string | undefined {
    return this.rights?.user;
  }

  get auth(): unknown {
    return this.rights?.auth;
  }

  get topics(): Iterable<string> {
    return this.subscriptions.keys();
  }

  send(message: object): Promise<number> {
    return this.#context.direct.send(this.id, message);
  }

  close(code: number = CloseCode.normal, reason = ""): void {
    if (!isSendable(code)) {
      throw new RangeError(
        `Cannot close the connection: code ${code} must not be sent (RFC 6455 section 7.4)`,
      );
    }
    const bytes = utf8Length(reason);
    if (bytes > MAX_REASON_BYTES) {
      throw new RangeError(
        `Cannot close the connection: the reason has ${bytes} bytes (at most ${MAX_REASON_BYTES})`,
      );
    }
    this.#closeAfterDelivery(code, reason);
  }

  /** Disconnects the peer once the messages that the program has given to the hub are committed and sent. */
  #closeAfterDelivery(code: number, reason: string): void {
    if (this.isDetached || this.isDraining) return;
    const { clock, publisher, flush } = this.#context;
    const send = () => {
      if (!flush.isFlushing) flush.flush();
    };
    if (publisher.hasOwn) send();
    if (!publisher.hasOwn) return this.disconnect(code, reason);
    // The store commits later. Meanwhile the peer's messages are ignored, as those of a connection that is closed.
    this.isDraining = true;
    const close = () => {
      cancel();
      send();
      this.disconnect(code, reason);
    };
    const cancel = clock.after(CLOSE_MS, close);
    publisher.ownSettled().then(close);
  }

  /** Disconnects the peer. Unlike {@linkcode Connection.close}, it checks neither the code nor the reason. */
  disconnect(code: number, reason: string): void {
    this.#context.connections.disconnect(this, code, reason);
  }

  /** Reports a failure that costs this connection, and disconnects the peer. */
  abandon(error: unknown, stage: ErrorStage): void {
    this.#context.reporter.report(error, stage);
    this.disconnect(1011, "Internal error");
  }

  receive(data: string | Uint8Array<ArrayBuffer>): void {
    if (this.isDetached) return;
    // The parts of a long reply wait until the peer confirms that it has read the ones before. Other frames are ignored, but
    // counted: a flood would delay the drain of the other peers.
    if (this.isDraining && !this.wire.confirms(data)) {
      return this.control(data.length);
    }
    this.alive();
    const { messageBytes } = this.#context.limits;
    const isLarge = isLarger(data, messageBytes);
    if (
      isLarge &&
      (isLarger(data, IDENTITY_BYTES) || !this.wire.identifies(data))
    ) return this.disconnect(CloseCode.tooBig, "Message too large");
    // In UTF-16 units, which are never more than the bytes: counting bytes takes longer. The one hello may be larger than a
    // burst.
    const bytes = isLarge && !this.isOpen ? messageBytes : data.length;
    if (!this.#take(bytes)) return;
    if (this.#held === undefined) this.#handle(data);
    else this.#held.push(data);
  }

  #handle(data: string | Uint8Array<ArrayBuffer>): void {
    try {
      this.wire.receive(data);
    } catch (error) {
      if (error instanceof PendingDecision) this.#hold(data, error.decided);
      else this.abandon(error, "receive");
    }
  }

  /** Holds a message, and those that arrive meanwhile, until a rule has decided about it. */
  async #hold(
    data: string | Uint8Array<ArrayBuffer>,
    decided: Promise<void>,
  ): Promise<void> {
    const held = this.#held = [data];
    await decided;
    this.#held = undefined;
    for (const [i, next] of held.entries()) {
      if (this.isDetached) return;
      this.#handle(next);
      // A decision that the message did not need must not serve a later one.
      this.decisions = undefined;
      // This one waits for a rule, too.
      const waiting = this.#held as typeof held | undefined;
      if (waiting !== undefined) {
        return void waiting.push(...held.slice(i + 1));
      }
    }
  }

  control(bytes: number): void {
    if (!this.isDetached) this.#take(bytes);
  }

  /** Counts a message against the rates. @returns `false` if the peer was disconnected. */
  #take(bytes: number): boolean {
    const isAllowed = this.#rate?.take(bytes) !== false;
    if (!isAllowed) {
      this.disconnect(CloseCode.rateLimited, "Rate limit exceeded");
    }
    return isAllowed;
  }

  closed(code: number, reason: string): void {
    this.#context.connections.closed(this, code, reason);
  }

  /** Notes a sign of life for the heartbeat. */
  alive(): void {
    this.receivedTick = this.#context.heartbeat.tick;
    this.isPinged = false;
  }

  /**
   * Sends a control frame: any frame but a batch. A peer that does not read them is disconnected with 4002.
   *
   * @param text the frame.
   * @param bytes the bytes that it counts for. Default: its length.
   */
  sendControl(text: string, bytes: number = text.length): void {
    if (this.isDetached) return;
    this.socket.send(text);
    if (this.#backpressure.sent(bytes)) this.#probeOrDisconnect();
  }

  /**
   * Sends a control frame that may be long: a part of a list of members, or a reply.
   *
   * @param text the frame.
   * @param bytes its bytes, about. Default: its length.
   */
  sendLong(text: string, bytes: number = text.length): void {
    this.sendControl(text, this.#backpressure.costOf(bytes));
  }

  #probeOrDisconnect(): void {
    if (this.#backpressure.mayProbe() && this.wire.probe()) return;
    if (!this.#backpressure.isExceeded) return;
    // Without acknowledgements, the transport's buffer is the only measure.
    if (
      !this.wire.acknowledges && this.socket.bufferedAmount < CONTROL_BYTES
    ) this.confirmed();
    else this.disconnect(CloseCode.slowReader, "Peer is not reading");
  }

  /** `true` while another reply may be sent. */
  get isWritable(): boolean {
    return this.#backpressure.isWritable;
  }

  /** `true` while more may be sent that is not a reply. */
  get isReady(): boolean {
    return this.wire.hasCredit && this.#backpressure.isWritable;
  }

  /** Resolves when the peer confirms that it is reading. */
  get confirmation(): Promise<void> {
    return this.#backpressure.confirmation;
  }

  /** Notes that the peer is reading. */
  confirmed(): void {
    this.#backpressure.confirmed();
    this.#context.presence.wake(this);
  }

  /** Notes that the peer has acknowledged batches. The ack does not count against the rate: the hub's batches require it. */
  acknowledged(): void {
    this.#rate?.refund();
    this.confirmed();
  }
}

/** Returns `true` if a message has more bytes. A UTF-16 unit is one to three bytes of UTF-8: most messages need no count. */
function isLarger(
  data: string | Uint8Array<ArrayBuffer>,
  maxBytes: number,
): boolean {
  return data.length > maxBytes ||
    (typeof data === "string" && data.length * 3 > maxBytes &&
      utf8Length(data) > maxBytes);
}
