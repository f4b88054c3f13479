import type { Access } from "../access/access.ts";
import type { TopicUse } from "../access/allow.ts";
import type { Clock } from "../clock.ts";
import type { Reporter } from "../hooks.ts";
import type { Limits } from "../limits.ts";
import type { Flush } from "../log/flush.ts";
import type { LogPart } from "../log/history.ts";
import type { Publisher } from "../log/publisher.ts";
import type { Topic } from "../log/topic.ts";
import type { Monitor } from "../observe/monitor.ts";
import type { Connection } from "../peers/connection.ts";
import type { Heartbeat } from "../peers/heartbeat.ts";
import type { Sessions } from "../peers/sessions.ts";
import type { Refusal } from "../refusal.ts";
import type { DirectMessages } from "./direct_messages.ts";
import type { Requests } from "./requests.ts";
import type { Subscriptions } from "./subscriptions.ts";

/** The hub, as the dialects see it. Each part of a dialect picks the members that it uses. */
export interface ProtocolContext {
  readonly clock: Clock;
  readonly limits: Limits;
  readonly reporter: Pick<Reporter, "report">;
  readonly monitor: Pick<Monitor, "resumed" | "roundTrip">;
  readonly heartbeat: Pick<
    Heartbeat,
    "awaitHello" | "awaitStart" | "intervalMs" | "timeoutMs"
  >;
  readonly access: Access;
  readonly sessions: Sessions;
  readonly publisher: Pick<Publisher, "publish">;
  readonly flush: Pick<Flush, "wake">;
  readonly requests: Pick<Requests, "answer">;
  readonly subscriptions: Pick<
    Subscriptions,
    "subscribe" | "unsubscribe" | "showPresence"
  >;
  readonly direct: Pick<DirectMessages, "find" | "open" | "openStored">;
  /** Opens a topic that a peer uses, or returns a refusal. */
  readonly openFor: (
    use: TopicUse,
    connection: Connection,
    name: string,
  ) => Topic | Refusal;
  /** Reads a part of a topic's log. */
  readonly read: (
    name: string,
    from: number,
    limit: number,
    address: string,
  ) => Promise<LogPart | Refusal>;
  /** Makes a connection a peer of the hub: its handshake is complete. */
  readonly open: (connection: Connection) => void;
}
