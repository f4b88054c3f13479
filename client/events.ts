import type {
  AnyMessages,
  BinaryRecord,
  DrumbeatError,
  DrumbeatErrorCode,
  Issue,
  MessageContext,
  MessageMap,
  MessageRecord,
} from "../messages.ts";

/**
 * The state of a client. `waiting`: the connection is closed and a reconnect is planned. `closed`: the client is closed and
 * does not reconnect.
 */
export type ClientState = "connecting" | "open" | "waiting" | "closed";

/** The event `statechange`: the client's state has changed. */
export interface StateEvent extends Event {
  /** The new state. */
  readonly state: ClientState;
  /** The state before. */
  readonly previous: ClientState;
  /** The number of this retry in a row; 0 for the first connection. */
  readonly attempt: number;
  /** The close code, if a connection was closed. */
  readonly code?: number;
  /** The close reason, if a connection was closed. */
  readonly reason?: string;
  /** The time until the next attempt in ms, in the state `waiting`. */
  readonly retryInMs?: number;
}

/** The event `heartbeat`: the server answered a ping. */
export interface HeartbeatEvent extends Event {
  /** The round trip in ms. */
  readonly rttMs: number;
}

/** The event `gap`: this client does not receive some records of a topic. */
export interface GapEvent extends Event {
  /** The topic's name. */
  readonly topic: string;
  /** The first missing offset. */
  readonly from: number;
  /** The offset after the last missing one. Absent if the log is a new one: the number of records is unknown. */
  readonly to?: number;
}

/** The event `caughtup`: after a reconnect, every record that was published meanwhile has arrived. */
export interface CaughtUpEvent extends Event {
  /** The topic's name. */
  readonly topic: string;
  /** The number of those records. */
  readonly count: number;
}

/** The event `refused`: the server refused a topic, or ended its subscription. */
export interface RefusedEvent extends Event {
  /** The topic's name. */
  readonly topic: string;
  /** The server's error, with its code. */
  readonly error: DrumbeatError;
  /**
   * The time in ms after which the client subscribes again, because the error will pass: `limit` and `unavailable`. Absent if
   * the topic stays refused.
   */
  readonly retryInMs?: number;
}

/** The event `dropped`: the outbox has dropped a message. */
export interface DroppedEvent extends Event {
  /** The topic that the message was for; "" in the plain dialect. */
  readonly topic: string;
  /** The argument of `send` or `publish`. */
  readonly message: unknown;
  /** The cause. With every code but `indeterminate` the message was not stored. */
  readonly reason: DrumbeatErrorCode;
}

/** The event `invalid`: the contract refused a received record. Typed handlers and iterators do not receive it. */
export interface InvalidEvent extends Event {
  /** The message as received. */
  readonly message: unknown;
  /** The message's context. */
  readonly context: MessageContext;
  /** The contract's reason. */
  readonly reason: string;
  /** The validator's issues. */
  readonly issues: readonly Issue[];
}

/** The event `direct`: the hub sent a message to this peer alone. */
export interface DirectEvent<M extends MessageMap = AnyMessages> extends Event {
  /** The message, or the bytes. */
  readonly record: MessageRecord<M> | BinaryRecord;
}

/** The event `rejected`: a promise of the client or of a topic rejected, and the program had attached no handler to it. */
export interface RejectedEvent extends Event {
  /** The reason: a `DrumbeatError`, or a `TypeError` or `RangeError` for a wrong argument. */
  readonly error: unknown;
}

/** The event `frame`: a raw frame was sent or received. For debugging: `hello` and `start` carry the session's secret. */
export interface FrameEvent extends Event {
  /** `in` for a received frame, `out` for one that was sent. */
  readonly direction: "in" | "out";
  /** The data of the WebSocket message. */
  readonly data: string | Uint8Array<ArrayBuffer>;
}

/** The events of a client, by their type. */
export interface ClientEventMap<M extends MessageMap = AnyMessages> {
  /** A connection is open: the first one, or one after a reconnect. */
  open: Event;
  /** A message as a plain peer receives it. */
  message: MessageEvent<string | Blob | ArrayBuffer>;
  /** A connection was closed; the client reconnects, or `close` follows. */
  error: Event;
  /** The client is closed and does not reconnect; once. */
  close: CloseEvent;
  /** The state has changed. */
  statechange: StateEvent;
  /** The server answered a ping. */
  heartbeat: HeartbeatEvent;
  /** This client does not receive some records. */
  gap: GapEvent;
  /** After a reconnect, a topic has received what was published meanwhile. */
  caughtup: CaughtUpEvent;
  /** The server refused a topic, or ended its subscription. */
  refused: RefusedEvent;
  /** The outbox has dropped a message. */
  dropped: DroppedEvent;
  /** The contract refused a received record. */
  invalid: InvalidEvent;
  /** The hub sent a message to this peer alone. */
  direct: DirectEvent<M>;
  /** A promise rejected without a handler. */
  rejected: RejectedEvent;
  /** A raw frame was sent or received. */
  frame: FrameEvent;
}

/** The properties of an event that are its own. */
export type EventDetails<E extends Event> = Omit<E, keyof Event>;

/** Dispatches an event with its details, if a listener was ever added for it. */
export type EmitEvent<M extends MessageMap = AnyMessages> = <
  K extends keyof ClientEventMap<M>,
>(type: K, details: EventDetails<ClientEventMap<M>[K]>) => void;

/** An event of a client: its details are its properties. */
export class ClientEvent extends Event {
  /**
   * Creates an event.
   *
   * @param type the event's type.
   * @param details the properties to add.
   */
  constructor(type: string, details: object) {
    super(type);
    Object.assign(this, details);
  }
}

/** A `close` event for runtimes without `CloseEvent`: Node 22 and before, and React Native. */
class FallbackCloseEvent extends Event implements CloseEvent {
  readonly code: number;
  readonly reason: string;
  readonly wasClean: boolean;

  constructor(type: string, init: CloseEventInit) {
    super(type);
    this.code = init.code ?? 0;
    this.reason = init.reason ?? "";
    this.wasClean = init.wasClean ?? false;
  }
}

/**
 * Creates a `close` event: the platform's if there is one.
 *
 * @param init the code, the reason, and whether the closing handshake was completed.
 * @returns the event.
 */
export function createCloseEvent(init: CloseEventInit): CloseEvent {
  const { CloseEvent = FallbackCloseEvent } = globalThis as {
    CloseEvent?: new (type: string, init: CloseEventInit) => CloseEvent;
  };
  return new CloseEvent("close", init);
}
