import { assert, assertEquals } from "@std/assert";
import { MemoryStore } from "../../../adapters/store_memory.ts";
import { LogRecord } from "../../../hub/log/record.ts";
import type { PresenceChange } from "../../../messages.ts";
import { PROTOCOL } from "../../../messages.ts";
import { inMemory, type TestPeer } from "../in_memory.ts";
import { join } from "../watcher.ts";
import { Nodes } from "../nodes.ts";
import { membersAt } from "./members.ts";

/** Appends to the presence log of `room`, as another process. */
function foreign(nodes: Nodes, body: string | Uint8Array<ArrayBuffer>): void {
  const record = new LogRecord("$other", 0, nodes.clock.now(), body);
  nodes.logs.commit("$presence/room", [record]);
}

for (const late of [false, true]) {
  const when = late ? "later" : "at once";

  Deno.test(`members of two hubs receive each other, and both programs see all, with a store that answers ${when}`, async () => {
    const changes: PresenceChange[] = [];
    await using nodes = new Nodes({ late });
    const a = nodes.add({ onPresence: (change) => changes.push(change) });
    const b = nodes.add();
    const ada = await join(nodes, a, "Ada");
    await nodes.talk();
    const bob = await join(nodes, b, "Bob");
    await nodes.talk();
    const all = { [ada.id]: "Ada", [bob.id]: "Bob" };
    assertEquals([membersAt(a), membersAt(b)], [all, all]);
    for (const { view } of [ada.look(), bob.look()]) {
      assertEquals(Object.fromEntries(view), all);
    }
    bob.peer.send({ type: "presence", id: 1, topic: "room", data: "Bobby" });
    await nodes.talk();
    assertEquals(ada.look().view.get(bob.id), "Bobby");
    bob.peer.far.close(1000);
    await nodes.talk();
    assertEquals([membersAt(a), membersAt(b)], [{ [ada.id]: "Ada" }, {
      [ada.id]: "Ada",
    }]);
    assertEquals(ada.look().left, [bob.id]);
    assertEquals(
      changes.map(({ join, leave }) => [join.map(({ data }) => data), leave]),
      [[["Ada"], []], [["Bob"], []], [["Bobby"], []], [[], [bob.id]]],
    );
  });

  Deno.test(`a member that moves to another hub does not leave, with a store that answers ${when}`, async () => {
    for (const reportsClaims of [true, false]) {
      await using nodes = new Nodes({ late, reportsClaims });
      const [a, b, c] = [nodes.add(), nodes.add(), nodes.add()];
      const [ada, bob, eve] = [
        await join(nodes, a, "Ada"),
        await join(nodes, b, "Bob"),
        await join(nodes, c, "Eve"),
      ];
      await nodes.talk();
      ada.peer.far.drop();
      await nodes.talk();
      nodes.clock.advance(1);
      const back = await join(nodes, b, "Ada, again", ada.session);
      assertEquals(back.id, ada.id);
      await nodes.talk();
      for (const watcher of [bob, eve, back]) {
        assertEquals(watcher.look().view.get(ada.id), "Ada, again");
      }
      // The earlier hub has removed her: she is removed at her present hub.
      back.peer.far.close(1000);
      await nodes.talk();
      assertEquals(
        [membersAt(a), membersAt(b), membersAt(c)].map((all) =>
          Object.values(all).toSorted()
        ),
        [
          ["Bob", "Eve"],
          ["Bob", "Eve"],
          ["Bob", "Eve"],
        ],
      );
      nodes.pass(200);
      assertEquals([bob.look().left, eve.look().left], [[ada.id], [ada.id]]);
    }
  });

  Deno.test(`a hub that begins to follow a topic receives all members, with a store that answers ${when}`, async () => {
    await using nodes = new Nodes({ late });
    const [a, b] = [nodes.add(), nodes.add()];
    for (let i = 0; i < 20; i++) await join(nodes, i % 2 ? a : b, i);
    await nodes.talk();
    nodes.pass(300);
    const c = nodes.add();
    const eve = await join(nodes, c, "Eve");
    await nodes.talk();
    assertEquals(eve.look().view.size, 21);
  });
}

Deno.test("a session that moves while its connection is open is one member, with its new data", async () => {
  await using nodes = new Nodes({ late: true });
  const [a, b] = [nodes.add(), nodes.add()];
  const [ada, tom, bob] = [
    await join(nodes, a, "Ada"),
    await join(nodes, a, "Tom"),
    await join(nodes, b, "Bob"),
  ];
  await nodes.talk();
  nodes.clock.advance(1);
  const back = await join(nodes, b, "Ada, again", ada.session);
  await nodes.talk();
  assertEquals(ada.peer.closed?.code, 4505);
  back.peer.far.drop();
  nodes.pass(60);
  assertEquals([membersAt(a), membersAt(b)].map((all) => all[ada.id]), [
    "Ada, again",
    "Ada, again",
  ]);
  nodes.pass(70);
  assertEquals([tom.look().left, bob.look().left], [[ada.id], [ada.id]]);
});

Deno.test("a session that moves and does not join again leaves within 10 s", async () => {
  await using nodes = new Nodes();
  const [a, b] = [nodes.add(), nodes.add()];
  const [ada, bob] = [await join(nodes, a, "Ada"), await join(nodes, b, "Bob")];
  await nodes.talk();
  await nodes.start(b, { topics: { room: {} }, session: ada.session });
  nodes.pass(11);
  assertEquals(bob.look().left, [ada.id]);
});

Deno.test("the program's options for all topics do not apply to presence logs", async () => {
  await using nodes = new Nodes();
  const all = { lag: "latest", maxAgeMs: 1e9 } as const;
  const options = { topics: { "*": all } };
  const [a, b] = [nodes.add(options), nodes.add(options)];
  const bob = await join(nodes, b, "Bob");
  const hello = { topics: { room: { presence: true } } };
  const { peer, start } = await a.start(hello);
  for (let i = 0; i < 20; i++) await a.start(hello);
  nodes.clock.pass();
  peer.far.close(1000);
  await nodes.talk();
  bob.look();
  assertEquals([bob.view.size, bob.view.has(start.peer)], [21, false]);
  nodes.pass(600);
  // Each hub writes a list every 10 s, for a minute.
  const { records } = a.hub.stats();
  assert(records >= 10 && records <= 14, `${records} records`);
});

Deno.test("above 1,000 members of all hubs the frame is a count, and lists have several parts", async () => {
  await using nodes = new Nodes();
  const [a, b] = [nodes.add(), nodes.add()];
  const data = "x".repeat(900);
  const bob = await join(nodes, b, data);
  const others: TestPeer[] = [];
  const hello = { topics: { room: { presence: true, data } } };
  for (let i = 0; i < 1_000; i++) {
    others.push((await a.start(hello)).peer);
  }
  await nodes.talk();
  assertEquals(bob.look().count, 1_001);
  assertEquals(b.hub.topic("room").presence.size, 1_001);
  a.store.entries = [];
  nodes.pass(11);
  const sizes = a.store.entries.map(({ record }) => record.bytes);
  assert(sizes.length > 10);
  assert(Math.max(...sizes) < 66_000, `${Math.max(...sizes)} bytes`);
  others[0]!.far.close(1000);
  await nodes.talk();
  while (bob.look().hasMore) await nodes.talk();
  assertEquals(bob.count, undefined);
  assertEquals(bob.view.size, 1_000);
  // A new hub receives all members.
  const c = nodes.add();
  const eve = await join(nodes, c, "Eve");
  await nodes.talk();
  eve.look();
  await nodes.talk();
  assertEquals(eve.look().count, 1_001);
});

Deno.test("peers cannot open presence logs, limits do not count them, and unused ones are forgotten", async () => {
  await using nodes = new Nodes();
  const options = { limits: { topics: 1 } };
  const [a, b] = [nodes.add(options), nodes.add(options)];
  const ada = await join(nodes, a, "Ada");
  await nodes.talk();
  assertEquals(a.hub.stats().topics, 2);
  ada.peer.read();
  const topic = "$presence/room";
  ada.peer.send({ type: "subscribe", id: 1, topic });
  ada.peer.send({ type: "publish", id: 2, topic, message: { type: "chat" } });
  ada.peer.send({ type: "history", id: 3, topic, from: 0, limit: 9 });
  await nodes.talk();
  assertEquals(ada.peer.readType("error").map(({ id, code }) => [id, code]), [
    [1, "forbidden"],
    [2, "forbidden"],
    [3, "forbidden"],
  ]);
  assertEquals(a.hub.topic(topic).subscribers.size, 0);
  // A hub without members receives them after the program has read the presence.
  assertEquals(membersAt(b), {});
  await nodes.talk();
  assertEquals(membersAt(b), { [ada.id]: "Ada" });
  ada.peer.far.close(1000);
  nodes.pass(200);
  assertEquals([a, b].map(({ hub }) => hub.stats().topics), [0, 0]);
});

Deno.test("a hub without members stops following after half a minute, and reports that the members left", async () => {
  const changes: PresenceChange[] = [];
  await using nodes = new Nodes();
  const a = nodes.add({ onPresence: (change) => changes.push(change) });
  const b = nodes.add();
  const [ada, bob] = [await join(nodes, a, "Ada"), await join(nodes, b, "Bob")];
  await nodes.talk();
  ada.peer.far.close(1000);
  nodes.pass(25);
  assertEquals(membersAt(a), { [bob.id]: "Bob" });
  nodes.pass(25);
  changes.length = 0;
  b.store.entries = [];
  nodes.pass(10);
  assertEquals(changes, [{
    topic: "room",
    join: [],
    leave: [bob.id],
    count: 0,
  }]);
  const written = nodes.logs.log("$presence/room").records.length;
  nodes.pass(50);
  // Only the other hub writes its list.
  assertEquals(nodes.logs.log("$presence/room").records.length - written, 5);
});

Deno.test("members of a hub that closes for a restart stay if they resume elsewhere in time", async () => {
  await using nodes = new Nodes();
  const [a, b] = [nodes.add(), nodes.add()];
  const [ada, tom, bob] = [
    await join(nodes, a, "Ada"),
    await join(nodes, a, "Tom"),
    await join(nodes, b, "Bob"),
  ];
  await nodes.talk();
  const closed = a.hub.close({ code: 1012 });
  nodes.clock.advance(1_000);
  await closed;
  nodes.alive.delete(a);
  await join(nodes, b, "Ada", ada.session);
  nodes.pass(60);
  assertEquals(bob.look().left, [tom.id]);
});

Deno.test("the members of a hub that closes for good leave", async () => {
  await using nodes = new Nodes();
  const [a, b] = [nodes.add(), nodes.add()];
  const [ada, bob] = [await join(nodes, a, "Ada"), await join(nodes, b, "Bob")];
  await nodes.talk();
  const closed = a.hub.close();
  nodes.clock.advance(1_000);
  await closed;
  nodes.alive.delete(a);
  await nodes.talk();
  assertEquals(bob.look().left, [ada.id]);
});

Deno.test("ignores a record of another version", async () => {
  await using nodes = new Nodes();
  const a = nodes.add();
  const ada = await join(nodes, a, "Ada");
  await nodes.talk();
  for (
    const body of [
      "no JSON",
      "7",
      "null",
      `{"join":[["x"]]}`,
      `{"join":7}`,
      `{"leave":[7]}`,
      `{"part":["a"]}`,
      `{"later":true}`,
      new Uint8Array([1]),
    ]
  ) {
    foreign(nodes, body);
  }
  await nodes.talk();
  assertEquals(membersAt(a), { [ada.id]: "Ada" });
  assertEquals(a.errors, []);
});

Deno.test("writes no presence log with a store that is not shared", async () => {
  const topics = new Set<string>();
  await using hub = inMemory({}, (clock) => {
    const store = new MemoryStore(clock);
    const open = store.open.bind(store);
    store.open = (topic) => {
      topics.add(topic);
      open(topic);
    };
    return store;
  });
  const peer = hub.connect(PROTOCOL);
  peer.send({ type: "hello", topics: { room: { presence: true } } });
  await peer.until("start");
  hub.clock.advance(20_000);
  assertEquals(hub.hub.topic("room").presence.size, 1);
  assertEquals([...topics], ["room"]);
});
