import {
  type HelloFrame,
  LOBBY,
  type Start,
  startProblem,
  type TopicStart,
} from "../../messages.ts";
import type { Denial } from "../access/authorizer.ts";
import { decided } from "../access/pending_decision.ts";
import {
  directLogOf,
  isSession,
  newSession,
  ownerMark,
  peerIdOf,
} from "../ids.ts";
import { Topic } from "../log/topic.ts";
import type { Connection } from "../peers/connection.ts";
import type { ProtocolContext } from "./context.ts";

/** The parts of the hub that {@linkcode handleHello} uses. */
export type HelloContext = Pick<
  ProtocolContext,
  "access" | "sessions" | "limits" | "monitor" | "direct" | "openFor"
>;

/** The result of an accepted hello. */
export interface HelloResult {
  /** The session as the store has it, with the mark of its owner. */
  readonly session: string;
  /** `true` if the session was resumed. */
  readonly resumed: boolean;
  /** The open topics that the peer subscribes to, and the start of each cursor. */
  readonly topics: readonly (readonly [Topic, Start])[];
  /** The topics that were refused. */
  readonly refused: readonly (readonly [string, TopicStart])[];
}

/**
 * Handles a hello: authorizes the connection, resumes or begins its session, and opens its topics.
 *
 * @param context the parts of the hub.
 * @param connection the connection that sent the hello.
 * @param frame the hello.
 * @returns the result, or the reason why the connection is refused.
 */
export async function handleHello(
  context: HelloContext,
  connection: Connection,
  frame: HelloFrame,
): Promise<HelloResult | Denial | "limit"> {
  const { access, sessions, monitor } = context;
  // Before the claim: a refused connection must not take the session from the connection that has it.
  const rights = access.isRequired
    ? await access.identify(connection, frame.token)
    : undefined;
  if (typeof rights === "string") return rights;
  // Detached meanwhile: another connection may have the session by now.
  if (connection.isDetached) return "unavailable";
  const { user } = rights ?? {};
  const mark = user === undefined ? "" : await ownerMark(user);
  const requested = frame.session ?? "";
  const resumed = isSession(requested) &&
    await sessions.claim(requested + mark, connection);
  const session = (resumed ? requested : newSession()) + mark;
  // After the claim: it has closed the older connection of the same user.
  const refusal = rights && access.accept(connection, rights);
  if (refusal !== undefined) {
    if (resumed) sessions.detach(session, connection);
    return refusal;
  }
  if (requested !== "") monitor.resumed(resumed);
  if (!resumed) sessions.begin(session, connection);
  // The program's rules, which are called next, receive the peer with its id.
  connection.id = peerIdOf(session);
  connection.resumed = resumed;
  return {
    session,
    resumed,
    ...await openTopics(context, connection, frame.topics),
  };
}

async function openTopics(
  context: HelloContext,
  connection: Connection,
  requested: HelloFrame["topics"] = { [LOBBY]: {} },
): Promise<Pick<HelloResult, "topics" | "refused">> {
  const { direct, limits, openFor } = context;
  const { id, resumed } = connection;
  const directLog = directLogOf(id);
  const opened: [Topic, Start | undefined][] = [];
  const refused: [string, TopicStart][] = [];
  let free = limits.topicsPerPeer;
  let hasDirectLog = false;
  for (const [name, start] of Object.entries(requested)) {
    if (name === directLog) hasDirectLog = true;
    if (startProblem(start) !== undefined) {
      refused.push([name, { error: "invalid" }]);
    } else if (name === directLog) {
      // Not counted: the hub subscribed the peer to it.
      opened.push([direct.open(id), start]);
    } else if (free === 0) {
      refused.push([name, { error: "limit" }]);
    } else {
      const topic = await decided(() => openFor("subscribe", connection, name));
      if (connection.isDetached) break;
      if (topic instanceof Topic) {
        opened.push([topic, start]);
        free--;
      } else refused.push([name, { error: topic.code }]);
    }
  }
  // A client that does not name its direct log has received nothing of it.
  if (resumed && !hasDirectLog) {
    const topic = await direct.openStored(id);
    if (topic !== undefined) opened.push([topic, undefined]);
  }
  await Promise.all(opened.map(([topic]) => topic.opened));
  return {
    // The start of a whole log needs its epoch, which an open log has.
    topics: opened.map(([topic, start]) => [topic, start ?? topic.start]),
    refused,
  };
}

/** Returns the direct log of a resumed peer if the hub created it during the hello: the peer has received nothing of it. */
export function lateDirectLog(
  { direct }: HelloContext,
  { session, resumed, topics, refused }: HelloResult,
): readonly (readonly [Topic, Start])[] {
  const topic = direct.find(peerIdOf(session));
  const isLate = resumed && topic !== undefined &&
    !topics.some(([opened]) => opened === topic) &&
    !refused.some(([name]) => name === topic.name);
  return isLate ? [[topic, topic.start]] : [];
}
