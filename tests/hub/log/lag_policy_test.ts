import { assert, assertEquals, assertLess } from "@std/assert";
import type { HubOptions } from "../../../hub/options.ts";
import {
  type AnyFrame,
  type InMemory,
  inMemory,
  type TestPeer,
} from "../in_memory.ts";

const KIB = 1024;

/** Creates a hub whose lobby keeps the newest price of each symbol. */
function prices(options: HubOptions = {}): InMemory {
  return inMemory({
    ...options,
    topics: {
      lobby: {
        lag: "latest",
        key: (message) => (message as { symbol?: string }).symbol ?? "",
      },
    },
  });
}

let price = 0;

/** Publishes a price of each symbol, in one turn. */
function tick(hub: InMemory, symbols: string, padding = ""): void {
  for (const symbol of symbols) {
    hub.hub.broadcast({ type: "price", symbol, price: price++, padding });
  }
  hub.flush();
}

/** Returns the offsets and the symbols of a batch. */
function held(batch: AnyFrame): [offset: number, symbol: string][] {
  let offset = batch.offset - 1;
  return batch.messages.map((record: AnyFrame) => {
    offset = record.offset ?? offset + 1;
    return [offset, record.message.symbol];
  });
}

/** Connects a peer without credit, or whose transport buffers too much. */
async function slow(
  hub: InMemory,
  dialect: "drumbeat.v1" | "plain",
): Promise<{ readonly peer: TestPeer; catchUp(): void }> {
  if (dialect === "plain") {
    const peer = hub.plain();
    peer.far.near.bufferedAmount = 1e9;
    return {
      peer,
      catchUp() {
        peer.far.near.bufferedAmount = 0;
        hub.clock.advance(20);
      },
    };
  }
  const peer = await hub.v1();
  return {
    peer,
    catchUp() {
      peer.send({ type: "ack", frames: peer.far.received.length - 1 });
      hub.flush();
    },
  };
}

Deno.test("latest: a batch has the newest record of each key, and the next offset", async () => {
  await using hub = prices();
  const peer = await hub.v1();
  tick(hub, "ABA");
  tick(hub, "C");
  const [first, second] = peer.read();
  assertEquals([first.offset, first.next], [0, 3]);
  assertEquals(held(first), [[1, "B"], [2, "A"]]);
  assertEquals([second.offset, second.next, held(second)], [3, undefined, [
    [3, "C"],
  ]]);
});

Deno.test("latest: a slow peer receives the newest record of each key, without a gap", async () => {
  await using hub = prices({ limits: { windowBytes: 1 } });
  const { peer, catchUp } = await slow(hub, "drumbeat.v1");
  tick(hub, "A");
  for (let i = 0; i < 5_000; i++) tick(hub, i % 2 === 0 ? "B" : "C");
  assertEquals(peer.read().length, 1);
  catchUp();
  const [batch, ...rest] = peer.read();
  assertEquals(rest, []);
  assertEquals([batch.offset, batch.next], [1, 5_001]);
  assertEquals(held(batch), [[4_999, "B"], [5_000, "C"]]);
  assertEquals(hub.hub.stats().records, 3);
});

Deno.test("latest: a slow plain peer receives the newest record of each key", async () => {
  await using hub = prices();
  const { peer, catchUp } = await slow(hub, "plain");
  for (let i = 0; i < 50; i++) tick(hub, "AB");
  assertEquals(peer.read(), []);
  catchUp();
  assertEquals(peer.read().map(({ symbol }) => symbol), ["A", "B"]);
});

Deno.test("latest: dropped keys are a gap", async () => {
  await using hub = inMemory({
    limits: { windowBytes: 1 },
    topics: { lobby: { lag: "latest", maxRecords: 2 } },
  });
  const { peer, catchUp } = await slow(hub, "drumbeat.v1");
  hub.hub.broadcast({ type: "a" });
  hub.flush();
  for (const type of ["b", "c", "d", "b"]) {
    hub.hub.broadcast({ type });
    hub.flush();
  }
  peer.read();
  catchUp();
  // 2 was dropped, and 1 was replaced by 4.
  assertEquals(
    peer.read().map(({ type, from, to, offset }) => [
      type,
      from ?? offset,
      to,
    ]),
    [["gap", 1, 3], ["batch", 3, undefined]],
  );
});

Deno.test("latest: a late subscriber receives the last n keys, and history has the offset of each record", async () => {
  await using hub = prices();
  tick(hub, "ABCABA");
  const peer = await hub.v1({ topics: { lobby: { last: 2 } } });
  hub.flush();
  const [batch] = peer.read();
  assertEquals(held(batch), [[4, "B"], [5, "A"]]);
  peer.send({ type: "history", id: 1, topic: "lobby", from: 0, limit: 2 });
  const { data } = (await peer.until("reply")).at(-1);
  assertEquals([data.offset, data.next], [0, 5]);
  assertEquals(
    data.records.map(({ offset }: AnyFrame) => offset),
    [2, 4],
  );
  const found = await hub.hub.topic("lobby").history({ from: 3 });
  const offsets = found.records.map(({ offset }) => offset);
  assertEquals([found.offset, found.next, offsets], [3, 6, [4, 5]]);
});

Deno.test("latest: keeps a binary record, and sends it in a batch of its own with its offset", async () => {
  await using hub = prices();
  const peer = await hub.v1();
  hub.hub.broadcast({ type: "price", symbol: "A" });
  hub.hub.broadcast(Uint8Array.of(1));
  hub.hub.broadcast({ type: "price", symbol: "A" });
  hub.flush();
  const [binary, text] = peer.far.received.slice(1);
  const bytes = binary as Uint8Array;
  const length = new DataView(bytes.buffer).getUint32(0);
  const header = JSON.parse(
    new TextDecoder().decode(bytes.subarray(4, 4 + length)),
  );
  assertEquals([header.offset, header.next, header.messages[0].offset], [
    0,
    2,
    1,
  ]);
  assertEquals(JSON.parse(text as string).offset, 2);
});

Deno.test("latest: answers a publish whose key function fails with invalid, and reports it", async () => {
  await using hub = inMemory({
    topics: {
      lobby: {
        lag: "latest",
        key: () => {
          throw new Error("No key");
        },
      },
    },
  });
  const peer = hub.plain();
  peer.send({ type: "price" });
  assertEquals(peer.read().map(({ code }) => code), ["invalid"]);
  assertEquals(hub.errors.map(({ stage }) => stage), ["validate"]);
});

for (const dialect of ["drumbeat.v1", "plain"] as const) {
  const topics = { lobby: { lag: "disconnect", maxRecords: 2 } } as const;
  const limits = { windowBytes: 1 };

  Deno.test(`disconnect: closes a ${dialect} peer that fell off the log with 4002 when it reads again`, async () => {
    await using hub = inMemory({ topics, limits });
    const { peer, catchUp } = await slow(hub, dialect);
    for (const type of "abcd") {
      hub.hub.broadcast({ type });
      hub.flush();
    }
    assertEquals(peer.closed, undefined);
    catchUp();
    assertEquals(peer.closed?.code, 4002);
    assert(peer.read().every(({ type }) => type !== "gap"));
  });

  Deno.test(`disconnect: the heartbeat closes a ${dialect} peer that never reads again`, async () => {
    await using hub = inMemory({ topics, limits });
    const { peer } = await slow(hub, dialect);
    for (const type of "abcd") {
      hub.hub.broadcast({ type });
      hub.flush();
    }
    hub.clock.advance(1_000);
    assertEquals(peer.closed?.code, 4002);
    assertEquals(hub.closed.map(({ code }) => code), [4002]);
  });
}

Deno.test("disconnect: a resume below the log's tail receives a gap and stays connected", async () => {
  await using hub = inMemory({
    topics: { lobby: { lag: "disconnect", maxRecords: 2 } },
  });
  for (const type of "abcd") hub.hub.broadcast({ type });
  hub.flush();
  const { epoch } = hub.hub.topic("lobby").bounds!;
  const peer = await hub.v1({ topics: { lobby: { epoch, offset: 0 } } });
  hub.flush();
  hub.clock.advance(1_000);
  assertEquals(peer.read().map(({ type }) => type), ["gap", "batch"]);
  assertEquals(peer.closed, undefined);
});

Deno.test("disconnect: keeps a peer that keeps up", async () => {
  await using hub = inMemory({
    topics: { lobby: { lag: "disconnect", maxRecords: 2 } },
  });
  const peer = await hub.v1();
  for (let i = 0; i < 10; i++) {
    hub.hub.broadcast({ type: "a", text: "x".repeat(10 * KIB) });
    hub.flush();
  }
  hub.clock.advance(5_000);
  assertEquals(peer.closed, undefined);
  assertLess(hub.hub.stats().records, 3);
});
