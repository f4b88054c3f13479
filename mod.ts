/**
 * Drumbeat: a WebSocket hub for Deno. Typed messages fan out to every tab and process, and nothing is lost silently:
 * every topic is a log, every peer is a cursor.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { connect, serve } from "./mod.ts";
 *
 * await using server = serve({ port: 0 });
 * await using client = connect(`ws://127.0.0.1:${server.addr.port}/ws`);
 * const offset = await client.topic("lobby").publish({ type: "chat", text: "hello" });
 * assertEquals(offset, 0);
 * ```
 *
 * @module
 */
export {
  type AckFrame,
  type AnyMessages,
  anyMessages,
  type AnyRequests,
  applyValidator,
  type BatchFrame,
  type BatchRecord,
  type Checked,
  type CheckedData,
  type ClientFrame,
  CloseCode,
  type Contract,
  type CreditFrame,
  decodeClientFrame,
  type Decoded,
  decodeServerFrame,
  defineMessages,
  type DefineMessagesOptions,
  encode,
  encodeBinary,
  type ErrorCode,
  type ErrorFrame,
  type Frame,
  type GapFrame,
  type GoawayFrame,
  type Guard,
  type HelloFrame,
  type HistoryFrame,
  type HistoryPage,
  isCount,
  type Issue,
  isValidator,
  type Joined,
  LOBBY,
  MAX_TOPIC_NAME_BYTES,
  type Member,
  type MessageMap,
  type MessageOf,
  type MessagesOf,
  messageTypeProblem,
  nestingProblem,
  type OutputOf,
  type ParsedObject,
  parseObject,
  type PingFrame,
  type PongFrame,
  type Position,
  type PresenceFrame,
  type PresenceUpdateFrame,
  PROTOCOL,
  type PublishFrame,
  type RenewFrame,
  type ReplyFrame,
  type RequestFrame,
  type RequestMap,
  type RequestsOf,
  type RequestValidators,
  RESERVED_TYPES,
  type ServerFrame,
  shouldReconnect,
  type StandardIssue,
  type StandardResult,
  type StandardSchema,
  type Start,
  type StartFrame,
  startProblem,
  type SubscribedFrame,
  type SubscribeFrame,
  topicNameProblem,
  type TopicStart,
  type UnsubscribedFrame,
  type UnsubscribeFrame,
  utf8Length,
  type Validated,
  type Validator,
  type WireLimits,
  type WireRecord,
} from "./messages.ts";
export {
  type BackoffOptions,
  type BinaryRecord,
  Client,
  type ClientClock,
  type ClientEventMap,
  type ClientHandler,
  type ClientState,
  connect,
  type ConnectionClose,
  type ConnectOptions,
  type DirectEvent,
  type DroppedEvent,
  DrumbeatError,
  type DrumbeatErrorCode,
  type DrumbeatErrorOptions,
  type FrameEvent,
  type GapEvent,
  type GapRecord,
  type HeartbeatEvent,
  type HeartbeatOptions as ClientHeartbeatOptions,
  type HistoryOptions,
  type HistoryPart,
  type HistoryRange,
  type InvalidEvent,
  type ListenerOptions,
  type MessageContext,
  type MessageHandler,
  type MessageRecord,
  type OutboxOptions,
  type PresenceArguments,
  type PublishOptions,
  type RecoveredEvent,
  type RejectedEvent,
  type RequestArguments,
  type RequestOptions,
  type StartFrom,
  type StateEvent,
  type Topic,
  type TopicPresence,
  type TopicPresenceChange,
  type TopicRecord,
  type TopicState,
  type WaitOptions,
  webClock,
  type WebSocketApi,
  type WebSocketConstructor,
} from "./client.ts";
export {
  type AdminOptions,
  type AdmissionOptions,
  createHandler,
  createHub,
  type CreateHubOptions,
  type DrainOptions,
  type Handler,
  type HandlerInfo,
  type HandlerOptions,
  type Origins,
  serve,
  type ServeOptions,
  type Server,
  type StoreFactory,
  type StoreSettings,
  type TlsOptions,
} from "./server.ts";
export { Hub } from "./hub/hub.ts";
export {
  type HubCloseOptions,
  type HubDrainOptions,
  type HubOptions,
  type HubPorts,
} from "./hub/options.ts";
export { HubTopic } from "./hub/hub_topic.ts";
export { type Allow, type TopicRule } from "./hub/access/allow.ts";
export {
  type Authorize,
  type AuthorizeRequest,
  type Grant,
} from "./hub/access/authorize.ts";
export { type Denial } from "./hub/access/authorizer.ts";
export { HubPeer } from "./hub/hub_peer.ts";
export { type ErrorStage, type Hooks } from "./hub/hooks.ts";
export {
  DEFAULT_HEARTBEAT,
  DEFAULT_LIMITS,
  type HeartbeatOptions,
  type Limits,
  NO_LIMITS,
} from "./hub/limits.ts";
export { DEFAULT_RETENTION, type Retention } from "./hub/log/retention.ts";
export { type HubMessageContext } from "./hub/log/handlers.ts";
export { type DialectName, type Peer, type PeerClose } from "./hub/peer.ts";
export { type PresenceChange } from "./hub/presence/change.ts";
export {
  type AnsweredRequest,
  type Metrics,
  type ObservedHub,
  type Observer,
  type RefusedHandshake,
} from "./hub/observer.ts";
export { HUB, LogRecord } from "./hub/log/record.ts";
export { type RequestHandler } from "./hub/protocol/requests.ts";
export { type HubStats } from "./hub/observe/stats.ts";
export {
  type LagPolicy,
  type TopicOptions,
  type TopicOptionsByName,
} from "./hub/log/topic_options.ts";
export { type Cancel, type Clock } from "./hub/clock.ts";
export {
  type ConnectionInfo,
  type ConnectionRequest,
  type Handshake,
  type Inbound,
  type Socket,
} from "./hub/socket.ts";
export {
  type Entry,
  type LogBounds,
  type Outcome,
  type RecentRecords,
  type Store,
  type StoredRecords,
  type StoreSink,
} from "./hub/log/store.ts";
export { WebClock } from "./adapters/clock_web.ts";
export { DenoSocket } from "./adapters/socket_deno.ts";
export {
  MemoryStore,
  type MemoryStoreOptions,
} from "./adapters/store_memory.ts";
