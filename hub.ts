/**
 * The hub, and everything that a transport, a store, a clock or an observer for it needs: the ports, their implementations
 * and their types.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createHub, MemoryStore } from "./hub.ts";
 *
 * await using hub = createHub({
 *   store: (clock, settings) => new MemoryStore(clock, settings),
 * });
 * assertEquals(await hub.broadcast({ type: "chat", text: "hello" }), 0);
 * ```
 *
 * @module
 */
import { defaultPorts } from "./adapters/default_ports.ts";
import { createHubFor, type CreateHubOptions } from "./hub/create_hub.ts";
import type { Hub } from "./hub/hub.ts";
import type {
  AnyMessages,
  AnyRequests,
  MessageMap,
  RequestMap,
} from "./messages.ts";

export { WebClock } from "./adapters/clock_web.ts";
export { DenoSocket } from "./adapters/socket_deno.ts";
export {
  MemoryStore,
  type MemoryStoreOptions,
} from "./adapters/store_memory.ts";
export { type Allow, type TopicRule } from "./hub/access/allow.ts";
export {
  type Authorize,
  type AuthorizeRequest,
  type Grant,
} from "./hub/access/authorize.ts";
export { type Denial } from "./hub/access/authorizer.ts";
export { type Ticket } from "./hub/access/ticket.ts";
export { type AfterOptions, type Cancel, type Clock } from "./hub/clock.ts";
export { type CreateHubOptions } from "./hub/create_hub.ts";
export { type ErrorStage, type Hooks } from "./hub/hooks.ts";
export { Hub } from "./hub/hub.ts";
export { HubPeer } from "./hub/hub_peer.ts";
export { HubTopic } from "./hub/hub_topic.ts";
export { HubTransport } from "./hub/transport.ts";
export {
  DEFAULT_HEARTBEAT,
  DEFAULT_LIMITS,
  type HeartbeatOptions,
  type Limits,
  NO_LIMITS,
} from "./hub/limits.ts";
export { type HubMessageContext } from "./hub/log/handlers.ts";
export { type LagPolicy } from "./hub/log/lag_policy.ts";
export { HUB, LogRecord } from "./hub/log/record.ts";
export { DEFAULT_RETENTION, type Retention } from "./hub/log/retention.ts";
export {
  DEFAULT_STORE_SETTINGS,
  type Entry,
  type LogBounds,
  type Outcome,
  type RecentRecords,
  type Store,
  type StoredRecords,
  type StoreFactory,
  type StoreSettings,
  type StoreSink,
} from "./hub/log/store.ts";
export {
  type TopicKey,
  type TopicOptions,
  type TopicOptionsByName,
} from "./hub/log/topic_options.ts";
export { type HubStats } from "./hub/observe/stats.ts";
export {
  type AnsweredRequest,
  type Metrics,
  type ObservedHub,
  type Observer,
  type RefusedHandshake,
} from "./hub/observe/observer.ts";
export {
  type HubCloseOptions,
  type HubDrainOptions,
  type HubOptions,
  type HubPorts,
} from "./hub/options.ts";
export { type DialectName, type Peer, type PeerClose } from "./hub/peer.ts";
export { type PresenceChange } from "./messages.ts";
export {
  type HandleOptions,
  type RequestContext,
  type RequestHandler,
} from "./hub/protocol/request_handler.ts";
export {
  type ConnectionInfo,
  type ConnectionRequest,
  type Handshake,
  type Inbound,
  type Socket,
} from "./hub/socket.ts";

/**
 * Creates a hub with the platform's clock, and a store in memory or of the option `store`.
 *
 * @typeParam M the message types.
 * @typeParam R the request methods, with their data and replies.
 * @typeParam P the data of a member of a topic's presence.
 * @typeParam Auth the `auth` of the grants that `authorize` returns.
 * @typeParam State the program's own data of each peer.
 * @param options see {@linkcode CreateHubOptions}.
 * @returns the hub. Close it, or declare it with `await using`: it holds a timer and a message port.
 * @throws {TypeError} for an unknown option or a value of the wrong type.
 * @throws {RangeError} for a number out of bounds.
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createHub } from "./hub.ts";
 *
 * await using hub = createHub();
 * assertEquals(await hub.broadcast({ type: "chat", text: "hello" }), 0);
 * ```
 */
export function createHub<
  M extends MessageMap = AnyMessages,
  R extends RequestMap = AnyRequests,
  P = unknown,
  Auth = unknown,
  State = unknown,
>(
  options: CreateHubOptions<M, R, P, Auth, State> = {},
): Hub<M, R, P, Auth, State> {
  return createHubFor(options, "Cannot create the hub", defaultPorts());
}
