import {
  type HelloFrame,
  LOBBY,
  type Start,
  startProblem,
  type TopicStart,
} from "../messages.ts";
import type { Connection } from "./connection.ts";
import type { Core } from "./core.ts";
import { isSession, peerIdOf } from "./ids.ts";
import { Topic } from "./topic.ts";

/** What came of a hello. */
export interface Greeting {
  readonly session: string;
  /** Whether the session is one that went on. */
  readonly resumed: boolean;
  /** The topics that the peer may join, open, and where it wants to start. */
  readonly topics: readonly (readonly [Topic, Start])[];
  /** Those it may not, and why. */
  readonly refused: readonly (readonly [string, TopicStart])[];
}

/**
 * Finds out who says hello and opens the topics that it wants. It may wait for the store.
 *
 * @param core the hub.
 * @param connection who says it.
 * @param frame what it says.
 */
export async function greet(
  core: Core,
  connection: Connection,
  frame: HelloFrame,
): Promise<Greeting> {
  const asked = frame.session ?? "";
  const resumed = isSession(asked) &&
    await core.sessions.claim(asked, connection);
  const session = resumed ? asked : core.sessions.begin(connection);
  const own = ownTopicOf(peerIdOf(session));
  const topics: [Topic, Start][] = [];
  const refused: [string, TopicStart][] = [];
  const wanted = new Map(Object.entries(frame.topics ?? { [LOBBY]: {} }));
  // Whoever does not name its own log has had nothing of it: all that it missed is waiting there.
  if (resumed && !wanted.has(own) && core.topics.mayHave(own)) {
    wanted.set(own, FROM_THE_FIRST);
  }
  let left = core.limits.topicsPerPeer;
  for (const [name, start] of wanted) {
    if (startProblem(start) !== undefined) {
      refused.push([name, { error: "invalid" }]);
    } else if (name === own) {
      // The limit does not count it: the peer did not ask for it.
      topics.push([core.topics.own(name), start]);
    } else if (left === 0) {
      refused.push([name, { error: "limit" }]);
    } else {
      const topic = core.topics.open(name);
      if (topic instanceof Topic) {
        topics.push([topic, start]);
        left--;
      } else refused.push([name, { error: topic.code }]);
    }
  }
  await Promise.all(topics.map(([topic]) => topic.opened));
  const starts = topics.map(([topic, start]): [Topic, Start] => [
    topic,
    start === FROM_THE_FIRST ? fromTheFirst(topic) : start,
  ]);
  return { session, resumed, topics: starts, refused };
}

/** The own log of a peer that resumed, if it came into being while the peer was greeted: all of it is waiting there. */
export function lateLog(
  core: Core,
  { session, resumed, topics, refused }: Greeting,
): readonly (readonly [Topic, Start])[] {
  const own = core.topics.get(ownTopicOf(peerIdOf(session)));
  const isLate = resumed && own !== undefined &&
    !topics.some(([topic]) => topic === own) &&
    !refused.some(([name]) => name === own.name);
  return isLate ? [[own, fromTheFirst(own)]] : [];
}

function fromTheFirst({ epoch }: Topic): Start {
  return { epoch, offset: 0 };
}

/** Stands for offset 0 of an epoch that is known only when the topic is open. */
const FROM_THE_FIRST: Start = {};

/** The name of a peer's own log. */
export function ownTopicOf(peer: string): string {
  return `$peer/${peer}`;
}
