import { WebClock } from "./adapters/clock_web.ts";
import { MemoryStore } from "./adapters/store_memory.ts";
import { DEFAULT_SESSION_MS, Hub, type HubOptions } from "./hub/hub.ts";
import { DEFAULT_LIMITS } from "./hub/limits.ts";
import type { StoreFactory } from "./hub/log/store.ts";
import type {
  AnyMessages,
  AnyRequests,
  MessageMap,
  RequestMap,
} from "./messages.ts";

export type { StoreFactory, StoreSettings } from "./hub/log/store.ts";

/** Options of {@linkcode createHub}. */
export interface CreateHubOptions<
  M extends MessageMap = AnyMessages,
  R extends RequestMap = AnyRequests,
  P = unknown,
  Auth = unknown,
  State = unknown,
> extends HubOptions<M, R, P, Auth, State> {
  /** Makes the store, where logs and sessions live. Default: in memory. The hub owns it: closing the hub closes it. */
  readonly store?: StoreFactory;
}

/**
 * Makes a hub that keeps its logs in memory, unless told otherwise, and takes its time from the Web platform.
 *
 * @param options see {@linkcode CreateHubOptions}.
 * @returns the hub. Close it, or `await using` it: it holds a timer and a message port.
 * @throws {RangeError} when a number of the options is not one, {@linkcode TypeError} for an unknown name.
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
  const { sessionMs = DEFAULT_SESSION_MS, limits } = options;
  const { sessions } = { ...DEFAULT_LIMITS, ...limits };
  const clock = new WebClock();
  const make = options.store ?? inMemory;
  const store = make(clock, { sessionMs, sessions });
  return new Hub({ store, clock }, { ...options, sessionMs });
}

const inMemory: StoreFactory = (clock, options) =>
  new MemoryStore(clock, options);
