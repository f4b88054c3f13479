/**
 * Drumbeat: a WebSocket hub for Deno. Typed messages reach every tab and process, and no message is lost without a gap that
 * names it: every topic is a log, every peer is a cursor.
 *
 * This module has the names that programs use most. `./hub` has the ports and the parts for authors of transports, stores and
 * observers, `./client` the client alone, and `./messages` the frames and the codec of the protocol.
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
  Client,
  type ClientState,
  connect,
  type ConnectOptions,
  type HistoryOptions,
  type PublishOptions,
  type RequestOptions,
  type Topic,
  type TopicPresence,
} from "./client.ts";
export {
  type Allow,
  type Authorize,
  type AuthorizeRequest,
  createHub,
  type CreateHubOptions,
  type ErrorStage,
  type Grant,
  Hub,
  type HubMessageContext,
  HubPeer,
  HubTopic,
  type Limits,
  type Peer,
  type PeerClose,
  type RequestContext,
  type TopicOptions,
} from "./hub.ts";
export {
  type BinaryRecord,
  CloseCode,
  type Contract,
  defineMessages,
  DrumbeatError,
  type DrumbeatErrorCode,
  type GapRecord,
  type HistoryPart,
  type Member,
  type MessageContext,
  type MessageOf,
  type MessageRecord,
  type Position,
  type PresenceChange,
  type TopicRecord,
} from "./messages.ts";
export {
  createHandler,
  type DrainOptions,
  type Handler,
  type HandlerOptions,
  serve,
  type ServeOptions,
  type Server,
} from "./server.ts";
