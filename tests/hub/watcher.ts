import { assert } from "@std/assert";
import type { AnyFrame, TestPeer } from "./in_memory.ts";
import type { Node, Nodes } from "./nodes.ts";

/** A member of `room`, with the members that its client has by the frames that it received. */
export class Watcher {
  readonly view = new Map<string, unknown>();
  /** The members that left, in order. */
  readonly left: string[] = [];
  /** `true` while parts of a list are still to arrive. */
  hasMore = false;
  count: number | undefined;
  readonly id: string;
  readonly session: string;
  readonly peer: TestPeer;

  constructor(peer: TestPeer, start: AnyFrame) {
    this.peer = peer;
    this.id = start.peer;
    this.session = start.session;
  }

  /** Applies the frames that arrived. */
  look(): this {
    for (const frame of this.peer.readType("presence")) {
      this.count = frame.count;
      const isFirst = frame.snapshot && frame.part === undefined;
      if (frame.count !== undefined || isFirst) this.view.clear();
      this.hasMore = frame.more === true;
      for (const { peer, data } of frame.join ?? []) this.view.set(peer, data);
      for (const peer of frame.leave ?? []) {
        assert(this.view.delete(peer), `${peer} leaves, but is not a member`);
        this.left.push(peer);
      }
      this.peer.send({ type: "pong" });
    }
    return this;
  }
}

/** Connects a peer to a hub, as a member of `room`. */
export async function join(
  nodes: Nodes,
  node: Node,
  data: unknown,
  session?: string,
): Promise<Watcher> {
  const { peer, start } = await nodes.start(node, {
    topics: { room: { presence: true, data } },
    ...(session === undefined ? {} : { session }),
  });
  return new Watcher(peer, start);
}
