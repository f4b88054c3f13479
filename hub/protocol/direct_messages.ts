import type { Start } from "../../messages.ts";
import type { Connection } from "../peers/connection.ts";
import type { Core } from "../core.ts";
import { directLogOf, directPeerOf } from "../ids.ts";
import type { Refusal } from "../refusal.ts";
import type { Topic } from "../log/topic.ts";

/**
 * Publishes to a peer's own log, and puts the peer into it, if this hub has it.
 *
 * @param core the hub.
 * @param id the peer's public id.
 * @param message a message that the contract accepts, or a binary payload.
 * @returns the record's offset, once it is committed; rejects with a `DrumbeatError`.
 */
export function sendToPeer(
  core: Core,
  id: string,
  message: object | Uint8Array<ArrayBuffer>,
): Promise<number> {
  const { topics, limits, publisher, heartbeat } = core;
  const name = directLogOf(id);
  // What is sent while nobody has ever connected is swept as well.
  heartbeat.start();
  if (
    topics.get(name) === undefined &&
    topics.ownSize >= limits.peers + limits.topics
  ) {
    // The ids may come from anybody: they need not be anyone's.
    const refusal: Refusal = {
      code: "limit",
      message: "More peers' logs are in use than the hub may have",
    };
    return publisher.publishOwn(refusal, name, message);
  }
  const topic = topics.own(name);
  enter(core, id, topic);
  return publisher.publishOwn(topic, name, message);
}

/**
 * A record came into a peer's own log, from whichever hub: the one that has the peer puts it in.
 *
 * @param core the hub.
 * @param name the log's name.
 */
export function directMessage(core: Core, name: string): void {
  const id = directPeerOf(name);
  if (id === undefined || core.connections.byId(id) === undefined) return;
  enter(core, id, core.topics.own(name));
}

function enter(core: Core, id: string, topic: Topic): void {
  topic.whenOpen(() => {
    // Whoever kept the peer of before a cut reaches the connection of now.
    const holder = core.connections.byId(id);
    if (holder === undefined || holder.subscriptions.has(topic.name)) return;
    const place = core.subscribe(holder, topic, nextOf(holder, topic));
    holder.wire.subscribed(topic.name, place);
  });
}

/** The first record that a peer has not had: others may have written some before this hub had the log open. */
function nextOf({ leftOwn }: Connection, topic: Topic): Start {
  return leftOwn?.epoch === topic.epoch ? leftOwn : topic.start;
}
