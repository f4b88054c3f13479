import type { Node } from "../nodes.ts";
import type { AnyFrame, InMemory, TestPeer } from "../in_memory.ts";

/** Returns a hello of a member of `room`. */
export const member = (data?: unknown, session?: string) => ({
  topics: { room: { presence: true, ...(data === undefined ? {} : { data }) } },
  ...(session === undefined ? {} : { session }),
});

/** Connects a member that has read its snapshot. */
export async function joined(hub: InMemory, data?: unknown) {
  const { peer, start } = await hub.start(member(data));
  hub.flush();
  peer.read();
  return { peer, id: start.peer as string, session: start.session as string };
}

/** Flushes, and returns the presence frames that arrived since the last read. */
export function presenceOf(hub: InMemory, peer: TestPeer): AnyFrame[] {
  hub.flush();
  return peer.readType("presence");
}

/** Reads a whole list of members, and confirms each part of it. */
export function readList(hub: InMemory, peer: TestPeer): AnyFrame[] {
  const members: AnyFrame[] = [];
  for (;;) {
    const frames = presenceOf(hub, peer);
    peer.send({ type: "pong" });
    for (const { join } of frames) members.push(...join);
    if (frames.at(-1)?.more !== true) return members;
  }
}

/** Returns the members of `room` that a hub's program reads. */
export function membersAt({ hub }: Node): Record<string, unknown> {
  return Object.fromEntries(hub.topic("room").presence);
}
