import { withDefaults } from "../limits.ts";
import type { AnyMessages, MessageMap, MessageOf } from "../../messages.ts";
import type { Peer } from "../peer.ts";
import { DEFAULT_RETENTION, type Retention } from "./retention.ts";

/**
 * What happens to a subscriber that is slower than its topic:
 *
 * - `gap`: when the log has dropped what it has not got yet, it is told which records are lost to it.
 * - `disconnect`: then it is closed with 4002. Its client comes back, resumes, and is told the gap.
 * - `latest`: a record replaces the one before it with the same key, so that a subscriber that is behind gets the newest
 *   of each key and nothing in between. For state: prices, positions, who is typing.
 */
export type LagPolicy = "gap" | "disconnect" | "latest";

/**
 * Computes the key of a record in a topic with `lag: "latest"`: a record replaces the one with the same key. It must be
 * synchronous, because waiting for it would reorder records.
 *
 * @typeParam M the message types.
 * @typeParam Auth the `data` of the grants that `authorize` returns.
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
 * @typeParam Auth the `data` of the grants that `authorize` returns.
 * @typeParam State the program's own data of each peer.
 */
export interface TopicOptions<
  M extends MessageMap = AnyMessages,
  Auth = unknown,
  State = unknown,
> extends Partial<Retention> {
  /**
   * The treatment of a subscriber that is slower than the topic.
   *
   * @default "gap"
   */
  readonly lag?: LagPolicy;
  /**
   * With `lag: "latest"`: computes a record's key.
   *
   * @default the message's `type`
   */
  readonly key?: TopicKey<M, Auth, State>;
}

/** {@linkcode TopicOptions} with all defaults filled in. */
export interface TopicSettings extends Retention {
  /** The treatment of a subscriber that is slower than the topic. */
  readonly lag: LagPolicy;
  /** Computes a record's key. */
  readonly key: TopicKey;
}

/** The default {@linkcode TopicSettings}. */
export const DEFAULT_TOPIC: TopicSettings = {
  ...DEFAULT_RETENTION,
  lag: "gap",
  key: ({ type }) => type,
};

/**
 * The settings of the logs through which hubs exchange presence. The program's options do not apply to them; the hubs read
 * only new records.
 */
export const PRESENCE_TOPIC: TopicSettings = {
  ...DEFAULT_TOPIC,
  maxAgeMs: 60_000,
};

const POLICIES: readonly unknown[] = ["gap", "disconnect", "latest"];

/**
 * Topic options by name; a name that ends in `*` is a prefix. The exact name takes precedence, then the longest prefix.
 *
 * @typeParam M the message types.
 * @typeParam Auth the `data` of the grants that `authorize` returns.
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
 * @returns a function from a topic's name to its settings.
 * @throws {RangeError} when a number is not one or a policy is unknown, {@linkcode TypeError} for an unknown option.
 */
export function topicOptions(
  byName: TopicOptionsByName = {},
): (name: string) => TopicSettings {
  const exact = new Map<string, TopicSettings>();
  const prefixes: (readonly [prefix: string, settings: TopicSettings])[] = [];
  for (const [name, options] of Object.entries(byName)) {
    const settings = settingsOf(name, options);
    if (name.endsWith("*")) prefixes.push([name.slice(0, -1), settings]);
    else exact.set(name, settings);
  }
  prefixes.sort(([a], [b]) => b.length - a.length);
  return (name) =>
    exact.get(name) ?? prefixes.find(([prefix]) =>
      name.startsWith(prefix)
    )?.[1] ?? DEFAULT_TOPIC;
}

function settingsOf(name: string, options: TopicOptions): TopicSettings {
  const { lag = DEFAULT_TOPIC.lag, key = DEFAULT_TOPIC.key, ...bounds } =
    options;
  const retention = withDefaults(
    `option of the topic '${name}',`,
    DEFAULT_RETENTION,
    bounds,
  );
  if (!POLICIES.includes(lag)) {
    throw new RangeError(
      `The option 'lag' of the topic '${name}' is gap, disconnect or latest, not ${lag}`,
    );
  }
  if (typeof key !== "function") {
    throw new TypeError(
      `The option 'key' of the topic '${name}' is a function`,
    );
  }
  return { ...retention, lag, key };
}
