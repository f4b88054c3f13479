import { assert, assertEquals } from "@std/assert";
import { LogRecord } from "../../../hub/log/record.ts";
import type { PresenceChange } from "../../../messages.ts";
import { join } from "../watcher.ts";
import { Nodes } from "../nodes.ts";
import { membersAt } from "./members.ts";

/** Appends to the presence log of `room`, as another process. */
function foreign(nodes: Nodes, body: string | Uint8Array<ArrayBuffer>): void {
  const record = new LogRecord("$other", 0, nodes.clock.now(), body);
  nodes.logs.commit("$presence/room", [record]);
}

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
    assertEquals([membersAt(b)[ada.id], membersAt(c)[ada.id]], [after, after]);
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
  assertEquals([membersAt(a)[ada.id], membersAt(b)[ada.id]], [
    "Ada, again",
    "Ada, again",
  ]);
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
  // Right after its list, so that the other hubs notice as late as possible.
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
    // The hub did not receive its own records, so it drops no other hub.
    assertEquals(ada.look().left, [tom.id]);
    assertEquals(membersAt(a), membersAt(b));
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
    // One record that waits, or one every 3 s that is refused.
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
  // More records than the log keeps.
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
  assertEquals(membersAt(a), membersAt(b));
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
  // The log of their topic is lost as well, so they reconnect.
  assertEquals([ada.peer.closed?.code, bob.peer.closed?.code], [1012, 1012]);
  const [ada2, bob2] = [
    await join(nodes, b, "Ada", ada.session),
    await join(nodes, a, "Bob", bob.session),
  ];
  nodes.pass(300);
  assertEquals([ada2.look().left, bob2.look().left], [[], []]);
  assertEquals(membersAt(a), { [ada.id]: "Ada", [bob.id]: "Bob" });
  assertEquals(membersAt(a), membersAt(b));
});

Deno.test("a hub that was suspended for a minute drops no other hub, and is followed again at once", async () => {
  await using nodes = new Nodes();
  const [a, b] = [nodes.add(), nodes.add()];
  const [ada, bob] = [await join(nodes, a, "Ada"), await join(nodes, b, "Bob")];
  await nodes.talk();
  nodes.pass(3);
  // Time passes without a turn of the event loop, for both hubs: as if their machine was suspended.
  nodes.clock.stop(60_000);
  await nodes.talk();
  nodes.pass(60);
  assertEquals([ada.look().left, bob.look().left], [[], []]);
});
