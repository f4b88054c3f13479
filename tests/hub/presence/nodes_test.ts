import { assert, assertEquals } from "@std/assert";
import { MemoryStore } from "../../../adapters/store_memory.ts";
import { LogRecord } from "../../../hub/log/record.ts";
import type { PresenceChange } from "../../../hub/presence/change.ts";
import { PROTOCOL } from "../../../messages.ts";
import { inMemory, type TestPeer } from "../in_memory.ts";
import { join } from "../watcher.ts";
import { type Node, Nodes } from "../nodes.ts";

/** Another process appends to the log of `room`. */
function foreign(nodes: Nodes, body: string | Uint8Array<ArrayBuffer>): void {
  const record = new LogRecord("$other", 0, nodes.clock.now(), body);
  nodes.logs.commit("$presence/room", [record]);
}

/** What a hub's program sees. */
function seen({ hub }: Node): Record<string, unknown> {
  return Object.fromEntries(hub.topic("room").presence);
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
    assertEquals([seen(a), seen(b)], [all, all]);
    for (const { view } of [ada.look(), bob.look()]) {
      assertEquals(Object.fromEntries(view), all);
    }
    bob.peer.send({ type: "presence", id: 1, topic: "room", data: "Bobby" });
    await nodes.talk();
    assertEquals(ada.look().view.get(bob.id), "Bobby");
    bob.peer.far.close(1000);
    await nodes.talk();
    assertEquals([seen(a), seen(b)], [{ [ada.id]: "Ada" }, {
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
      // The hub of before has let go of her: she ends where she is.
      back.peer.far.close(1000);
      await nodes.talk();
      assertEquals(
        [seen(a), seen(b), seen(c)].map((all) => Object.values(all).toSorted()),
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
  assertEquals([seen(a), seen(b)].map((all) => all[ada.id]), [
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

Deno.test("a hub that notices a closed connection late removes the member if it has moved", async () => {
  await using nodes = new Nodes({ reportsClaims: false });
  const [a, b] = [nodes.add(), nodes.add()];
  const [ada, bob] = [await join(nodes, a, "Ada"), await join(nodes, b, "Bob")];
  nodes.clock.advance(1);
  const back = await join(nodes, b, "Ada, again", ada.session);
  await nodes.talk();
  assertEquals(bob.look().view.get(ada.id), "Ada, again");
  ada.peer.far.drop();
  await nodes.talk();
  back.peer.far.close(1000);
  await nodes.talk();
  assertEquals(bob.look().left, [ada.id]);
});

Deno.test("of two hubs' states of a member the newer counts, although the older hub was killed", async () => {
  for (const [before, after] of [["1", "2"], ["2", "1"]]) {
    await using nodes = new Nodes();
    const [a, b, c] = [nodes.add(), nodes.add(), nodes.add()];
    const ada = await join(nodes, a, before);
    const eve = await join(nodes, c, "Eve");
    nodes.kill(a);
    nodes.pass(1);
    await join(nodes, b, after, ada.session);
    await nodes.talk();
    assertEquals(eve.look().view.get(ada.id), after);
    assertEquals([seen(b)[ada.id], seen(c)[ada.id]], [after, after]);
    nodes.pass(60);
    assertEquals(eve.look().left, []);
  }
});

Deno.test("the member's present hub has its state, although the clock of the earlier hub is ahead", async () => {
  await using nodes = new Nodes();
  const options = { presenceGraceMs: 20_000 };
  const [a, b] = [nodes.add(options, 5_000), nodes.add(options)];
  const [ada, tom] = [await join(nodes, a, "Ada"), await join(nodes, a, "Tom")];
  ada.peer.far.drop();
  nodes.pass(1);
  const back = await join(nodes, b, "Ada, again", ada.session);
  nodes.pass(60);
  assertEquals([tom.look().left, back.look().left], [[], []]);
  assertEquals([seen(a)[ada.id], seen(b)[ada.id]], [
    "Ada, again",
    "Ada, again",
  ]);
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
  // A list of each in ten seconds, for a minute.
  const { records } = a.hub.stats();
  assert(records >= 10 && records <= 14, `${records} records`);
});

Deno.test("each of 500 members of a killed hub leaves once, at every hub, within 30 s", async () => {
  const changes: PresenceChange[] = [];
  await using nodes = new Nodes({ late: true });
  const a = nodes.add();
  const b = nodes.add({ onPresence: (change) => changes.push(change) });
  const c = nodes.add();
  const [bob, eve] = [await join(nodes, b, "Bob"), await join(nodes, c, "Eve")];
  const doomed = new Set<string>();
  for (let i = 0; i < 500; i++) doomed.add((await join(nodes, a, i)).id);
  await nodes.talk();
  assertEquals([bob.look().view.size, eve.look().view.size], [502, 502]);
  // Right after it said its list: it will be missed as late as can be.
  nodes.pass(10);
  nodes.kill(a);
  nodes.pass(20);
  assertEquals([bob.look().left, eve.look().left], [[], []]);
  nodes.pass(10);
  for (const watcher of [bob.look(), eve.look()]) {
    assertEquals(new Set(watcher.left), doomed);
    assertEquals(watcher.left.length, 500);
    assertEquals(
      [...watcher.view.keys()].toSorted(),
      [bob.id, eve.id].toSorted(),
    );
  }
  nodes.pass(300);
  assertEquals([bob.look().left.length, eve.look().left.length], [500, 500]);
  assertEquals(changes.flatMap(({ leave }) => leave).length, 500);
});

Deno.test("a member that resumes before its killed hub is dropped does not leave", async () => {
  await using nodes = new Nodes();
  const [a, b, c] = [nodes.add(), nodes.add(), nodes.add()];
  const [ada, tom] = [await join(nodes, a, "Ada"), await join(nodes, a, "Tom")];
  const [bob, eve] = [await join(nodes, b, "Bob"), await join(nodes, c, "Eve")];
  await nodes.talk();
  nodes.kill(a);
  nodes.pass(5);
  await join(nodes, c, "Ada", ada.session);
  nodes.pass(60);
  assertEquals([bob.look().left, eve.look().left], [[tom.id], [tom.id]]);
  assertEquals(bob.view.get(ada.id), "Ada");
});

for (const line of ["holds", "refuses"] as const) {
  Deno.test(`a member receives itself at once while the store ${line}, and all receive it afterwards`, async () => {
    await using nodes = new Nodes({ late: true });
    const [a, b] = [nodes.add(), nodes.add()];
    const [ada, bob] = [
      await join(nodes, a, "Ada"),
      await join(nodes, b, "Bob"),
    ];
    await nodes.talk();
    a.store.line = line;
    const tom = await join(nodes, a, "Tom");
    await nodes.talk();
    assertEquals(tom.look().view.size, 3);
    assertEquals(ada.look().view.get(tom.id), "Tom");
    nodes.pass(5);
    assertEquals(bob.look().view.has(tom.id), false);
    a.store.line = "up";
    nodes.pass(4);
    assertEquals(bob.look().view.get(tom.id), "Tom");
    assertEquals([ada.look().left, bob.look().left], [[], []]);
  });

  Deno.test(`no member leaves when a hub's store ${line} for 10 s`, async () => {
    await using nodes = new Nodes();
    const [a, b] = [nodes.add(), nodes.add()];
    const [ada, bob] = [
      await join(nodes, a, "Ada"),
      await join(nodes, b, "Bob"),
    ];
    await nodes.talk();
    a.store.line = line;
    nodes.pass(10);
    a.store.line = "up";
    nodes.pass(60);
    assertEquals([ada.look().left, bob.look().left], [[], []]);
  });

  Deno.test(`a hub whose store ${line} for 60 s is dropped, and its members join again`, async () => {
    await using nodes = new Nodes();
    const [a, b] = [nodes.add(), nodes.add()];
    const [ada, bob] = [
      await join(nodes, a, "Ada"),
      await join(nodes, b, "Bob"),
    ];
    const tom = await join(nodes, a, "Tom");
    await nodes.talk();
    a.store.line = line;
    nodes.pass(5);
    const eve = await join(nodes, a, "Eve");
    tom.peer.far.close(1000);
    nodes.pass(55);
    assertEquals(bob.look().left.toSorted(), [ada.id, tom.id].toSorted());
    a.store.line = "up";
    nodes.pass(5);
    assertEquals(
      new Set(bob.look().view.keys()),
      new Set([ada.id, bob.id, eve.id]),
    );
    nodes.pass(60);
    assertEquals(bob.look().left.length, 2);
    // It heard not even itself: it was deaf, and dropped nobody.
    assertEquals(ada.look().left, [tom.id]);
    assertEquals(seen(a), seen(b));
  });

  Deno.test(`the changes that wait while the store ${line} are bounded by the members`, async () => {
    await using nodes = new Nodes({ late: true });
    const [a, b] = [nodes.add(), nodes.add()];
    const [ada, bob] = [
      await join(nodes, a, "Ada"),
      await join(nodes, b, "Bob"),
    ];
    await nodes.talk();
    a.store.entries = [];
    a.store.line = line;
    for (let id = 1; id <= 300; id++) {
      ada.peer.send({ type: "presence", id, topic: "room", data: id });
      nodes.clock.advance(200);
    }
    // One that is held, or one every three seconds that is refused.
    const { length } = a.store.entries;
    assert(length <= (line === "holds" ? 1 : 21), `${length} entries`);
    a.store.line = "up";
    nodes.pass(4);
    assertEquals(bob.look().view.get(ada.id), 300);
  });
}

Deno.test("a hub whose store lost its position has the right members afterwards, and none leaves twice", async () => {
  await using nodes = new Nodes({ maxRecords: 5 });
  const [a, b] = [nodes.add(), nodes.add()];
  const bob = await join(nodes, b, "Bob");
  const members = [];
  for (let i = 0; i < 10; i++) members.push(await join(nodes, a, i));
  await nodes.talk();
  assertEquals(bob.look().view.size, 11);
  b.store.line = "holds";
  // More than the log keeps.
  for (const { peer } of members.slice(0, 6)) {
    peer.far.close(1000);
    await nodes.talk();
  }
  const eve = await join(nodes, a, "Eve");
  for (let i = 0; i < 6; i++) {
    eve.peer.send({ type: "presence", id: i, topic: "room", data: i });
    await nodes.talk();
  }
  b.store.line = "up";
  await nodes.talk();
  assertEquals(
    bob.look().left.toSorted(),
    members.slice(0, 6).map(({ id }) => id).toSorted(),
  );
  assertEquals(bob.view.get(eve.id), 5);
  assertEquals(seen(a), seen(b));
  assertEquals(bob.peer.closed, undefined);
});

Deno.test("does not combine two lists when the records in between were missed", async () => {
  await using nodes = new Nodes({ maxRecords: 2 });
  const a = nodes.add();
  const ada = await join(nodes, a, "Ada");
  foreign(nodes, `{"join":[["Tom",1,null],["Bob",1,null]]}`);
  foreign(nodes, `{"part":[0,2],"join":[["Bob",1,null]]}`);
  await nodes.talk();
  assertEquals(ada.look().view.size, 3);
  a.store.line = "holds";
  for (let i = 0; i < 3; i++) foreign(nodes, `{"later":true}`);
  a.store.line = "up";
  foreign(nodes, `{"part":[1,2],"join":[["Bob",1,null]]}`);
  await nodes.talk();
  assertEquals(ada.look().left, []);
});

Deno.test("no member leaves when all logs are lost", async () => {
  await using nodes = new Nodes({ late: true });
  const [a, b] = [nodes.add(), nodes.add()];
  const [ada, bob] = [await join(nodes, a, "Ada"), await join(nodes, b, "Bob")];
  await nodes.talk();
  nodes.logs.lose();
  await nodes.talk();
  // Their own topic's log was lost, too: they come back.
  assertEquals([ada.peer.closed?.code, bob.peer.closed?.code], [1012, 1012]);
  const [ada2, bob2] = [
    await join(nodes, b, "Ada", ada.session),
    await join(nodes, a, "Bob", bob.session),
  ];
  nodes.pass(300);
  assertEquals([ada2.look().left, bob2.look().left], [[], []]);
  assertEquals(seen(a), { [ada.id]: "Ada", [bob.id]: "Bob" });
  assertEquals(seen(a), seen(b));
});

Deno.test("a hub that was suspended for a minute drops no other hub, and is followed again at once", async () => {
  await using nodes = new Nodes();
  const [a, b] = [nodes.add(), nodes.add()];
  const [ada, bob] = [await join(nodes, a, "Ada"), await join(nodes, b, "Bob")];
  await nodes.talk();
  nodes.pass(3);
  // Only time goes by: for both of them, as for two that were on one machine.
  nodes.clock.stop(60_000);
  await nodes.talk();
  nodes.pass(60);
  assertEquals([ada.look().left, bob.look().left], [[], []]);
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
  assertEquals(bob.look().count, undefined);
  assertEquals(bob.view.size, 1_000);
  // A hub that comes is told all of it.
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
  // The program may look from a hub that has no member: it is told a moment later.
  assertEquals(seen(b), {});
  await nodes.talk();
  assertEquals(seen(b), { [ada.id]: "Ada" });
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
  assertEquals(seen(a), { [bob.id]: "Bob" });
  nodes.pass(25);
  changes.length = 0;
  b.store.entries = [];
  nodes.pass(10);
  assertEquals(changes, [{ topic: "room", join: [], leave: [bob.id] }]);
  const written = nodes.logs.log("$presence/room").records.length;
  nodes.pass(50);
  // The other one says its list, and nobody else does.
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
  assertEquals(seen(a), { [ada.id]: "Ada" });
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
