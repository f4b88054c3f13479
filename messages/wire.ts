/**
 * The frames of drumbeat.v1, one discriminated union for each direction. docs/protocol.md shows each as it looks on the
 * wire.
 * @module
 */

/** The WebSocket subprotocol that client.ts offers. */
export const PROTOCOL = "drumbeat.v1";

/** Why a frame, a message or an operation was refused. Codes are part of the protocol; messages are for people. */
export type ErrorCode =
  /** Not JSON, not an object, no string `type`, or binary data without a header. */
  | "malformed"
  /** A field of a known frame, or a message's payload, is not what it must be. */
  | "invalid"
  /** A frame or message type that this hub does not know; a publish whose outcome cannot be known any more. */
  | "unknown"
  /** The peer is in this topic already. */
  | "already"
  /** The peer is not in this topic. */
  | "absent"
  /** The name is the hub's, or policy says no. */
  | "forbidden"
  /** A limit was reached: topics, unsettled publishes, the outbox. */
  | "limit"
  /** A message above `limits.message`. */
  | "large"
  /** The log could not be written or read. */
  | "unavailable"
  /** The program's own handler of a request failed. */
  | "failed";

/** Where a cursor starts: from now, at the `last` n records, or at the next offset wanted in an epoch. */
export interface Start {
  /** The newest n records, if the log still has them. */
  readonly last?: number;
  /** The epoch that `offset` counts in. */
  readonly epoch?: string;
  /** The next offset wanted. */
  readonly offset?: number;
  /** Whether to be a member of the topic's presence, and be told of the others. Default: `false`. */
  readonly presence?: boolean;
  /** What the others see of this member. */
  readonly data?: unknown;
}

/** A cursor's place: the topic's log is one `epoch`, `offset` is the next one delivered. */
export interface Position {
  readonly epoch: string;
  readonly offset: number;
}

/** Where a subscription starts, as the server says it. */
export interface Joined extends Position {
  /** Whether nothing that was asked for is missing. */
  readonly recovered: boolean;
  /** The offset after the newest record at that moment: the records from `offset` to it were there before. */
  readonly head: number;
}

/** What the server tells about a topic in `start`. */
export type TopicStart = Joined | { readonly error: ErrorCode };

/** The bounds a client must keep to, as `start` states them. */
export interface WireLimits {
  /** Largest inbound message in bytes. */
  readonly message: number;
  /** Bytes of batches the server sends before it waits for an ack. */
  readonly window: number;
  /** Publishes a client may have unsettled. */
  readonly inflight: number;
  /** Topics a peer may be in. */
  readonly topics: number;
}

/** One record of a batch. */
export interface WireRecord {
  /** The public id of the peer that published it, or `$hub`. Always the server's word. */
  readonly from: string;
  /** When the hub took it in, ms since 1970. */
  readonly at: number;
  /** What was published; absent where the payload is binary. */
  readonly message?: unknown;
}

export interface HelloFrame {
  readonly type: "hello";
  readonly topics?: Readonly<Record<string, Start>>;
  readonly session?: string;
  readonly token?: string;
}
export interface StartFrame {
  readonly type: "start";
  readonly time: number;
  readonly peer: string;
  readonly session: string;
  readonly resumed: boolean;
  readonly heartbeat: { readonly interval: number; readonly timeout: number };
  readonly limits: WireLimits;
  readonly topics: Readonly<Record<string, TopicStart>>;
}
export interface PingFrame {
  readonly type: "ping";
  readonly time?: number;
  /** From clients: batch frames taken in on this connection. */
  readonly frames?: number;
}
export interface PongFrame {
  readonly type: "pong";
  readonly time?: number;
  readonly frames?: number;
}
export interface PublishFrame {
  readonly type: "publish";
  readonly id: number;
  readonly topic: string;
  /** Absent in the header of a binary frame. */
  readonly message?: unknown;
}
/** From the server: a frame with this id was carried out. */
export interface AckFrame {
  readonly type: "ack";
  readonly id: number;
  /** For a publish: the record's offset. */
  readonly offset?: number;
}
/** From the client: how many batch frames this connection has taken in. */
export interface CreditFrame {
  readonly type: "ack";
  readonly frames: number;
}
export interface BatchFrame {
  readonly type: "batch";
  readonly topic: string;
  readonly offset: number;
  readonly messages: readonly WireRecord[];
}
export interface GapFrame {
  readonly type: "gap";
  readonly topic: string;
  readonly from: number;
  readonly to: number;
}
export interface SubscribeFrame extends Start {
  readonly type: "subscribe";
  readonly id: number;
  readonly topic: string;
}
export interface SubscribedFrame extends Joined {
  readonly type: "subscribed";
  /** Absent where the hub subscribed the peer to its own log. */
  readonly id?: number;
  readonly topic: string;
}
export interface UnsubscribeFrame {
  readonly type: "unsubscribe";
  readonly id: number;
  readonly topic: string;
}
/** Asks a method of the hub; never sent again after a cut. */
export interface RequestFrame {
  readonly type: "request";
  readonly id: number;
  readonly method: string;
  readonly data?: unknown;
}
export interface ReplyFrame {
  readonly type: "reply";
  readonly id: number;
  readonly data?: unknown;
}
export interface ErrorFrame {
  readonly type: "error";
  readonly id?: number;
  readonly code: ErrorCode;
  readonly message: string;
  readonly issues?: readonly unknown[];
}
export interface GoawayFrame {
  readonly type: "goaway";
  /** Reconnect after this many ms. */
  readonly after: number;
}

/** From the client: new data of its own in a topic's presence. */
export interface PresenceUpdateFrame {
  readonly type: "presence";
  readonly id: number;
  readonly topic: string;
  readonly data: unknown;
}
/** One member of a topic's presence. */
export interface Member {
  /** The peer's public id: one entry for each session. */
  readonly peer: string;
  /** What it says of itself. */
  readonly data: unknown;
}
/** From the server: who is in a topic. */
export interface PresenceFrame {
  readonly type: "presence";
  readonly topic: string;
  /** Whether `join` is everybody: what was known before is void. */
  readonly snapshot?: boolean;
  /** Who came, or has new data. */
  readonly join?: readonly Member[];
  /** The public ids of those who left. */
  readonly leave?: readonly string[];
  /** How many there are, where they are too many to name. */
  readonly count?: number;
}
/** From the client: records of a topic's past. */
export interface HistoryFrame {
  readonly type: "history";
  readonly id: number;
  readonly topic: string;
  /** The first offset wanted. */
  readonly from: number;
  /** Most records wanted. */
  readonly limit: number;
}
/** The `data` of the reply to `history`. */
export interface HistoryPage extends Position {
  /** The oldest offset that the log still has. */
  readonly tail: number;
  /** The offset that the next record gets. */
  readonly head: number;
  /** Records from `offset` on, without holes. A binary one has its payload in `binary`, as base64. */
  readonly records: readonly (WireRecord & { readonly binary?: string })[];
}

/** What a client sends. */
export type ClientFrame =
  | HelloFrame
  | PingFrame
  | PongFrame
  | PublishFrame
  | CreditFrame
  | SubscribeFrame
  | UnsubscribeFrame
  | PresenceUpdateFrame
  | RequestFrame
  | HistoryFrame;

/** What a server sends. */
export type ServerFrame =
  | StartFrame
  | PingFrame
  | PongFrame
  | AckFrame
  | BatchFrame
  | GapFrame
  | SubscribedFrame
  | ReplyFrame
  | PresenceFrame
  | ErrorFrame
  | GoawayFrame;

/** Any frame of drumbeat.v1. A request is no {@linkcode ClientFrame} until the hub takes requests: it answers `unknown`. */
export type Frame = ClientFrame | ServerFrame;
