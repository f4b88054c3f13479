import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { DrumbeatError } from "../../../messages.ts";
import { type AnyFrame, inMemory, type TestPeer } from "../in_memory.ts";
import { Nodes } from "../nodes.ts";

const note = (text: string) => ({ type: "note", text });

/** Returns the texts and gaps that arrived since the last read. */
function received(peer: TestPeer): string[] {
  return peer.read().flatMap((frame: AnyFrame) => {
    if (frame.type === "gap") return [`gap ${frame.from}-${frame.to}`];
    if (frame.type !== "batch") return [];
    return frame.messages.map(({ message }: AnyFrame) => message.text);
  });
}

for (const late of [false, true]) {
  const when = late ? "later" : "at once";

  Deno.test(`any hub sends to a peer by its id, in one order, with a store that answers ${when}`, async () => {
    await using nodes = new Nodes({ late });
    const [a, b, c] = [nodes.add(), nodes.add(), nodes.add()];
    const { peer, start } = await nodes.start(b, { topics: {} });
    const other = await nodes.start(b, { topics: {} });
    const id = start.peer;
    const sent = [
      a.hub.peer(id).send(note("one")),
      a.hub.peer(id).send(note("two")),
    ];
    await nodes.talk();
    sent.push(b.hub.peer(id).send(note("three")));
    await nodes.talk();
    sent.push(c.hub.peer(id).send(note("four")));
    b.opened[0]!.send(note("five"));
    await nodes.talk();
    assertEquals(await Promise.all(sent), [0, 1, 2, 3]);
    const texts = received(peer);
    assertEquals(texts.slice(0, 3), ["one", "two", "three"]);
    assertEquals(texts.slice(3).toSorted(), ["five", "four"]);
    assertEquals(received(other.peer), []);
  });

  Deno.test(`the peer's hub and another hub send at the same time, with a store that answers ${when}`, async () => {
    await using nodes = new Nodes({ late });
    const [a, b] = [nodes.add(), nodes.add()];
    const { peer, start } = await nodes.start(b, { topics: {} });
    for (let passes = 0; passes < 6; passes++) {
      a.hub.peer(start.peer).send(note(`far ${passes}`));
      for (let turn = 0; turn < passes; turn++) nodes.clock.pass();
      b.hub.peer(start.peer).send(note(`near ${passes}`));
      await nodes.talk();
      assertEquals(received(peer).toSorted(), [
        `far ${passes}`,
        `near ${passes}`,
      ]);
    }
  });

  Deno.test(`a disconnected peer receives messages at the hub where it resumes, with a store that answers ${when}`, async () => {
    await using nodes = new Nodes({ late });
    const [a, b, c] = [nodes.add(), nodes.add(), nodes.add()];
    const { peer, start } = await nodes.start(b, { topics: {} });
    peer.far.drop();
    a.hub.peer(start.peer).send(note("meanwhile"));
    await nodes.talk();
    const back = await nodes.start(c, {
      topics: {},
      session: start.session,
    });
    await nodes.talk();
    a.hub.peer(start.peer).send(note("after"));
    await nodes.talk();
    assertEquals(received(back.peer), ["meanwhile", "after"]);
  });

  Deno.test(`a peer that unsubscribed from its direct log receives the missed records once with the next one, with a store that answers ${when}`, async () => {
    await using nodes = new Nodes({ late });
    const [a, b] = [nodes.add(), nodes.add()];
    const { peer, start } = await nodes.start(b, { topics: {} });
    const { hub } = a;
    hub.peer(start.peer).send(note("one"));
    await nodes.talk();
    assertEquals(received(peer), ["one"]);
    peer.send({ type: "unsubscribe", id: 1, topic: `$peer/${start.peer}` });
    hub.peer(start.peer).send(note("two"));
    await nodes.talk();
    assertEquals(received(peer), ["two"]);
  });
}

Deno.test("another hub sends to a plain peer", async () => {
  await using nodes = new Nodes();
  const [a, b] = [nodes.add(), nodes.add()];
  const far = b.plain();
  a.hub.peer(b.opened[0]!.id).send(note("for you"));
  await nodes.talk();
  assertEquals(far.read(), [note("for you")]);
});

Deno.test("a message to an unknown peer is committed, and dropped with its log", async () => {
  await using nodes = new Nodes();
  const [a, b] = [nodes.add(), nodes.add()];
  const offset = a.hub.peer("absent-there").send(note("?"));
  await nodes.talk();
  assertEquals(await offset, 0);
  assertEquals([a, b].map(({ hub }) => hub.stats().topics), [1, 0]);
  nodes.pass(130);
  assertEquals(a.hub.stats().topics, 0);
});

Deno.test("a single hub sends to its peers by their ids", async () => {
  await using hub = inMemory();
  const { peer, start } = await hub.start({ topics: {} });
  hub.hub.peer(start.peer).send(note("one"));
  hub.flush();
  peer.far.drop();
  hub.hub.peer(start.peer).send(note("two"));
  const back = await hub.start({ topics: {}, session: start.session });
  hub.flush();
  assertEquals(received(back.peer), ["one", "two"]);
});

Deno.test("rejects text that is not a peer's id", async () => {
  await using hub = inMemory();
  for (
    const id of ["", "short", "x".repeat(13), "../../../etc", "a b c d e f "]
  ) {
    assertThrows(() => hub.hub.peer(id), TypeError, id);
  }
});

Deno.test("limits the direct logs of unknown peers", async () => {
  await using hub = inMemory({ limits: { peers: 2, topics: 3 } });
  for (let n = 0; n < 5; n++) hub.hub.peer(`absent-${n}-xxx`).send(note("?"));
  const refused = await assertRejects(
    () => hub.hub.peer("absent-5-xxx").send(note("?")),
    DrumbeatError,
  );
  assertEquals(refused.code, "limit");
  // The log of an earlier one still exists.
  const again = hub.hub.peer("absent-4-xxx").send(note("?"));
  hub.flush();
  assertEquals(await again, 1);
  hub.clock.advance(130_000);
  const now = hub.hub.peer("absent-5-xxx").send(note("?"));
  hub.flush();
  assertEquals(await now, 0);
});
