import { assertEquals } from "@std/assert";
import * as v from "valibot";
import { defineMessages, PROTOCOL, type Validator } from "../../../messages.ts";
import { inMemory } from "../in_memory.ts";
import { joined, member, presenceOf } from "./members.ts";

const contract = defineMessages({}, {
  open: true,
  presence: v.object({ name: v.pipe(v.string(), v.trim(), v.minLength(1)) }),
});

Deno.test("data that is not given is null, also for the contract's validator", async () => {
  await using hub = inMemory({
    contract: defineMessages({}, { presence: v.null() }),
  });
  const { peer, start } = await hub.start(member());
  assertEquals(presenceOf(hub, peer)[0].join, [{
    peer: start.peer,
    data: null,
  }]);
});

Deno.test("data is the output of the contract's validator", async () => {
  await using hub = inMemory({ contract });
  const { peer, start } = await hub.start(member({ name: " Ada ", x: 1 }));
  assertEquals(presenceOf(hub, peer)[0].join, [
    { peer: start.peer, data: { name: "Ada" } },
  ]);
});

Deno.test("data that the contract refuses refuses the presence, not the subscription", async () => {
  await using hub = inMemory({ contract });
  const peer = hub.connect(PROTOCOL);
  peer.send({ type: "hello", ...member({ name: 1 }) });
  const [start, refusal, ...rest] = await peer.until("start");
  assertEquals(start.topics.room.recovered, true);
  assertEquals([refusal.type, refusal.code, "id" in refusal], [
    "error",
    "invalid",
    false,
  ]);
  assertEquals(refusal.issues[0].path, ["name"]);
  assertEquals(rest, []);
  peer.send({
    type: "subscribe",
    id: 4,
    topic: "two",
    presence: true,
    data: {},
  });
  peer.send({ type: "presence", id: 5, topic: "room", data: { name: "" } });
  hub.flush();
  assertEquals(peer.read().map(({ type, id, code }) => [type, id, code]), [
    ["subscribed", 4, undefined],
    ["error", 4, "invalid"],
    ["error", 5, "invalid"],
  ]);
  assertEquals(hub.hub.topic("room").presence.size, 0);
  hub.hub.topic("room").publish({ type: "chat" });
  hub.flush();
  assertEquals(peer.readType("batch").length, 1);
});

Deno.test("refused data does not change the member's data", async () => {
  await using hub = inMemory({ contract });
  const bob = await joined(hub, { name: "Bob" });
  bob.peer.send({ type: "presence", id: 5, topic: "room", data: null });
  hub.flush();
  assertEquals(bob.peer.read().map(({ code }) => code), ["invalid"]);
  assertEquals(hub.hub.topic("room").presence.get(bob.id), { name: "Bob" });
});

Deno.test("data above limits.presenceBytes, as JSON in UTF-8, is refused as large", async () => {
  await using hub = inMemory({ limits: { presenceBytes: 12 } });
  const { peer } = await joined(hub);
  const say = (id: number, data: string) =>
    peer.send({ type: "presence", id, topic: "room", data });
  say(1, "x".repeat(10));
  say(2, "x".repeat(11));
  say(3, "ü".repeat(5));
  say(4, "ü".repeat(6));
  const answers = peer.read().map(({ type, id, code }) => [type, id, code]);
  assertEquals(answers, [
    ["ack", 1, undefined],
    ["error", 2, "large"],
    ["ack", 3, undefined],
    ["error", 4, "large"],
  ]);
});

Deno.test("a validator of presence that throws or is async refuses the data and is reported", async () => {
  const validators: Validator[] = [
    (_value): _value is string => {
      throw new Error("broken");
    },
    v.pipeAsync(v.string(), v.checkAsync(() => Promise.resolve(true))),
  ];
  for (const presence of validators) {
    await using hub = inMemory({
      contract: defineMessages({}, { open: true, presence }),
    });
    const peer = hub.connect(PROTOCOL);
    peer.send({ type: "hello", ...member("x") });
    const [, refusal] = await peer.until("start");
    assertEquals([refusal.code, refusal.message.includes("broken")], [
      "invalid",
      false,
    ]);
    assertEquals(hub.errors.map(({ stage }) => stage), ["validate"]);
    assertEquals(hub.hub.topic("room").presence.size, 0);
  }
});
