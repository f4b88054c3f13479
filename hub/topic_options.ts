import { DEFAULT_RETENTION, withDefaults } from "./limits.ts";
import type { Retention } from "./log.ts";

/** Options of one topic, or of all whose name starts with a prefix. */
export type TopicOptions = Partial<Retention>;

/** Options by topic name; a name that ends in `*` is a prefix. The exact name wins, then the longest prefix. */
export type TopicOptionsByName = Readonly<Record<string, TopicOptions>>;

/**
 * Resolves options by topic name.
 *
 * @param byName the options as given.
 * @returns a function from a topic's name to its retention.
 * @throws {RangeError} when a number is not one.
 */
export function topicOptions(
  byName: TopicOptionsByName = {},
): (name: string) => Retention {
  const exact = new Map<string, Retention>();
  const prefixes: (readonly [prefix: string, retention: Retention])[] = [];
  for (const [name, options] of Object.entries(byName)) {
    const retention = withDefaults(
      `option of the topic '${name}',`,
      DEFAULT_RETENTION,
      options,
    );
    if (name.endsWith("*")) prefixes.push([name.slice(0, -1), retention]);
    else exact.set(name, retention);
  }
  prefixes.sort(([a], [b]) => b.length - a.length);
  return (name) =>
    exact.get(name) ?? prefixes.find(([prefix]) =>
      name.startsWith(prefix)
    )?.[1] ?? DEFAULT_RETENTION;
}
