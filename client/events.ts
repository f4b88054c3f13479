import type {
  AnyMessages,
  BinaryRecord,
  Issue,
  MessageMap,
  MessageRecord,
  RecordInfo,
} from "../messages.ts";
import type { DrumbeatErrorCode } from "../messages.ts";

/** Where a client is. `waiting`: the connection is lost, a retry is planned. `closed`: for good. */
export type ClientState = "connecting" | "open" | "waiting" | "closed";

/** What a {@linkcode StateEvent} says. */
export interface StateChange {
  /** Where the client is now. */
  readonly state: ClientState;
  /** Where it was before. */
  readonly previous: ClientState;
  /** Which retry in a row this is; 0: none. */
  readonly attempt: number;
  /** The close code, where a connection was lost. */
  readonly code?: number;
  /** The reason that came with it. */
  readonly reason?: string;
  /** Ms until the next attempt; while waiting. */
  readonly retryInMs?: number;
}

/** The client's state changed. */
export class StateEvent extends Event implements StateChange {
  /** Where the client is now. */
  readonly state: ClientState;
  /** Where it was before. */
  readonly previous: ClientState;
  /** Which retry in a row this is; 0: none. */
  readonly attempt: number;
  /** The close code, where a connection was lost. */
  readonly code?: number;
  /** The reason that came with it. */
  readonly reason?: string;
  /** Ms until the next attempt; while waiting. */
  readonly retryInMs?: number;

  /**
   * Made by the client.
   *
   * @param change what it says.
   */
  constructor(change: StateChange) {
    super("statechange");
    this.state = change.state;
    this.previous = change.previous;
    this.attempt = change.attempt;
    if (change.code !== undefined) this.code = change.code;
    if (change.reason !== undefined) this.reason = change.reason;
    if (change.retryInMs !== undefined) this.retryInMs = change.retryInMs;
  }
}

/** A ping was answered. */
export class HeartbeatEvent extends Event {
  /** The round trip in ms. */
  readonly rttMs: number;

  /**
   * Made by the client.
   *
   * @param rttMs the round trip in ms.
   */
  constructor(rttMs: number) {
    super("heartbeat");
    this.rttMs = rttMs;
  }
}

/** Records of a topic are lost to this client. */
export class GapEvent extends Event {
  /** The topic's name. */
  readonly topic: string;
  /** The offset of the first lost record. */
  readonly from: number;
  /** The offset after the last one; `undefined`: nobody knows how many, the log is a new one. */
  readonly to: number | undefined;

  /**
   * Made by the client.
   *
   * @param gap the topic and the lost offsets.
   */
  constructor(
    gap: {
      readonly topic: string;
      readonly from: number;
      readonly to?: number;
    },
  ) {
    super("gap");
    this.topic = gap.topic;
    this.from = gap.from;
    this.to = gap.to;
  }
}

/** A resume is through: everything that was published while the client was away has arrived. */
export class RecoveredEvent extends Event {
  /** The topic's name. */
  readonly topic: string;
  /** How many records it brought. */
  readonly count: number;

  /**
   * Made by the client.
   *
   * @param recovery the topic and the number of records.
   */
  constructor(recovery: { readonly topic: string; readonly count: number }) {
    super("recovered");
    this.topic = recovery.topic;
    this.count = recovery.count;
  }
}

/** The outbox gave a message up. */
export class DroppedEvent extends Event {
  /** The topic it was for; "" in the plain dialect. */
  readonly topic: string;
  /** What was given to `send` or `publish`. */
  readonly message: unknown;
  /** Why. `unknown`: it was sent, and nobody can say whether it was stored. */
  readonly reason: DrumbeatErrorCode;

  /**
   * Made by the client.
   *
   * @param dropped the topic, the message and why.
   */
  constructor(
    dropped: {
      readonly topic: string;
      readonly message: unknown;
      readonly reason: DrumbeatErrorCode;
    },
  ) {
    super("dropped");
    this.topic = dropped.topic;
    this.message = dropped.message;
    this.reason = dropped.reason;
  }
}

/** A record came that the contract refuses. Typed handlers and iterators do not see it. */
export class InvalidEvent extends Event {
  /** The message as it came. */
  readonly message: unknown;
  /** Whose it is, and where it stands. */
  readonly info: RecordInfo;
  /** Why it is refused. */
  readonly reason: string;
  /** What the validator found. */
  readonly issues: readonly Issue[];

  /**
   * Made by the client.
   *
   * @param invalid the message, its place and why it is refused.
   */
  constructor(
    invalid: {
      readonly message: unknown;
      readonly info: RecordInfo;
      readonly reason: string;
      readonly issues: readonly Issue[];
    },
  ) {
    super("invalid");
    this.message = invalid.message;
    this.info = invalid.info;
    this.reason = invalid.reason;
    this.issues = invalid.issues;
  }
}

/** The hub sent a message to this peer alone. */
export class DirectEvent<M extends MessageMap = AnyMessages> extends Event {
  /** The message, or the payload. */
  readonly record: MessageRecord<M> | BinaryRecord;

  /**
   * Made by the client.
   *
   * @param record the message, or the payload.
   */
  constructor(record: MessageRecord<M> | BinaryRecord) {
    super("direct");
    this.record = record;
  }
}

/** A raw frame passed: for debugging. `hello` and `start` carry the session's secret. */
export class FrameEvent extends Event {
  /** Whether it came or went. */
  readonly direction: "in" | "out";
  /** The data of the WebSocket message. */
  readonly data: string | Uint8Array<ArrayBuffer>;

  /**
   * Made by the client.
   *
   * @param frame the direction and the data.
   */
  constructor(
    frame: {
      readonly direction: "in" | "out";
      readonly data: string | Uint8Array<ArrayBuffer>;
    },
  ) {
    super("frame");
    this.direction = frame.direction;
    this.data = frame.data;
  }
}

/** The events of a client, by their type. */
export interface ClientEventMap<M extends MessageMap = AnyMessages> {
  /** A connection is there: the first one, or one after a loss. */
  open: Event;
  /** What a plain peer would see. */
  message: MessageEvent<string | Blob | ArrayBuffer>;
  /** A connection was lost; the client tries again, or `close` follows. */
  error: Event;
  /** The client is closed for good; once. */
  close: CloseEvent;
  /** The state changed. */
  statechange: StateEvent;
  /** A ping was answered. */
  heartbeat: HeartbeatEvent;
  /** Records are lost to this client. */
  gap: GapEvent;
  /** What was missed has arrived. */
  recovered: RecoveredEvent;
  /** The outbox gave a message up. */
  dropped: DroppedEvent;
  /** A record came that the contract refuses. */
  invalid: InvalidEvent;
  /** The hub sent a message to this peer alone. */
  direct: DirectEvent<M>;
  /** A raw frame passed. */
  frame: FrameEvent;
}
