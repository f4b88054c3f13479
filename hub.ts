import { WebClock } from "./adapters/clock_web.ts";
import { MemoryStore } from "./adapters/store_memory.ts";
import {
  checkFunction,
  checkNames,
  type OptionNames,
  pickOptions,
} from "./common/options.ts";
import { Hub } from "./hub/hub.ts";
import type { StoreFactory } from "./hub/log/store.ts";
import {
  HUB_OPTION_NAMES,
  type HubOptions,
  hubSettings,
} from "./hub/options.ts";
import type {
  AnyMessages,
  AnyRequests,
  MessageMap,
  RequestMap,
} from "./messages.ts";

export type { StoreFactory, StoreSettings } from "./hub/log/store.ts";

/**
 * Options of {@linkcode createHub}.
 *
 * @typeParam M the message types.
 * @typeParam R the request methods, with their data and replies.
 * @typeParam P the data of a member of a topic's presence.
 * @typeParam Auth the `data` of the grants that `authorize` returns.
 * @typeParam State the program's own data of each peer.
 */
export interface CreateHubOptions<
  M extends MessageMap = AnyMessages,
  R extends RequestMap = AnyRequests,
  P = unknown,
  Auth = unknown,
  State = unknown,
> extends HubOptions<M, R, P, Auth, State> {
  /**
   * Makes the store of the logs and sessions. The hub owns the store: closing the hub closes it.
   *
   * @default in memory
   */
  readonly store?: StoreFactory | undefined;
}

/** The names of {@linkcode CreateHubOptions}. */
export const CREATE_HUB_OPTION_NAMES: OptionNames<CreateHubOptions> = {
  ...HUB_OPTION_NAMES,
  store: true,
};

/**
 * Creates a hub. Its logs are in memory unless `store` is set; its clock is the platform's.
 *
 * @typeParam M the message types.
 * @typeParam R the request methods, with their data and replies.
 * @typeParam P the data of a member of a topic's presence.
 * @typeParam Auth the `data` of the grants that `authorize` returns.
 * @typeParam State the program's own data of each peer.
 * @param options see {@linkcode CreateHubOptions}.
 * @returns the hub. Close it, or use `await using`: it holds a timer and a message port.
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
  return createHubFor(options, "Cannot create the hub");
}

/**
 * Creates a hub for another function, whose action begins the error messages.
 *
 * @param options see {@linkcode CreateHubOptions}.
 * @param action the action that the options are for: `Cannot serve`.
 */
export function createHubFor<
  M extends MessageMap,
  R extends RequestMap,
  P,
  Auth,
  State,
>(
  options: CreateHubOptions<M, R, P, Auth, State>,
  action: string,
): Hub<M, R, P, Auth, State> {
  checkNames(action, options, CREATE_HUB_OPTION_NAMES);
  checkFunction(action, "store", options.store);
  const hubOptions = pickOptions(options, HUB_OPTION_NAMES);
  // The errors of the constructor name another action.
  hubSettings(hubOptions, action);
  const { store = inMemory } = options;
  return new Hub({ store, clock: new WebClock() }, hubOptions);
}

const inMemory: StoreFactory = (clock, settings) =>
  new MemoryStore(clock, settings);
