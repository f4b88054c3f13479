import { assertEquals } from "@std/assert";
import { defineMessages } from "../../../messages.ts";
import { type AnyFrame, inMemory } from "../in_memory.ts";

/** Names of properties that objects inherit. */
const NAMES = ["__proto__", "constructor", "toString", "hasOwnProperty"];

/** Checks that no prototype has changed. */
function assertClean(): void {
  assertEquals(Object.keys(Object.prototype), []);
  assertEquals(({} as AnyFrame).polluted, undefined);
}

Deno.test("accepts inherited property names as topics in every frame", async () => {
  await using hub = inMemory();
  const topics = `{${NAMES.map((name) => `"${name}":{}`).join()}}`;
  const { peer, start } = await hub.start({ topics: JSON.parse(topics) });
  assertEquals(Object.keys(start.topics), NAMES);
  for (const [i, topic] of NAMES.entries()) {
    const id = 10 * i;
    peer.send({ type: "unsubscribe", id, topic });
    peer.send({
      type: "subscribe",
      id: id + 1,
      topic,
      presence: true,
      data: JSON.parse('{"__proto__":{"polluted":1}}'),
    });
    const message = '{"type":"a","__proto__":{"polluted":1},"constructor":1}';
    peer.send(
      `{"type":"publish","id":${
        id + 2
      },"topic":"${topic}","message":${message}}`,
    );
    peer.send({ type: "history", id: id + 3, topic, from: 0, limit: 5 });
    hub.flush();
    const frames = await peer.until("reply");
    const batch = frames.find(({ type }) => type === "batch");
    assertEquals([batch.topic, batch.offset], [topic, 0]);
    assertEquals(JSON.stringify(batch.messages[0].message), message);
    const presence = frames.find(({ type }) => type === "presence");
    assertEquals(
      JSON.stringify(presence.join[0].data),
      '{"__proto__":{"polluted":1}}',
    );
    assertEquals(frames.filter(({ type }) => type === "error"), []);
    assertEquals(hub.hub.topic(topic).bounds?.head, 1);
    assertEquals([...hub.hub.topic(topic).presence.keys()], [start.peer]);
  }
  assertClean();
});

Deno.test("finds no method, type, session or frame by an inherited name", async () => {
  const contract = defineMessages({ chat: (_): _ is object => true }, {
    requests: { add: { data: (_): _ is unknown => true } },
  });
  await using hub = inMemory({ contract });
  for (const [i, name] of NAMES.entries()) {
    const { peer, start } = await hub.start({ session: name });
    assertEquals(start.resumed, false);
    peer.send({ type: "request", id: 1, method: name });
    peer.send({
      type: "publish",
      id: 2,
      topic: "lobby",
      message: { type: name },
    });
    peer.send({ type: name, id: 3 });
    const codes: unknown[] = [];
    while (codes.length < 3) {
      const errors = await peer.until("error");
      codes.push(...errors.map(({ id, code }) => `${id} ${code}`));
    }
    // `__proto__` is not a valid type. The others are valid, but the contract does not contain them.
    const type = i === 0 ? "2 invalid" : "2 unsupported";
    assertEquals(codes.toSorted(), ["1 unsupported", type, "3 unsupported"]);
  }
  assertClean();
});

Deno.test("calls a method that the program named like an inherited property", async () => {
  await using hub = inMemory();
  const peer = await hub.v1({ topics: {} });
  for (const [id, name] of NAMES.entries()) {
    hub.hub.handle(name, () => name);
    peer.send({ type: "request", id, method: name });
    assertEquals((await peer.until("reply"))[0].data, name);
  }
});

Deno.test("ignores inherited fields, and fields with such names", async () => {
  await using hub = inMemory();
  const peer = await hub.v1({ topics: {} });
  peer.send(
    '{"type":"publish","id":1,"__proto__":{"topic":"lobby","message":{"type":"a"}}}',
  );
  peer.send('{"type":"request","id":2,"__proto__":{"method":"a"}}');
  peer.send(
    '{"type":"subscribe","id":3,"topic":"a","__proto__":{"last":-1,"epoch":5}}',
  );
  hub.flush();
  assertEquals(peer.read().map(({ type, id, code }) => [type, id, code]), [
    ["error", 1, "invalid"],
    ["error", 2, "invalid"],
    ["subscribed", 3, undefined],
  ]);
  assertClean();
});
