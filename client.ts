/**
 * The reconnecting, resuming client: a WebSocket that comes back, with typed topics that go on where they were. It runs
 * unchanged in Deno and in any browser.
 *
 * ```ts
 * import { connect } from "./client.ts";
 *
 * const client = connect("ws://127.0.0.1:1/ws");
 * const lobby = client.topic("lobby");
 * lobby.on("chat", (message, { from }) => console.log(from, message.text));
 * client.close();
 * ```
 *
 * @module
 */
export { Client } from "./client/client.ts";
export { connect } from "./client/connect.ts";
export {
  type ClientHandler,
  WebSocketSurface,
} from "./client/web_socket_api.ts";
export {
  type PublishOptions,
  type StartFrom,
  type Topic,
  type TopicState,
} from "./client/topics/topic.ts";
export {
  type ClientEventMap,
  type ClientState,
  DirectEvent,
  DroppedEvent,
  FrameEvent,
  GapEvent,
  HeartbeatEvent,
  InvalidEvent,
  RecoveredEvent,
  type StateChange,
  StateEvent,
} from "./client/events.ts";
export {
  DrumbeatError,
  type DrumbeatErrorCode,
  type DrumbeatErrorOptions,
} from "./messages.ts";
export {
  type BackoffOptions,
  type ConnectOptions,
  type HeartbeatOptions,
  type OutboxOptions,
  type WebSocketConstructor,
} from "./client/options.ts";
export { type HistoryOptions } from "./client/topics/history.ts";
export {
  type PresenceNews,
  type TopicPresence,
} from "./client/topics/presence.ts";
export {
  type RequestArguments,
  type RequestOptions,
} from "./client/protocol/requests.ts";
export { type ClientClock, webClock } from "./client/clock.ts";
export { type ConnectionClose } from "./client/connection/connection.ts";
export type {
  AnyMessages,
  AnyRequests,
  BinaryRecord,
  Checked,
  CheckedData,
  Contract,
  ContractRefusal,
  ErrorCode,
  GapRecord,
  HistoryPart,
  HistoryRange,
  Issue,
  ListenerOptions,
  Member,
  MessageHandler,
  MessageInput,
  MessageMap,
  MessageOf,
  MessageRecord,
  OtherType,
  Position,
  RecordInfo,
  RequestMap,
  TopicRecord,
  WireLimits,
} from "./messages.ts";
