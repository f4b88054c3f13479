import { DEFAULT_RETENTION, withDefaults } from "../limits.ts";
import type { Retention } from "./log.ts";

/**
 * What happens to a subscriber that is slower than its topic:
 *
 * - `gap`: when the log has dropped what it has not got yet, it is told which records are lost to it.
 * - `disconnect`: then it is closed with 4002. Its client comes back, resumes, and is told the gap.
 * - `latest`: a record replaces the one before it with the same key, so that a subscriber that is behind gets the newest
 *   of each key and nothing in between. For state: prices, positions, who is typing.
 */
export type LagPolicy = "gap" | "disconnect" | "latest";

/** Options of one topic, or of all whose name starts with a prefix. */
export interface TopicOptions extends Partial<Retention> {
  /** What happens to a subscriber that is too slow. Default: `gap`. */
  readonly lag?: LagPolicy;
  /** With `lag: "latest"`: which records replace each other. Default: those of the same `type`. */
  readonly key?: (message: { readonly type: string }) => string;
}

/** {@linkcode TopicOptions} with no default left open. */
export interface TopicSettings extends Retention {
  /** What happens to a subscriber that is too slow. */
  readonly lag: LagPolicy;
  /** Which records replace each other. */
  readonly key: (message: { readonly type: string }) => string;
}

/** The default {@linkcode TopicSettings}. */
export const DEFAULT_TOPIC: TopicSettings = {
  ...DEFAULT_RETENTION,
  lag: "gap",
  key: ({ type }) => type,
};

const POLICIES: readonly unknown[] = ["gap", "disconnect", "latest"];

/** Options by topic name; a name that ends in `*` is a prefix. The exact name wins, then the longest prefix. */
export type TopicOptionsByName = Readonly<Record<string, TopicOptions>>;

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
