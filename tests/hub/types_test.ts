// The compiler runs these tests: an expected error that does not occur fails `deno check`.
import * as v from "valibot";
import { createHub } from "../../hub.ts";
import type { Hub } from "../../hub/hub.ts";
import type { Peer } from "../../hub/peer.ts";
import { createHandler, type serve } from "../../server.ts";
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

/** The contract's messages and presence data, and the grant's data, reach hooks, rules, keys and peers. */
export function hooks(): void {
  const hub = createHub({
    contract: closed,
    authorize: ({ token }) =>
      token === undefined
        ? "unauthenticated"
        : { user: token, auth: { role: "admin" } },
    onOpen(peer) {
      const role: string = peer.auth.role;
      // @ts-expect-error: the grant's data has no such field
      void peer.auth.roles;
      void peer.send({ type: "chat", text: role });
      // @ts-expect-error: a text is a string
      void peer.send({ type: "chat", text: 5 });
    },
    onPresence({ join }) {
      for (const { data } of join) data.name satisfies string;
      // @ts-expect-error: the contract's presence data has no such field
      for (const { data } of join) data.title satisfies string;
    },
    allow: { publish: (peer, topic) => peer.auth.role === topic },
    topics: {
      "state:*": {
        lag: "latest",
        key: (message, { peer }) =>
          message.type === "move"
            ? `${peer?.auth.role}${message.x satisfies number}`
            : message.text satisfies string,
      },
    },
  });
  for (const peer of hub.peers) peer.auth.role satisfies string;
  for (const peer of hub.topic("room").subscribers) {
    peer.auth.role satisfies string;
  }
  for (const { name } of hub.topic("room").presence.values()) {
    name satisfies string;
  }
  // @ts-expect-error: presence data is not a number
  for (const data of hub.topic("room").presence.values()) data satisfies number;
  createHandler(hub);
  const general: Hub = hub;
  void general;
}

/** An asynchronous `authorize` gives its data, and an annotated hook the state. */
export function authorizes(server: typeof serve): void {
  const { hub } = server({
    authorize: async (request) => {
      await Promise.resolve();
      return request.token === "" ? "forbidden" : { auth: 5 };
    },
    onOpen(peer: Peer<AnyMessages, number, { count: number }>) {
      peer.state = { count: peer.auth };
    },
    onClose(peer) {
      peer.state?.count satisfies number | undefined;
      // @ts-expect-error: the state has no such field
      void peer.state?.counter;
    },
  });
  for (const peer of hub.peers) {
    peer.auth satisfies number;
    // @ts-expect-error: a peer has no state until the program sets it
    peer.state.count satisfies number;
  }
}

/** Handlers receive typed messages and peers; history gives typed messages. */
export async function handles(
  hub: Hub<
    { chat: { text: string }; move: { x: number } },
    Record<never, never>,
    unknown,
    { role: string }
  >,
): Promise<void> {
  hub.on("chat", ({ text }, { peer, offset, own }) => {
    text satisfies string;
    peer?.auth.role satisfies string | undefined;
    offset satisfies number;
    own satisfies boolean;
    // @ts-expect-error: the hub's own messages have no peer
    void peer.auth;
  });
  // @ts-expect-error: the contract does not name this type
  hub.on("dance", () => {});
  const room = hub.topic("room");
  room.on("move", ({ x }) => void (x satisfies number), { once: true });
  room.onAny((message) => {
    if (message.type === "chat") message.text satisfies string;
    else message.x satisfies number;
  }, { signal: AbortSignal.abort() });
  room.onBinary((payload, { from }) => {
    payload satisfies Uint8Array;
    from satisfies string;
  });
  const { records } = await room.history({ from: 1 });
  for (const record of records) {
    if (record.kind === "binary") record.payload satisfies Uint8Array;
    else if (record.message.type === "chat") {
      record.message.text satisfies string;
      // @ts-expect-error: a chat message has no such field
      void record.message.x;
    }
  }
}

/** Every option may be `undefined`. */
export function options(start: typeof serve): void {
  start({
    port: undefined,
    hostname: undefined,
    contract: undefined,
    authorize: undefined,
    allow: undefined,
    limits: { inflight: undefined },
    topics: { a: { lag: undefined, key: undefined, maxBytes: undefined } },
    sessionMs: undefined,
    store: undefined,
  });
}
