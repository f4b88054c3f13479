import {
  type HelloFrame,
  LOBBY,
  type Start,
  startProblem,
  type TopicStart,
} from "../../messages.ts";
import type { Connection } from "../peers/connection.ts";
import type { Core } from "../core.ts";
import type { Denial } from "../access/authorizer.ts";
import {
  directLogOf,
  isSession,
  newSession,
  ownerMark,
  peerIdOf,
} from "../ids.ts";
import { Topic } from "../log/topic.ts";

/** What came of a hello. */
export interface Greeting {
  /** As the store has it: with its owner. */
  readonly session: string;
  /** Whether the session is one that went on. */
  readonly resumed: boolean;
  /** The topics that the peer may join, open, and where it wants to start. */
  readonly topics: readonly (readonly [Topic, Start])[];
  /** Those it may not, and why. */
  readonly refused: readonly (readonly [string, TopicStart])[];
}

/**
 * Finds out who says hello and opens the topics that it wants. It may wait for the program, and for the store.
 *
 * @param core the hub.
 * @param connection who says it.
 * @param frame what it says.
 * @returns what to answer, or why it is not let in.
 */
export async function handshake(
  core: Core,
  connection: Connection,
  frame: HelloFrame,
): Promise<Greeting | Denial | "limit"> {
  const { access, sessions } = core;
  // Before its session is looked at: whoever is not let in must not take it from the connection that has it.
  const admitted = access.asks
    ? await access.identify(connection, frame.token)
    : undefined;
  if (typeof admitted === "string") return admitted;
  // Gone while it was asked about: the session may be another connection's by now.
  if (connection.isDetached) return "unavailable";
  const { user } = admitted ?? {};
  const mark = user === undefined ? "" : await ownerMark(user);
  const asked = frame.session ?? "";
  const resumed = isSession(asked) &&
    await sessions.claim(asked + mark, connection);
  const session = (resumed ? asked : newSession()) + mark;
  // After that: the connection that had the session makes room for this one.
  const refused = admitted && access.enter(connection, admitted);
  if (refused !== undefined) {
    if (resumed) sessions.leave(session, connection);
    return refused;
  }
  if (asked !== "") core.monitor.resumed(resumed);
  if (!resumed) sessions.begin(session, connection);
  // Rules are asked with the peer: it has to be the one that it will be.
  connection.id = peerIdOf(session);
  connection.resumed = resumed;
  const own = directLogOf(connection.id);
  const topics: [Topic, Start][] = [];
  const refusals: [string, TopicStart][] = [];
  const wanted = new Map(Object.entries(frame.topics ?? { [LOBBY]: {} }));
  // Whoever does not name its own log has had nothing of it: all that it missed is waiting there.
  if (resumed && !wanted.has(own) && core.topics.mayHave(own)) {
    wanted.set(own, FROM_THE_FIRST);
  }
  let left = core.limits.topicsPerPeer;
  for (const [name, start] of wanted) {
    if (startProblem(start) !== undefined) {
      refusals.push([name, { error: "invalid" }]);
    } else if (name === own) {
      // The limit does not count it: the peer did not ask for it.
      topics.push([core.topics.own(name), start]);
    } else if (left === 0) {
      refusals.push([name, { error: "limit" }]);
    } else {
      const topic = core.openFor(connection, "subscribe", name);
      if (topic instanceof Topic) {
        topics.push([topic, start]);
        left--;
      } else refusals.push([name, { error: topic.code }]);
    }
  }
  await Promise.all(topics.map(([topic]) => topic.opened));
  const starts = topics.map(([topic, start]): [Topic, Start] => [
    topic,
    start === FROM_THE_FIRST ? topic.start : start,
  ]);
  return { session, resumed, topics: starts, refused: refusals };
}

/** The own log of a peer that resumed, if it came into being while the peer was greeted: all of it is waiting there. */
export function lateLog(
  core: Core,
  { session, resumed, topics, refused }: Greeting,
): readonly (readonly [Topic, Start])[] {
  const own = core.topics.get(directLogOf(peerIdOf(session)));
  const isLate = resumed && own !== undefined &&
    !topics.some(([topic]) => topic === own) &&
    !refused.some(([name]) => name === own.name);
  return isLate ? [[own, own.start]] : [];
}

/** Stands for offset 0 of an epoch that is known only when the topic is open. */
const FROM_THE_FIRST: Start = {};
