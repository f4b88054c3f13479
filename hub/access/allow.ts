import { checkNames } from "../../common/options.ts";
import type { Peer } from "../peer.ts";

/**
 * The topics that a rule allows: a list of names, where a name that ends in `*` is a prefix; or a function that returns
 * `true`, or a promise of `true`, for an allowed topic. The hub calls the function for each frame, so it must be fast: the
 * later frames of the peer wait for a promise, up to `limits.authorizeMs`. After a rejection, or without an answer in time,
 * the use is refused with `unavailable`.
 *
 * @typeParam ThePeer the type of the peers.
 */
export type TopicRule<ThePeer extends Peer = Peer> =
  | readonly string[]
  | ((peer: ThePeer, topic: string) => boolean | Promise<boolean>);

/**
 * The topics that peers may use. It does not restrict the program that owns the hub.
 *
 * @typeParam ThePeer the type of the peers.
 */
export interface Allow<ThePeer extends Peer = Peer> {
  /**
   * The topics whose records, history and presence a peer may read.
   *
   * @default all
   */
  readonly subscribe?: TopicRule<ThePeer>;
  /**
   * The topics that a peer may publish to.
   *
   * @default all
   */
  readonly publish?: TopicRule<ThePeer>;
}

/** A use of a topic that rules allow or refuse. */
export type TopicUse = keyof Allow;

/** A checked {@linkcode Allow}. An absent rule allows every topic. */
export type Rules = Readonly<
  Partial<
    Record<TopicUse, (peer: Peer, topic: string) => boolean | Promise<boolean>>
  >
>;

/** The rights of a connection, from the grant that `authorize` returned for it. */
export interface Rights {
  /** The user of the connection. */
  readonly user: string | undefined;
  /** The program's data about the connection. */
  readonly auth: unknown;
  /** The end of the grant on the monotonic clock, which a jump of the wall clock does not change. */
  readonly until: number;
  /** The topics that the peer may use. */
  readonly rules: Rules;
}

/**
 * Checks an {@linkcode Allow}.
 *
 * @param allow the rules as given.
 * @param action the action that they are for, which begins the error message.
 * @returns a function for each use that has a rule.
 * @throws {TypeError} for an unknown use, or a rule that is neither a list of names nor a function.
 */
export function rulesOf(
  allow: Allow = {},
  action = "Cannot create the hub",
): Rules {
  checkNames(action, allow, { subscribe: true, publish: true }, "allow");
  const rules: { -readonly [K in TopicUse]?: Rules[K] } = {};
  for (const use of ["subscribe", "publish"] as const) {
    const rule: unknown = allow[use];
    if (rule !== undefined) rules[use] = ruleOf(action, use, rule);
  }
  return rules;
}

function ruleOf(
  action: string,
  use: TopicUse,
  rule: unknown,
): NonNullable<Rules[TopicUse]> {
  if (typeof rule === "function") {
    // Only `true` allows.
    return (peer, topic) => {
      const answer = rule(peer, topic);
      return answer instanceof Promise
        ? answer.then((answer) => answer === true)
        : answer === true;
    };
  }
  if (
    !Array.isArray(rule) || !rule.every((name) => typeof name === "string")
  ) {
    throw new TypeError(
      `${action}: the option 'allow.${use}' must be a list of names or a function`,
    );
  }
  const names = new Set<string>(rule);
  const prefixes = rule.filter((name) => name.endsWith("*"))
    .map((name) => name.slice(0, -1));
  return (_peer, topic) =>
    names.has(topic) || prefixes.some((prefix) => topic.startsWith(prefix));
}
