import {
  checkFunction,
  checkNames,
  checkNumber,
  type OptionNames,
} from "../common/options.ts";
import {
  type AnyMessages,
  anyMessages,
  type AnyRequests,
  type Contract,
  type MessageMap,
  type RequestMap,
} from "../messages.ts";
import type { AccessOptions } from "./access/access.ts";
import { type Allow, rulesOf } from "./access/allow.ts";
import type { Authorize } from "./access/authorize.ts";
import type { Clock } from "./clock.ts";
import type { Hooks } from "./hooks.ts";
import {
  DEFAULT_SESSION_MS,
  type HeartbeatOptions,
  heartbeatOptions,
  limitOptions,
  type Limits,
} from "./limits.ts";
import type { StoreFactory } from "./log/store.ts";
import {
  topicOptions,
  type TopicOptionsByName,
  type TopicSettings,
} from "./log/topic_options.ts";
import type { Peer } from "./peer.ts";

/**
 * Options of a hub, whatever its store and its clock.
 *
 * @typeParam M the message types.
 * @typeParam R the request methods, with their data and replies.
 * @typeParam P the data of a member of a topic's presence.
 * @typeParam Auth the `auth` of the grants that `authorize` returns.
 * @typeParam State the program's own data of each peer.
 */
export interface HubOptions<
  M extends MessageMap = AnyMessages,
  R extends RequestMap = AnyRequests,
  P = unknown,
  Auth = unknown,
  State = unknown,
> extends Hooks<M, P, Auth, State> {
  /**
   * The contract of messages, requests and presence data.
   *
   * @default any well-formed message
   */
  readonly contract?: Contract<M, R, P> | undefined;
  /**
   * The bounds of the hub.
   *
   * @default the values of {@linkcode DEFAULT_LIMITS}
   */
  readonly limits?:
    | { readonly [K in keyof Limits]?: Limits[K] | undefined }
    | undefined;
  /**
   * The times after which a silent peer is pinged and closed.
   *
   * @default the values of {@linkcode DEFAULT_HEARTBEAT}
   */
  readonly heartbeat?:
    | { readonly [K in keyof HeartbeatOptions]?: number | undefined }
    | undefined;
  /**
   * The options of topics, by name or `prefix:*`.
   *
   * @default 1,000 records, 1 MiB and 120 s for each topic
   */
  readonly topics?: TopicOptionsByName<M, Auth, State> | undefined;
  /**
   * Decides about each connection.
   *
   * @default every connection is accepted
   */
  readonly authorize?: Authorize<Auth> | undefined;
  /**
   * The topics that peers may use. The grant of a peer restricts them further.
   *
   * @default all
   */
  readonly allow?: Allow<Peer<M, Auth, State>> | undefined;
  /**
   * The time for which a session can be resumed after its connection was closed, in ms.
   *
   * @default 120_000
   */
  readonly sessionMs?: number | undefined;
  /**
   * The time for which a peer stays in a topic's presence after its connection was closed, in ms; at most `sessionMs`. After
   * 1001 and 1002, which a closed page sends, it is 5 s at most, and after 1000 it is 0.
   *
   * @default sessionMs
   */
  readonly presenceGraceMs?: number | undefined;
}

/** The parts that a hub does not have itself. `createHub` fills them in. */
export interface HubPorts {
  /** Makes the store of the logs and sessions. The hub calls it once, and disposes the store when it is closed. */
  readonly store: StoreFactory;
  /**
   * Makes the store of the topics with `durable: false`.
   *
   * @default they are in the store of all topics
   */
  readonly ephemeral?: StoreFactory;
  /** The hub's time. The hub closes it. */
  readonly clock: Clock;
}

/** Options of {@linkcode Hub.drain}. */
export interface HubDrainOptions {
  /**
   * The time over which the connections are closed, evenly spread, in ms.
   *
   * @default 1_000
   */
  readonly overMs?: number | undefined;
  /**
   * Stops the wait: the promise rejects with the signal's reason. The drain continues.
   *
   * @default none
   */
  readonly signal?: AbortSignal | undefined;
}

/** Options of {@linkcode Hub.close}. */
export interface HubCloseOptions {
  /**
   * The close code of drumbeat.v1 connections. Plain connections are closed with 1001.
   *
   * @default 1001
   */
  readonly code?: number | undefined;
  /**
   * The time to wait for the ends of the connections, in ms.
   *
   * @default 1_000
   */
  readonly graceMs?: number | undefined;
}

/** The names of {@linkcode HubOptions}. */
export const HUB_OPTION_NAMES: OptionNames<HubOptions> = {
  contract: true,
  limits: true,
  heartbeat: true,
  topics: true,
  authorize: true,
  allow: true,
  sessionMs: true,
  presenceGraceMs: true,
  onOpen: true,
  onClose: true,
  onPresence: true,
  onError: true,
};

/** {@linkcode HubOptions}, checked and with the defaults filled in. */
export interface HubSettings {
  readonly contract: Contract<MessageMap>;
  readonly limits: Limits;
  readonly heartbeat: HeartbeatOptions;
  readonly topics: (name: string) => TopicSettings;
  readonly sessionMs: number;
  readonly graceMs: number;
  readonly access: Pick<AccessOptions, "authorize" | "rules">;
  readonly hooks: Hooks;
}

/**
 * Checks the options of a hub and fills in the defaults.
 *
 * @param options the options as given.
 * @param action the action that the options are for, which begins the error messages.
 * @throws {TypeError} for an unknown name or a value of the wrong type.
 * @throws {RangeError} for a number out of bounds.
 */
export function hubSettings<
  M extends MessageMap,
  R extends RequestMap,
  P,
  Auth,
  State,
>(
  options: HubOptions<M, R, P, Auth, State>,
  action: string,
): HubSettings {
  checkNames(action, options, HUB_OPTION_NAMES);
  const { contract = anyMessages, authorize, allow } = options;
  const { sessionMs = DEFAULT_SESSION_MS, presenceGraceMs = sessionMs } =
    options;
  if (typeof contract?.check !== "function") {
    throw new TypeError(
      `${action}: the option 'contract' must be a contract that defineMessages made`,
    );
  }
  for (
    const name of [
      "authorize",
      "onOpen",
      "onClose",
      "onPresence",
      "onError",
    ] as const
  ) checkFunction(action, name, options[name]);
  checkNumber(action, "sessionMs", sessionMs);
  checkNumber(action, "presenceGraceMs", presenceGraceMs);
  if (presenceGraceMs > sessionMs) {
    // A peer that returns after its session expired has a new id: it would be in the presence twice.
    throw new RangeError(
      `${action}: the option 'presenceGraceMs' must be at most 'sessionMs' (${sessionMs}), not ${presenceGraceMs}`,
    );
  }
  return {
    contract: contract as Contract<MessageMap>,
    limits: limitOptions(options.limits, action),
    heartbeat: heartbeatOptions(options.heartbeat, action),
    topics: topicOptions(options.topics as TopicOptionsByName, action),
    sessionMs,
    graceMs: presenceGraceMs,
    access: { authorize, rules: rulesOf(allow as Allow, action) },
    hooks: options as Hooks,
  };
}
