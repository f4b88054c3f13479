import {
  checkBoolean,
  checkFunction,
  checkNames,
  checkOneOf,
  numberOptions,
  type OptionNames,
} from "../../common/options.ts";
import type { AnyMessages, MessageMap, MessageOf } from "../../messages.ts";
import type { Peer } from "../peer.ts";
import { LAG_POLICIES, type LagPolicy } from "./lag_policy.ts";
import { DEFAULT_RETENTION, type Retention } from "./retention.ts";

/**
 * Computes the key of a record in a topic with `lag: "latest"`: a record replaces the one with the same key. It must be
 * synchronous, because waiting for it would reorder records.
 *
 * @typeParam M the message types.
 * @typeParam Auth the `auth` of the grants that `authorize` returns.
 * @typeParam State the program's own data of each peer.
 * @param message the message, with the output of the contract's validator as its fields.
 * @param context the peer that published the message; `undefined` for a message of the hub's own.
 * @returns the key.
 */
export type TopicKey<
  M extends MessageMap = AnyMessages,
  Auth = unknown,
  State = unknown,
> = (
  message: MessageOf<M>,
  context: { readonly peer: Peer<M, Auth, State> | undefined },
) => string;

/**
 * Options of one topic, or of all topics whose name starts with a prefix.
 *
 * @typeParam M the message types.
 * @typeParam Auth the `auth` of the grants that `authorize` returns.
 * @typeParam State the program's own data of each peer.
 */
export interface TopicOptions<
  M extends MessageMap = AnyMessages,
  Auth = unknown,
  State = unknown,
> extends Partial<{ [K in keyof Retention]: Retention[K] | undefined }> {
  /**
   * The treatment of a subscriber that is slower than the topic.
   *
   * @default "gap"
   */
  readonly lag?: LagPolicy | undefined;
  /**
   * With `lag: "latest"`: computes a record's key.
   *
   * @default the message's `type`
   */
  readonly key?: TopicKey<M, Auth, State> | undefined;
  /**
   * `false` for an ephemeral topic: its log is in memory, whatever the store, and a publish to it costs no commit. A store
   * that several nodes share (Redis) refuses it.
   *
   * @default true
   */
  readonly durable?: boolean | undefined;
}

/** {@linkcode TopicOptions} with all defaults filled in. */
export interface TopicSettings extends Retention {
  /** The treatment of a subscriber that is slower than the topic. */
  readonly lag: LagPolicy;
  /** Computes a record's key. */
  readonly key: TopicKey;
  /** `false` if the log is in memory, whatever the store. */
  readonly durable: boolean;
}

/** The default {@linkcode TopicSettings}. */
export const DEFAULT_TOPIC: TopicSettings = {
  ...DEFAULT_RETENTION,
  lag: "gap",
  key: ({ type }) => type,
  durable: true,
};

/**
 * The settings of the logs through which hubs exchange presence. The program's options do not apply to them; the hubs read
 * only new records.
 */
export const PRESENCE_TOPIC: TopicSettings = {
  ...DEFAULT_TOPIC,
  maxAgeMs: 60_000,
};

const NAMES: OptionNames<TopicOptions> = {
  maxRecords: true,
  maxBytes: true,
  maxAgeMs: true,
  lag: true,
  key: true,
  durable: true,
};

/**
 * Topic options by name; a name that ends in `*` is a prefix. The exact name takes precedence, then the longest prefix.
 *
 * @typeParam M the message types.
 * @typeParam Auth the `auth` of the grants that `authorize` returns.
 * @typeParam State the program's own data of each peer.
 */
export type TopicOptionsByName<
  M extends MessageMap = AnyMessages,
  Auth = unknown,
  State = unknown,
> = Readonly<Record<string, TopicOptions<M, Auth, State>>>;

/**
 * Resolves options by topic name.
 *
 * @param byName the options as given.
 * @param action the action that they are for, which begins the error message.
 * @returns a function from a topic's name to its settings.
 * @throws {TypeError} for an unknown option, or a value of the wrong type.
 * @throws {RangeError} for a negative number.
 */
export function topicOptions(
  byName: TopicOptionsByName = {},
  action = "Cannot create the hub",
): (name: string) => TopicSettings {
  // Any name may be a topic: only the object is checked.
  checkNames(action, byName, byName, "topics");
  const exact = new Map<string, TopicSettings>();
  const prefixes: (readonly [prefix: string, settings: TopicSettings])[] = [];
  for (const [name, options] of Object.entries(byName)) {
    const settings = settingsOf(options, action, `topics.${name}`);
    if (name.endsWith("*")) prefixes.push([name.slice(0, -1), settings]);
    else exact.set(name, settings);
  }
  prefixes.sort(([a], [b]) => b.length - a.length);
  return (name) =>
    exact.get(name) ?? prefixes.find(([prefix]) =>
      name.startsWith(prefix)
    )?.[1] ?? DEFAULT_TOPIC;
}

function settingsOf(
  options: TopicOptions,
  action: string,
  group: string,
): TopicSettings {
  checkNames(action, options, NAMES, group);
  const {
    lag = DEFAULT_TOPIC.lag,
    key = DEFAULT_TOPIC.key,
    durable = DEFAULT_TOPIC.durable,
    ...bounds
  } = options;
  checkOneOf(action, `${group}.lag`, lag, LAG_POLICIES);
  checkFunction(action, `${group}.key`, key);
  checkBoolean(action, `${group}.durable`, durable);
  return {
    ...numberOptions(action, group, DEFAULT_RETENTION, bounds),
    lag,
    key,
    durable,
  };
}

/** Returns `true` if a topic may be ephemeral. @param byName checked options. */
export function hasEphemeralTopics(byName: TopicOptionsByName = {}): boolean {
  return Object.values(byName).some(({ durable }) => durable === false);
}
