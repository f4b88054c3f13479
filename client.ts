/**
 * The reconnecting, resuming client: a WebSocket that reconnects, with typed topics that resume at their position. It runs
 * unchanged in Deno and in any browser.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { connect } from "./client.ts";
 *
 * const client = connect("ws://127.0.0.1:1/ws");
 * const lobby = client.topic("lobby");
 * lobby.on("chat", (message, { from }) => console.log(from, message.text));
 * assertEquals(client.state, "connecting");
 * client.close();
 * ```
 *
 * @module
 */
export { Client } from "./client/client.ts";
export { type ClientClock, webClock } from "./client/clock.ts";
export { connect } from "./client/connect.ts";
export { type ConnectionClose } from "./client/connection/connection.ts";
export {
  type CaughtUpEvent,
  type ClientEventMap,
  type ClientState,
  type DirectEvent,
  type DroppedEvent,
  type FrameEvent,
  type GapEvent,
  type HeartbeatEvent,
  type InvalidEvent,
  type RefusedEvent,
  type RejectedEvent,
  type StateEvent,
} from "./client/events.ts";
export {
  type BackoffOptions,
  type ConnectOptions,
  type HeartbeatOptions,
  type OutboxOptions,
  type WebSocketConstructor,
} from "./client/options.ts";
export { type PublishOptions } from "./client/publish/publisher.ts";
export {
  type RequestArguments,
  type RequestOptions,
} from "./client/requests/requests.ts";
export { type HistoryOptions } from "./client/topics/history.ts";
export {
  type PresenceArguments,
  type TopicPresence,
} from "./client/topics/presence.ts";
export {
  type StartFrom,
  type Topic,
  type TopicState,
} from "./client/topics/topic.ts";
export { type WaitOptions } from "./client/waiters.ts";
export {
  type OptionalAsyncDisposable,
  type OptionalDisposable,
} from "./common/disposable.ts";
export {
  type ClientHandler,
  type WebSocketApi,
} from "./client/web_socket_api.ts";
export {
  type AnyMessages,
  type AnyRequests,
  type BinaryRecord,
  type Checked,
  type CheckedData,
  type Contract,
  type ContractRefusal,
  DrumbeatError,
  type DrumbeatErrorCode,
  type DrumbeatErrorOptions,
  type ErrorCode,
  type GapRecord,
  type HistoryPart,
  type HistoryRange,
  type Issue,
  type ListenerOptions,
  type Member,
  type MessageContext,
  type MessageHandler,
  type MessageInput,
  type MessageMap,
  type MessageOf,
  type MessageRecord,
  type OtherType,
  type Position,
  type PresenceChange,
  type RequestMap,
  type TopicRecord,
  type WireLimits,
} from "./messages.ts";
