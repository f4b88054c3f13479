/**
 * The frames of drumbeat.v1, as one discriminated union for each direction. docs/protocol.md shows each frame as JSON.
 *
 * @module
 */
import type {
  BatchRecord,
  ErrorCode,
  Position,
  Start,
  Subscribed,
  TopicStart,
  WireLimits,
  WireRecord,
} from "./wire.ts";

/** From the client: the first frame, with the credentials and the requested topics. */
export interface HelloFrame {
  /** The type of the frame. */
  readonly type: "hello";
  /** The requested start of each topic, by name. Absent: the lobby, from its head. */
  readonly topics?: Readonly<Record<string, Start>>;
  /** The session to resume. */
  readonly session?: string;
  /** The token for the hub's `authorize`. */
  readonly token?: string;
}
/** From the server: the answer to a hello. It precedes all batches. */
export interface StartFrame {
  /** The type of the frame. */
  readonly type: "start";
  /** The server's time, ms since 1970. */
  readonly time: number;
  /** The peer's public id: 12 characters of base64url. */
  readonly peer: string;
  /** The session: the public id, a dot and a secret of 24 characters. With it, a client can resume the session. */
  readonly session: string;
  /** True if the session continues; false if it is new. */
  readonly resumed: boolean;
  /** The idle time after which to ping, and the idle time after which the connection has failed. */
  readonly heartbeat: {
    readonly intervalMs: number;
    readonly timeoutMs: number;
  };
  /** The limits that the client must observe. */
  readonly limits: WireLimits;
  /** The start of each requested topic, or its error, by name. */
  readonly topics: Readonly<Record<string, TopicStart>>;
  /** The time within which the client must renew its token. Absent: the token does not expire. */
  readonly expiresMs?: number;
}
/** From either side, after the heartbeat's interval without a frame. The receiver answers at once with a pong. */
export interface PingFrame {
  /** The type of the frame. */
  readonly type: "ping";
  /** Any number. The pong returns it. */
  readonly time?: number;
  /** From clients: the number of batch frames received on this connection. */
  readonly frames?: number;
}
/** From either side: the answer to a ping. */
export interface PongFrame {
  /** The type of the frame. */
  readonly type: "pong";
  /** The `time` of the ping. */
  readonly time?: number;
  /** From clients: the number of batch frames received on this connection. */
  readonly frames?: number;
}
/** From the client, after `start`: appends a message to a topic's log. Answered by an ack or an error. */
export interface PublishFrame {
  /** The type of the frame. */
  readonly type: "publish";
  /** The id of the publish: larger than every earlier id of the session. */
  readonly id: number;
  /** The topic's name. */
  readonly topic: string;
  /** The message: an object. Absent in the header of a binary frame. */
  readonly message?: unknown;
}
/** From the server: the frame with this id succeeded. */
export interface AckFrame {
  /** The type of the frame. */
  readonly type: "ack";
  /** The id of that frame. */
  readonly id: number;
  /** For a publish: the offset of its record. */
  readonly offset?: number;
  /** For a renewal: the time within which the client must renew the token again. Absent: it does not expire. */
  readonly expiresMs?: number;
}
/** From the client: acknowledges the batch frames of this connection, so that the hub sends more. */
export interface CreditFrame {
  /** The type of the frame. */
  readonly type: "ack";
  /** The number of batch frames received on this connection. */
  readonly frames: number;
}
/** From the server: records of a topic, in order. */
export interface BatchFrame {
  /** The type of the frame. */
  readonly type: "batch";
  /** The topic's name. */
  readonly topic: string;
  /** The offset of the first record. */
  readonly offset: number;
  /** The records, at least one. */
  readonly messages: readonly BatchRecord[];
  /** The offset after the batch, if records were replaced. Absent: `offset` plus the number of records. */
  readonly next?: number;
}
/** From the server: the peer cannot receive the records from `from` to `to - 1`, because the log has dropped them. */
export interface GapFrame {
  /** The type of the frame. */
  readonly type: "gap";
  /** The topic's name. */
  readonly topic: string;
  /** The offset of the first missing record. */
  readonly from: number;
  /** The offset after the last missing record. */
  readonly to: number;
}
/** From the client: subscribes to a topic. Answered by `subscribed` or an error. */
export interface SubscribeFrame extends Start {
  /** The type of the frame. */
  readonly type: "subscribe";
  /** The id that the answer repeats. */
  readonly id: number;
  /** The topic's name. */
  readonly topic: string;
}
/** From the server: the peer is subscribed to the topic. */
export interface SubscribedFrame extends Subscribed {
  /** The type of the frame. */
  readonly type: "subscribed";
  /** The id of the subscribe. Absent if the hub subscribed the peer to its direct messages. */
  readonly id?: number;
  /** The topic's name. */
  readonly topic: string;
}
/** From the client: ends a subscription. Answered by an ack, after which no frame of the topic follows. */
export interface UnsubscribeFrame {
  /** The type of the frame. */
  readonly type: "unsubscribe";
  /** The id that the answer repeats. */
  readonly id: number;
  /** The topic's name. */
  readonly topic: string;
}
/** From the server: the hub ended the subscription. */
export interface UnsubscribedFrame {
  /** The type of the frame. */
  readonly type: "unsubscribed";
  /** The topic's name. */
  readonly topic: string;
  /** The reason: `forbidden`, the peer may no longer read the topic. */
  readonly code: ErrorCode;
}
/** From the client: a new token, before the current one expires. Answered by an ack or an error. */
export interface RenewFrame {
  /** The type of the frame. */
  readonly type: "renew";
  /** The id that the answer repeats. */
  readonly id: number;
  /** The token. It must belong to the same user. */
  readonly token: string;
}
/** From the client: calls a method of the hub. Answered by a reply or an error. A client never sends it again. */
export interface RequestFrame {
  /** The type of the frame. */
  readonly type: "request";
  /** The id that the answer repeats. */
  readonly id: number;
  /** The method's name in `hub.handle`. */
  readonly method: string;
  /** The data for the method. */
  readonly data?: unknown;
}
/** From the server: the answer to a `request` or a `history`. */
export interface ReplyFrame {
  /** The type of the frame. */
  readonly type: "reply";
  /** The id of that frame. */
  readonly id: number;
  /** The result. */
  readonly data?: unknown;
  /** A part of the result's JSON text, instead of the result. */
  readonly part?: string;
  /** True if more parts follow. */
  readonly more?: boolean;
}
/** From the server: a frame was rejected. The connection stays open. */
export interface ErrorFrame {
  /** The type of the frame. */
  readonly type: "error";
  /** The id of the rejected frame, if it had one. */
  readonly id?: number;
  /** The cause, for programs. */
  readonly code: ErrorCode;
  /** The cause, for people. */
  readonly message: string;
  /** The issues of the contract's validator. */
  readonly issues?: readonly unknown[];
}
/** From the server: a planned restart. The client reconnects and resumes. */
export interface GoawayFrame {
  /** The type of the frame. */
  readonly type: "goaway";
  /** The time after which the client reconnects. The hub spreads it over its peers. */
  readonly afterMs: number;
}

/** From the client: new data of this member in a topic's presence. Answered by an ack or an error. */
export interface PresenceUpdateFrame {
  /** The type of the frame. */
  readonly type: "presence";
  /** The id that the answer repeats. */
  readonly id: number;
  /** The topic's name. */
  readonly topic: string;
  /** The data that the other members receive. */
  readonly data: unknown;
}
/**
 * A member of a topic's presence. Each session has one entry, whatever its connection does.
 *
 * @typeParam P the member's data.
 */
export interface Member<P = unknown> {
  /** The peer's public id. */
  readonly peer: string;
  /** The data that the member set. */
  readonly data: P;
}
/** From the server: a change of a topic's members. */
export interface PresenceFrame {
  /** The type of the frame. */
  readonly type: "presence";
  /** The topic's name. */
  readonly topic: string;
  /** True if `join` is the complete list of members, which replaces every earlier one. */
  readonly snapshot?: boolean;
  /** The number of this frame among the frames of a list, from 0 on. Absent: 0. */
  readonly part?: number;
  /** True if more frames of the list follow: it is complete with the last one. */
  readonly more?: boolean;
  /** The members that joined, or that have new data. */
  readonly join?: readonly Member[];
  /** The public ids of the members that left. */
  readonly leave?: readonly string[];
  /** The number of members, instead of a list that would be too long. */
  readonly count?: number;
}
/** From the client: reads a part of a topic's log without a subscription. Answered by a reply or an error. */
export interface HistoryFrame {
  /** The type of the frame. */
  readonly type: "history";
  /** The id that the answer repeats. */
  readonly id: number;
  /** The topic's name. */
  readonly topic: string;
  /** The first offset. */
  readonly from: number;
  /** Maximum number of records. */
  readonly limit: number;
}
/** The `data` of the reply to `history`. */
export interface WireHistoryPart extends Position {
  /** The oldest offset of the log. */
  readonly tail: number;
  /** The offset of the next record that is published. */
  readonly head: number;
  /** The offset for the next request. */
  readonly next: number;
  /**
   * The records from `offset` on. A record has an `offset` if it does not follow the record before it: the records between
   * were replaced. A binary payload is in `binary`, as Base64 (RFC 4648 section 4).
   */
  readonly records: readonly (WireRecord & {
    readonly offset?: number;
    readonly binary?: string;
  })[];
}

/** A frame from a client. */
export type ClientFrame =
  | HelloFrame
  | PingFrame
  | PongFrame
  | PublishFrame
  | CreditFrame
  | SubscribeFrame
  | UnsubscribeFrame
  | PresenceUpdateFrame
  | RenewFrame
  | RequestFrame
  | HistoryFrame;

/** A frame from a server. */
export type ServerFrame =
  | StartFrame
  | PingFrame
  | PongFrame
  | AckFrame
  | BatchFrame
  | GapFrame
  | SubscribedFrame
  | UnsubscribedFrame
  | ReplyFrame
  | PresenceFrame
  | ErrorFrame
  | GoawayFrame;

/** Any frame of drumbeat.v1. */
export type Frame = ClientFrame | ServerFrame;
