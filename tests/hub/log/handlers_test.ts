import { assertEquals } from "@std/assert";
import { Handlers, type MessageContext } from "../../../hub/log/handlers.ts";
import { inMemory } from "../in_memory.ts";

const context: MessageContext = { topic: "lobby", offset: 3 };

Deno.test("a handler gets the messages of its type and no other", () => {
  const handlers = new Handlers(() => {});
  const seen: unknown[] = [];
  handlers.add("chat", (message, context) => void seen.push(message, context));
  handlers.run({ type: "chat" }, context);
  handlers.run({ type: "move" }, context);
  assertEquals(seen, [{ type: "chat" }, context]);
});

Deno.test("a handler that was taken away gets nothing, the others go on", () => {
  const handlers = new Handlers(() => {});
  const seen: string[] = [];
  const remove = handlers.add("chat", () => void seen.push("first"));
  handlers.add("chat", () => void seen.push("second"));
  remove();
  remove();
  handlers.run({ type: "chat" }, context);
  assertEquals(seen, ["second"]);
});

Deno.test("whether anybody wants a type is known without asking the handlers", () => {
  const handlers = new Handlers(() => {});
  assertEquals(handlers.has("chat"), false);
  const remove = handlers.add("chat", () => {});
  assertEquals(handlers.has("chat"), true);
  remove();
  assertEquals(handlers.has("chat"), false);
});

Deno.test("a handler that throws, or whose promise is rejected, is reported and spares the others", async () => {
  const failures: unknown[] = [];
  const handlers = new Handlers((error) => failures.push(error));
  const seen: string[] = [];
  handlers.add("chat", () => {
    throw "thrown";
  });
  handlers.add("chat", () => Promise.reject("rejected"));
  handlers.add("chat", () => void seen.push("third"));
  handlers.run({ type: "chat" }, context);
  await Promise.resolve();
  assertEquals(seen, ["third"]);
  assertEquals(failures, ["thrown", "rejected"]);
});

Deno.test("hub.on tells what was committed, by whom and where, after it is on its way to the peers", async () => {
  await using hub = inMemory();
  const { peer, start } = await hub.greeted({ topics: { room: {} } });
  const seen: unknown[] = [];
  hub.hub.on("chat", (message, { peer: by, topic, offset }) => {
    seen.push([message, by?.id, topic, offset, peer.readType("batch").length]);
  });
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
    "room",
    0,
    1,
  ]]);
});

Deno.test("hub.on hears what the program publishes, without a peer", async () => {
  await using hub = inMemory();
  const seen: unknown[] = [];
  hub.hub.on("chat", (_, context) => void seen.push(context));
  hub.hub.broadcast({ type: "chat" });
  hub.flush();
  assertEquals(seen, [{ topic: "lobby", offset: 0 }]);
});

Deno.test("hub.on does not hear what was refused, nor a repeated publish twice", async () => {
  await using hub = inMemory();
  const peer = await hub.v1();
  let heard = 0;
  hub.hub.on("chat", () => void heard++);
  hub.hub.topic("$mine").publish({ type: "chat" });
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

Deno.test("a handler may publish, and is heard in the next flush", async () => {
  await using hub = inMemory();
  const peer = hub.plain();
  hub.hub.on("ask", () => {
    hub.hub.broadcast({ type: "answer" });
  });
  peer.send({ type: "ask" });
  hub.flush();
  assertEquals(peer.read(), [{ type: "ask" }, { type: "answer" }]);
});
