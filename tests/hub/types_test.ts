// The compiler runs these tests: an expected error that does not occur fails `deno check`.
import * as v from "valibot";
import type { Hub } from "../../hub/hub.ts";
import {
  type AnyMessages,
  type Contract,
  defineMessages,
  type Member,
  type MessageOf,
} from "../../messages.ts";

const closed = defineMessages({
  chat: v.object({ text: v.string() }),
  move: v.object({ x: v.number() }),
}, { presence: v.object({ name: v.string() }) });
const open = defineMessages({
  chat: v.object({ text: v.string() }),
  move: v.object({ x: v.number() }),
}, { open: true });

type HubOf<C> = C extends Contract<infer M, infer R, infer _P> ? Hub<M, R>
  : never;
type PresenceIn<C> = C extends Contract<infer _M, infer _R, infer P> ? P
  : never;
type ClosedMessages = MessageOf<
  typeof closed extends Contract<infer M> ? M : never
>;
type OpenMessages = MessageOf<
  typeof open extends Contract<infer M> ? M : never
>;

/** Publishing rejects a message whose `type` may be one of several, with the fields of only one of them. */
export function publishes(
  hub: HubOf<typeof closed>,
  opened: HubOf<typeof open>,
  untyped: Hub,
  type: "chat" | "move",
): void {
  const room = hub.topic("room");
  const peer = hub.peer("");
  void hub.broadcast({ type: "chat", text: "hello" });
  void room.publish({ type: "move", x: 1 });
  void peer.send(new Uint8Array(1));
  // @ts-expect-error: a move has no text
  void hub.broadcast({ type, text: "hello" });
  // @ts-expect-error: a move has no text
  void room.publish({ type, text: "hello" });
  // @ts-expect-error: a move has no text
  void peer.send({ type, text: "hello" });
  // @ts-expect-error: a text is a string
  void hub.broadcast({ type: "chat", text: 5 });
  // @ts-expect-error: the contract does not name this type
  void hub.broadcast({ type: "dance" });

  void opened.broadcast({ type: "chat", text: "hello" });
  void opened.broadcast({ type: "dance", steps: 4 });
  // @ts-expect-error: also in an open contract, a text is a string
  void opened.broadcast({ type: "chat", text: 5 });
  // @ts-expect-error: also in an open contract, a move has no text
  void opened.broadcast({ type, text: "hello" });

  void untyped.broadcast({ type: "dance", steps: 4 });
  void untyped.broadcast({ type, text: "hello" });
}

/** A comparison of `type` narrows a message to the fields of that type. */
export function narrows(
  closed: ClosedMessages,
  open: OpenMessages,
  any: MessageOf<AnyMessages>,
): unknown[] {
  const seen: unknown[] = [];
  if (closed.type === "chat") seen.push(closed.text satisfies string);
  else seen.push(closed.x satisfies number);
  if (open.type === "chat") {
    seen.push(open.text satisfies string);
    // @ts-expect-error: a chat message has no other fields
    seen.push(open.x);
  } else if (open.type === "move") seen.push(open.x satisfies number);
  else {
    const type: string = open.type;
    const field: unknown = open.anything;
    seen.push(type, field);
  }
  if (any.type === "chat") seen.push(any.text satisfies unknown);
  return seen;
}

/** The contract carries the type of presence data. */
export function presence(): void {
  const member: Member<PresenceIn<typeof closed>> = {
    peer: "",
    data: { name: "Ada" },
  };
  const anything: Member<PresenceIn<typeof open>> = { peer: "", data: 5 };
  const wrong: Member<PresenceIn<typeof closed>> = {
    peer: "",
    // @ts-expect-error: a name is a string
    data: { name: 5 },
  };
  void [member, anything, wrong];
}
