import { assertEquals, assertThrows } from "@std/assert";
import {
  ANY,
  BINARY,
  Handlers,
  type HubMessageContext,
} from "../../../hub/log/handlers.ts";
import { inMemory } from "../in_memory.ts";

const context: HubMessageContext = {
  topic: "lobby",
  from: "$hub",
  at: 5,
  offset: 3,
  own: true,
};

Deno.test("a handler receives the messages of its type and no others", () => {
  const handlers = new Handlers(() => {});
  const seen: unknown[] = [];
  handlers.add(
    undefined,
    "chat",
    (message, context) => void seen.push(message, context),
  );
  handlers.run({ type: "chat" }, context);
  handlers.run({ type: "move" }, context);
  handlers.run(new Uint8Array(1), context);
  assertEquals(seen, [{ type: "chat" }, context]);
});

Deno.test("a removed handler receives nothing, and the others continue", () => {
  const handlers = new Handlers(() => {});
  const seen: string[] = [];
  const remove = handlers.add(undefined, "chat", () => void seen.push("first"));
  handlers.add(undefined, "chat", () => void seen.push("second"));
  remove();
  remove();
  handlers.run({ type: "chat" }, context);
  assertEquals(seen, ["second"]);
});

Deno.test("a topic's handlers receive its messages: those of a type, those of every type, and binary payloads", () => {
  const handlers = new Handlers(() => {});
  const seen: unknown[] = [];
  for (const selector of ["chat", ANY, BINARY] as const) {
    handlers.add("lobby", selector, (message) => {
      seen.push([selector, message]);
    });
    handlers.add("other", selector, () => void seen.push("other"));
  }
  handlers.run({ type: "chat" }, context);
  handlers.run({ type: "move" }, context);
  handlers.run(Uint8Array.of(7), context);
  assertEquals(seen, [
    ["chat", { type: "chat" }],
    [ANY, { type: "chat" }],
    [ANY, { type: "move" }],
    [BINARY, Uint8Array.of(7)],
  ]);
});

Deno.test("has is true only for messages with a handler", () => {
  const handlers = new Handlers(() => {});
  const found = () => [
    handlers.has("lobby", "chat"),
    handlers.has("lobby", "move"),
    handlers.has("lobby", undefined),
    handlers.has("other", "chat"),
  ];
  const none = [false, false, false, false];
  assertEquals(found(), none);
  for (
    const [topic, selector, expected] of [
      [undefined, "chat", [true, false, false, true]],
      ["lobby", "chat", [true, false, false, false]],
      ["lobby", ANY, [true, true, false, false]],
      ["lobby", BINARY, [false, false, true, false]],
    ] as const
  ) {
    const remove = handlers.add(topic, selector, () => {});
    assertEquals(found(), [...expected]);
    remove();
    assertEquals(found(), none);
  }
});

Deno.test("a handler with once is called once, also when it publishes again", () => {
  const handlers = new Handlers(() => {});
  let calls = 0;
  handlers.add(undefined, "chat", () => {
    calls++;
    handlers.run({ type: "chat" }, context);
  }, { once: true });
  handlers.run({ type: "chat" }, context);
  assertEquals([calls, handlers.has("lobby", "chat")], [1, false]);
});

Deno.test("a signal removes the handler, and an aborted one adds none", () => {
  const handlers = new Handlers(() => {});
  const { signal, abort } = aborting();
  let calls = 0;
  handlers.add("lobby", "chat", () => void calls++, { signal });
  handlers.run({ type: "chat" }, context);
  abort();
  handlers.run({ type: "chat" }, context);
  handlers.add("lobby", "chat", () => void calls++, { signal });
  handlers.run({ type: "chat" }, context);
  assertEquals([calls, handlers.has("lobby", "chat")], [1, false]);
});

Deno.test("a handler that an earlier handler removes is not called, and one that it adds is called the next time", () => {
  const handlers = new Handlers(() => {});
  const seen: string[] = [];
  handlers.add(undefined, "chat", () => {
    seen.push("first");
    remove();
    handlers.add(undefined, "chat", () => void seen.push("added"));
  }, { once: true });
  const remove = handlers.add(
    undefined,
    "chat",
    () => void seen.push("second"),
  );
  handlers.run({ type: "chat" }, context);
  assertEquals(seen, ["first"]);
  handlers.run({ type: "chat" }, context);
  assertEquals(seen, ["first", "added"]);
});

Deno.test("an unknown option of a handler is refused, with the nearest known one", () => {
  const handlers = new Handlers(() => {});
  const options = { onse: true } as object;
  assertThrows(
    () => handlers.add(undefined, "chat", () => {}, options),
    TypeError,
    "unknown option 'onse' (did you mean 'once'?)",
  );
});

Deno.test("a handler that throws, or whose promise is rejected, is reported and does not stop the others", async () => {
  const failures: unknown[] = [];
  const handlers = new Handlers((error) => failures.push(error));
  const seen: string[] = [];
  handlers.add(undefined, "chat", () => {
    throw "thrown";
  });
  handlers.add(undefined, "chat", () => Promise.reject("rejected"));
  handlers.add(undefined, "chat", () => void seen.push("third"));
  handlers.run({ type: "chat" }, context);
  await Promise.resolve();
  assertEquals(seen, ["third"]);
  assertEquals(failures, ["thrown", "rejected"]);
});

Deno.test("hub.on calls the handler after the flush, with the message, the peer and the offset", async () => {
  await using hub = inMemory();
  const { peer, start } = await hub.start({ topics: { room: {} } });
  const seen: unknown[] = [];
  hub.hub.on("chat", (message, { peer: by, ...info }) => {
    seen.push([message, by?.id, info, peer.readType("batch").length]);
  });
  const at = hub.clock.time();
  peer.send({
    type: "publish",
    id: 1,
    topic: "room",
    message: { type: "chat", text: "a" },
  });
  assertEquals(seen, []);
  hub.flush();
  assertEquals(seen, [[
    { type: "chat", text: "a" },
    start.peer,
    { topic: "room", from: start.peer, at, offset: 0, own: false },
    1,
  ]]);
});

Deno.test("hub.on receives the hub's own messages, without a peer", async () => {
  await using hub = inMemory();
  const seen: unknown[] = [];
  hub.hub.on("chat", (_, context) => void seen.push(context));
  const at = hub.clock.time();
  hub.hub.broadcast({ type: "chat" });
  hub.flush();
  assertEquals(seen, [
    { topic: "lobby", from: "$hub", at, offset: 0, own: true },
  ]);
});

Deno.test("hub.on receives no refused message, and a repeated publish once", async () => {
  await using hub = inMemory();
  const peer = await hub.v1();
  let heard = 0;
  hub.hub.on("chat", () => void heard++);
  hub.hub.topic("$mine").publish({ type: "chat" }).catch(() => {});
  const publish = {
    type: "publish",
    id: 1,
    topic: "lobby",
    message: { type: "chat" },
  };
  peer.send(publish);
  hub.flush();
  peer.send(publish);
  hub.flush();
  assertEquals(heard, 1);
});

Deno.test("a handler may publish, and receives its own message in the next flush", async () => {
  await using hub = inMemory();
  const peer = hub.plain();
  hub.hub.on("ask", () => {
    hub.hub.broadcast({ type: "answer" });
  });
  peer.send({ type: "ask" });
  hub.flush();
  assertEquals(peer.read(), [{ type: "ask" }, { type: "answer" }]);
});

Deno.test("a topic's handlers receive the messages and payloads of peers and of the hub", async () => {
  await using hub = inMemory();
  const { peer, start } = await hub.start({ topics: {} });
  const plain = hub.plain();
  const seen: unknown[] = [];
  const lobby = hub.hub.topic("lobby");
  lobby.on("chat", ({ type }, { own }) => void seen.push([type, own]));
  lobby.onAny(({ type }, { offset }) => void seen.push([type, offset]));
  lobby.onBinary((payload, { from }) => void seen.push([...payload, from]));
  hub.hub.topic("room").onAny(() => void seen.push("room"));
  peer.send({
    type: "publish",
    id: 1,
    topic: "lobby",
    message: { type: "chat" },
  });
  peer.sendBinary(
    { type: "publish", id: 2, topic: "lobby" },
    Uint8Array.of(1, 2),
  );
  plain.far.send(Uint8Array.of(3));
  hub.hub.broadcast(Uint8Array.of(4));
  hub.flush();
  const [, { id }] = hub.opened as unknown as [unknown, { id: string }];
  assertEquals(seen, [
    ["chat", false],
    ["chat", 0],
    [1, 2, start.peer],
    [3, id],
    [4, "$hub"],
  ]);
});

Deno.test("a handler that changes a payload does not change the record", async () => {
  await using hub = inMemory();
  const lobby = hub.hub.topic("lobby");
  lobby.onBinary((payload) => void payload.fill(0));
  lobby.publish(Uint8Array.of(1, 2));
  hub.flush();
  const { records: [record] } = await lobby.history();
  assertEquals(record?.kind === "binary" && [...record.payload], [1, 2]);
});

/** A signal, and the function that aborts it. */
function aborting(): { signal: AbortSignal; abort(): void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}
