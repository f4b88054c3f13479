import { CloseCode, PROTOCOL, utf8Length } from "../../messages.ts";
import type { Admitted } from "../access/allow.ts";
import type { Ticket } from "../access/ticket.ts";
import { addressKey } from "./address.ts";
import type { Core } from "../core.ts";
import type { Dialect } from "./dialect.ts";
import { sendToPeer } from "../protocol/direct_messages.ts";
import type { DialectName, Peer } from "../peer.ts";
import { PlainDialect } from "../protocol/plain.ts";
import { Rate } from "./rate_limit.ts";
import type {
  ConnectionInfo,
  ConnectionRequest,
  Handshake,
  Inbound,
  Socket,
} from "../socket.ts";
import type { Subscription } from "../log/subscription.ts";
import { V1Dialect } from "../protocol/v1.ts";

/** Bytes of frames other than batches that may go out before the peer shows that it takes them in. */
export const UNSEEN_BYTES = 256 * 1024;

/** One socket in the hub: the peer that users see, its dialect, its cursors. */
export class Connection implements Peer, Inbound {
  id: string;
  resumed = false;
  state: unknown = undefined;
  readonly info: ConnectionInfo;
  /** The handshake, until `authorize` is called: it has secrets. */
  handshake: Handshake | undefined;
  /** The ticket, until it is used. */
  ticket: Ticket | undefined;
  /** Who it is, and what it may: where the program said so. */
  admitted: Admitted | undefined;
  readonly socket: Socket;
  /** The address, as limits count it. */
  readonly addressKey: string;
  readonly subscriptions: Map<string, Subscription> = new Map();
  /** Subscriptions whose delivery waits for credit. */
  readonly waiting: Set<Subscription> = new Set();
  /** The topics in whose presence it is. */
  readonly rooms: Set<string> = new Set();
  /** Where it was in its own log when it left that. */
  leftOwn: { readonly epoch: string; readonly offset: number } | undefined;
  /** The heartbeat's tick at which it was last heard. */
  heardAt: number;
  /** Whether a ping went out since it was last heard. */
  pinged = false;
  /** The bytes that its transport held back when the heartbeat last looked, and since which tick just these. */
  heldBytes = 0;
  heldSince = 0;
  /** Whether it is in `hub.peers`: greeted, its join told. */
  joined = false;
  /** Whether its time to go has come: nothing is taken in any more, answers still go out. */
  isDraining = false;
  /** Whether it has left. Nothing goes in or out any more. */
  isDetached = false;
  readonly #core: Core;
  readonly wire: Dialect;
  readonly #rate: Rate | undefined;
  #unseen = 0;
  #probed = false;
  #room: PromiseWithResolvers<void> | undefined;

  constructor(
    core: Core,
    id: string,
    socket: Socket,
    request: ConnectionRequest,
    ticket?: Ticket,
  ) {
    this.#core = core;
    this.id = id;
    this.socket = socket;
    const { protocol, url, address } = request;
    this.info = { protocol, url, address };
    this.addressKey = addressKey(address);
    if (core.access.asks) {
      this.ticket = ticket;
      this.handshake = request.handshake;
    }
    this.heardAt = core.heartbeat.tick;
    if (core.rates !== undefined) this.#rate = new Rate(core.rates, core.clock);
    this.wire = protocol === PROTOCOL
      ? new V1Dialect(core, this)
      : new PlainDialect(core, this);
  }

  get dialect(): DialectName {
    return this.wire.name;
  }

  get user(): string | undefined {
    return this.admitted?.user;
  }

  get auth(): unknown {
    return this.admitted?.data;
  }

  get topics(): Iterable<string> {
    return this.subscriptions.keys();
  }

  close(code: number = CloseCode.normal, reason = ""): void {
    const sendable = code >= 1000 && code <= 1014 && code !== 1004 &&
      code !== 1005 && code !== 1006;
    if (
      !Number.isInteger(code) || !(sendable || (code >= 3000 && code <= 4999))
    ) {
      throw new RangeError(
        `Cannot close with code ${code}: RFC 6455 section 7.4 does not let it be sent`,
      );
    }
    if (utf8Length(reason) > 123) {
      throw new RangeError("Cannot close: the reason has more than 123 bytes");
    }
    this.#core.connections.leave(this, code, reason);
  }

  send(message: object | Uint8Array<ArrayBuffer>): Promise<number> {
    return sendToPeer(this.#core, this.id, message);
  }

  /** Sends what may be long, where there is room for it: one snapshot, or one reply, alone must not be its end. */
  tell(text: string): void {
    const most = Math.max(UNSEEN_BYTES / 2 - this.#unseen, UNSEEN_BYTES / 4);
    this.control(text, Math.min(text.length, most));
  }

  /** Whether it may be sent more of what is not a reply to it. */
  get canTake(): boolean {
    return this.wire.hasCredit && this.hasRoom;
  }

  /** Whether it took in enough of what it was sent for one more long answer. */
  get hasRoom(): boolean {
    return this.#unseen < UNSEEN_BYTES / 2;
  }

  /** Resolves when it took something in. */
  get room(): Promise<void> {
    this.#room ??= Promise.withResolvers();
    return this.#room.promise;
  }

  receive(data: string | Uint8Array<ArrayBuffer>): void {
    if (this.isDetached || this.isDraining) return;
    this.heard();
    const limit = this.#core.limits.messageBytes;
    // A UTF-16 unit is one to three bytes: most messages need no count.
    if (
      data.length > limit ||
      (typeof data === "string" && data.length * 3 > limit &&
        utf8Length(data) > limit)
    ) {
      this.#core.connections.leave(
        this,
        CloseCode.tooBig,
        `A message has at most ${limit} bytes`,
      );
      return;
    }
    // In UTF-16 units, which are never more than the bytes: to count those takes longer.
    if (this.#rate?.take(data.length) === false) {
      this.#core.connections.leave(
        this,
        CloseCode.rateLimited,
        "Above the rate limit",
      );
      return;
    }
    try {
      this.wire.receive(data);
    } catch (error) {
      this.#core.abandon(this, error, "receive");
    }
  }

  /** What it sent last does not count against its rates. */
  refund(): void {
    this.#rate?.refund();
  }

  /** It gave a sign of life. */
  heard(): void {
    this.heardAt = this.#core.heartbeat.tick;
    this.pinged = false;
  }

  closed(code: number, reason: string): void {
    this.#core.connections.closed(this, code, reason);
  }

  /**
   * Sends a frame that is no batch. What the peer does not take in is bounded: above it, 4002.
   *
   * @param bytes what it counts for. Default: its length.
   */
  control(text: string, bytes: number = text.length): void {
    if (this.isDetached) return;
    this.socket.send(text);
    this.#unseen += bytes;
    if (this.#unseen >= UNSEEN_BYTES / 2 && !this.#probed) {
      this.#probed = true;
      if (this.wire.probe()) return;
    }
    if (this.#unseen <= UNSEEN_BYTES) return;
    // The plain dialect has no word to ask with: what the transport holds back has to do.
    if (
      this.wire.name === "plain" && this.socket.bufferedAmount < UNSEEN_BYTES
    ) this.tookIn();
    else {this.#core.connections.leave(
        this,
        CloseCode.lagging,
        "The peer does not take in what it is sent",
      );}
  }

  /** The peer showed that it takes in what it is sent. */
  tookIn(): void {
    this.#unseen = 0;
    this.#probed = false;
    this.#room?.resolve();
    this.#room = undefined;
    this.#core.presence.wake(this);
  }
}
