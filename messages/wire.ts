/**
 * The frames of drumbeat.v1, one discriminated union for each direction. docs/protocol.md shows each as it looks on the
 * wire.
 * @module
 */

/** The WebSocket subprotocol that client.ts offers. */
export const PROTOCOL = "drumbeat.v1";

/**
 * The code of an error on the wire. Codes are part of the protocol; messages are for people. With every code but
 * `indeterminate`, the message was not stored.
 */
export type ErrorCode =
  /** Not JSON, not an object, no string `type`, or binary data without a header. */
  | "malformed"
  /** A field of a known frame, or a message's payload, has the wrong type or value. */
  | "invalid"
  /** The hub does not know this frame type, message type or request method. */
  | "unsupported"
  /** The message may have been stored: the outcome of the publish is not known. */
  | "indeterminate"
  /** The peer is subscribed to this topic already. */
  | "already"
  /** The peer is not subscribed to this topic. */
  | "absent"
  /** The name is reserved, or a rule does not allow it. */
  | "forbidden"
  /** The token is missing or not valid. */
  | "unauthenticated"
  /** A limit was reached: topics, frames without an answer, the outbox. */
  | "limit"
  /** The message is larger than `limits.messageBytes`. */
  | "large"
  /** The log could not be written or read. */
  | "unavailable"
  /** The program's handler of a request failed. */
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
  /** Which log it is. */
  readonly epoch: string;
  /** The next offset. */
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
  readonly messageBytes: number;
  /** Bytes of batches the server sends before it waits for an ack. */
  readonly windowBytes: number;
  /** Publishes, requests and histories of a client that may be without an answer. */
  readonly inflight: number;
  /** Topics a peer may be in. */
  readonly topicsPerPeer: number;
  /** Messages a second that a client may send, above a burst of twice `inflight`. Absent, or `null`: any number. */
  readonly messagesPerSecond: number;
  /** Bytes a second that a client may send, above a burst of two seconds' worth. Absent, or `null`: any number. */
  readonly bytesPerSecond: number;
}

/** One record of a topic's log. */
export interface WireRecord {
  /** The public id of the peer that published it, or `$hub`. Always the server's word. */
  readonly from: string;
  /** When the hub took it in, ms since 1970. */
  readonly at: number;
  /** What was published; absent where the payload is binary. */
  readonly message?: unknown;
}

/** One record of a batch. `from` and `at` that are absent are as in the record before it; the first one has both. */
export interface BatchRecord extends Partial<WireRecord> {
  /** Its offset, where it is not the one after the record before it: those between were replaced, not lost. */
  readonly offset?: number;
}

/** From the client, the first frame: who it is and what it wants. */
export interface HelloFrame {
  /** Which frame it is. */
  readonly type: "hello";
  /** Every topic wanted, with where to start. Without it: the lobby, from now. */
  readonly topics?: Readonly<Record<string, Start>>;
  /** The session to go on with. */
  readonly session?: string;
  /** Who the client is, for a hub that asks. */
  readonly token?: string;
}
/** From the server: the answer to hello. It precedes all batches. */
export interface StartFrame {
  /** Which frame it is. */
  readonly type: "start";
  /** The server's time, ms since 1970. */
  readonly time: number;
  /** The public id. */
  readonly peer: string;
  /** The session: a secret. */
  readonly session: string;
  /** Whether the session went on. */
  readonly resumed: boolean;
  /** When to ping, and when the other side is dead, in ms. */
  readonly heartbeat: {
    readonly intervalMs: number;
    readonly timeoutMs: number;
  };
  /** The bounds to keep to. */
  readonly limits: WireLimits;
  /** Where each topic starts, or why it is refused. */
  readonly topics: Readonly<Record<string, TopicStart>>;
  /** In how many ms the peer has to have renewed its token. Absent: never. */
  readonly expiresMs?: number;
}
/** From either side, when nothing was heard for the interval: answer at once. */
export interface PingFrame {
  /** Which frame it is. */
  readonly type: "ping";
  /** Any number; the pong carries it back. */
  readonly time?: number;
  /** From clients: batch frames taken in on this connection. */
  readonly frames?: number;
}
/** From either side: the answer to a ping. */
export interface PongFrame {
  /** Which frame it is. */
  readonly type: "pong";
  /** The number of the ping. */
  readonly time?: number;
  /** From clients: batch frames taken in on this connection. */
  readonly frames?: number;
}
/** From the client, after `start`: append this to a topic's log. */
export interface PublishFrame {
  /** Which frame it is. */
  readonly type: "publish";
  /** Above all ids of the session before. */
  readonly id: number;
  /** The topic's name. */
  readonly topic: string;
  /** Absent in the header of a binary frame. */
  readonly message?: unknown;
}
/** From the server: a frame with this id was carried out. */
export interface AckFrame {
  /** Which frame it is. */
  readonly type: "ack";
  /** Of the frame that was carried out. */
  readonly id: number;
  /** For a publish: the record's offset. */
  readonly offset?: number;
  /** For a new token: in how many ms it has to be renewed. Absent: never. */
  readonly expiresMs?: number;
}
/** From the client: how many batch frames this connection has taken in. */
export interface CreditFrame {
  /** Which frame it is. */
  readonly type: "ack";
  /** Batch frames taken in on this connection. */
  readonly frames: number;
}
/** From the server: the records at `offset` and on, in order. */
export interface BatchFrame {
  /** Which frame it is. */
  readonly type: "batch";
  /** The topic's name. */
  readonly topic: string;
  /** The first record's offset. */
  readonly offset: number;
  /** The records from there on, in order. */
  readonly messages: readonly BatchRecord[];
  /** The offset after the batch, where records were replaced; else it is `offset` and as many as there are records. */
  readonly next?: number;
}
/** From the server: records `from` to `to - 1` are lost to this peer. */
export interface GapFrame {
  /** Which frame it is. */
  readonly type: "gap";
  /** The topic's name. */
  readonly topic: string;
  /** The first offset that is lost. */
  readonly from: number;
  /** The offset after the last one that is lost. */
  readonly to: number;
}
/** From the client: join a topic. */
export interface SubscribeFrame extends Start {
  /** Which frame it is. */
  readonly type: "subscribe";
  /** Comes back in the answer. */
  readonly id: number;
  /** The topic's name. */
  readonly topic: string;
}
/** From the server: the peer is in the topic. */
export interface SubscribedFrame extends Joined {
  /** Which frame it is. */
  readonly type: "subscribed";
  /** Absent where the hub subscribed the peer to its own log. */
  readonly id?: number;
  /** The topic's name. */
  readonly topic: string;
}
/** From the client: leave a topic. Answered by an ack; nothing of the topic follows it. */
export interface UnsubscribeFrame {
  /** Which frame it is. */
  readonly type: "unsubscribe";
  /** Comes back in the answer. */
  readonly id: number;
  /** The topic's name. */
  readonly topic: string;
}
/** From the server: the peer is not in the topic any more, though it did not ask to leave. */
export interface UnsubscribedFrame {
  /** Which frame it is. */
  readonly type: "unsubscribed";
  /** The topic's name. */
  readonly topic: string;
  /** Why: `forbidden`, it may not be in it any more. */
  readonly code: ErrorCode;
}
/** From the client: a new token, before the one before expires. Answered by an ack. */
export interface RenewFrame {
  /** Which frame it is. */
  readonly type: "renew";
  /** Comes back in the answer. */
  readonly id: number;
  /** Who the client is: the same as before. */
  readonly token: string;
}
/** Asks a method of the hub; never sent again after a cut. */
export interface RequestFrame {
  /** Which frame it is. */
  readonly type: "request";
  /** Comes back in the answer. */
  readonly id: number;
  /** The name that `hub.handle` gave it. */
  readonly method: string;
  /** What the method is asked with. */
  readonly data?: unknown;
}
/** From the server: the answer to a `request` or a `history`. */
export interface ReplyFrame {
  /** Which frame it is. */
  readonly type: "reply";
  /** Of the question. */
  readonly id: number;
  /** The answer. */
  readonly data?: unknown;
}
/** From the server: the frame with that id is refused. The connection lives. */
export interface ErrorFrame {
  /** Which frame it is. */
  readonly type: "error";
  /** Of the frame that is refused, where it had one. */
  readonly id?: number;
  /** What is wrong, for programs. */
  readonly code: ErrorCode;
  /** What is wrong, for people. */
  readonly message: string;
  /** What a validator found. */
  readonly issues?: readonly unknown[];
}
/** From the server: a planned restart. */
export interface GoawayFrame {
  /** Which frame it is. */
  readonly type: "goaway";
  /** Reconnect after this many ms. */
  readonly afterMs: number;
}

/** From the client: new data of its own in a topic's presence. */
export interface PresenceUpdateFrame {
  /** Which frame it is. */
  readonly type: "presence";
  /** Comes back in the answer. */
  readonly id: number;
  /** The topic's name. */
  readonly topic: string;
  /** What the others see. */
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
/** From the server: who is in a topic. */
export interface PresenceFrame {
  /** Which frame it is. */
  readonly type: "presence";
  /** The topic's name. */
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
  /** Which frame it is. */
  readonly type: "history";
  /** Comes back in the answer. */
  readonly id: number;
  /** The topic's name. */
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
  /** The offset to go on from. */
  readonly next: number;
  /**
   * Records from `offset` on. One that does not follow the one before it has its `offset`: those between were replaced. A
   * binary one has its payload in `binary`, as base64.
   */
  readonly records: readonly (WireRecord & {
    readonly offset?: number;
    readonly binary?: string;
  })[];
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
  | RenewFrame
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
  | UnsubscribedFrame
  | ReplyFrame
  | PresenceFrame
  | ErrorFrame
  | GoawayFrame;

/** Any frame of drumbeat.v1. A request is no {@linkcode ClientFrame} until the hub takes requests: it answers `unknown`. */
export type Frame = ClientFrame | ServerFrame;
