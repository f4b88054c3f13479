import {
  checkFunction,
  checkNames,
  type OptionNames,
  pickOptions,
} from "../common/options.ts";
import type {
  AnyMessages,
  AnyRequests,
  MessageMap,
  RequestMap,
} from "../messages.ts";
import { Hub } from "./hub.ts";
import type { StoreFactory } from "./log/store.ts";
import {
  HUB_OPTION_NAMES,
  type HubOptions,
  type HubPorts,
  hubSettings,
} from "./options.ts";

/**
 * Options of `createHub`.
 *
 * @typeParam M the message types.
 * @typeParam R the request methods, with their data and replies.
 * @typeParam P the data of a member of a topic's presence.
 * @typeParam Auth the `auth` of the grants that `authorize` returns.
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
   * Makes the store of the logs and sessions: `sqliteStore(path)` of `./sqlite` returns such a function. The hub owns the
   * store: closing the hub closes it.
   *
   * @default a store in memory
   */
  readonly store?: StoreFactory | undefined;
}

/** The names of {@linkcode CreateHubOptions}. */
export const CREATE_HUB_OPTION_NAMES: OptionNames<CreateHubOptions> = {
  ...HUB_OPTION_NAMES,
  store: true,
};

/**
 * Creates a hub for a function that takes options.
 *
 * @param options the options as given.
 * @param action the action that the options are for, which begins the error messages: `Cannot serve`.
 * @param defaults the clock, and the store unless the options have one.
 * @returns the hub.
 * @throws {TypeError} for an unknown option or a value of the wrong type.
 * @throws {RangeError} for a number out of bounds.
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
  defaults: HubPorts,
): Hub<M, R, P, Auth, State> {
  checkNames(action, options, CREATE_HUB_OPTION_NAMES);
  checkFunction(action, "store", options.store);
  const hubOptions = pickOptions(options, HUB_OPTION_NAMES);
  // The errors of the constructor name another action.
  hubSettings(hubOptions, action);
  const { store = defaults.store } = options;
  const ephemeral = options.store === undefined ? {} : {
    ephemeral: defaults.store,
  };
  return new Hub({ ...defaults, store, ...ephemeral }, hubOptions);
}
