import { assertEquals } from "@std/assert";
import type { AnyFrame } from "../../hub/in_memory.ts";
import { Folder, received, texts } from "./folder.ts";

Deno.test("reads records below the ring from the file, in order and without a gap, before and after a restart", async () => {
  await using folder = new Folder();
  const options = { topics: { room: { maxRecords: 10 } } };
  const text = (n: number) => `${n}`;
  let hub = folder.hub(options);
  for (let n = 0; n < 500; n++) {
    hub.hub.topic("room").publish({ type: "chat", text: text(n) });
    if (n % 7 === 0) hub.flush();
  }
  hub.flush();
  assertEquals(hub.hub.stats().records, 10);
  const late = await hub.v1({ topics: { room: { last: 10_000 } } });
  assertEquals(received(hub, late), texts(500));
  await folder.stop(hub);
  hub = folder.hub(options);
  await using _ = hub;
  const { epoch } = (await hub.start({ topics: { room: {} } })).start.topics
    .room;
  assertEquals(hub.hub.stats().records, 0);
  const back = await hub.v1({ topics: { room: { epoch, offset: 123 } } });
  hub.hub.topic("room").publish({ type: "chat", text: text(500) });
  assertEquals(received(hub, back), texts(378, 123));
});

Deno.test("sends every record once and in order to a cursor that catches up during publishes", async () => {
  await using folder = new Folder();
  await using hub = folder.hub({
    topics: { room: { maxRecords: 5 } },
    limits: { windowBytes: 4_000 },
  });
  const pad = (n: number) => `${n}`.padEnd(400, "x");
  let next = 0;
  const more = (count: number) => {
    for (let n = 0; n < count; n++) {
      hub.hub.topic("room").publish({ type: "chat", text: pad(next++) });
    }
    hub.flush();
  };
  more(300);
  const slow = await hub.v1({ topics: { room: { last: 1_000 } } });
  const seen: string[] = [];
  let frames = 0;
  for (let round = 0; seen.length < next && round < 1_000; round++) {
    if (next < 600) more(3);
    for (const { type, messages } of slow.read()) {
      assertEquals(type, "batch");
      frames++;
      for (const { message } of messages) seen.push(message.text);
    }
    slow.send({ type: "ack", frames });
    hub.flush();
  }
  assertEquals(seen, Array.from({ length: next }, (_, n) => pad(n)));
});

Deno.test("reads history below the ring on both sides, binary records and after a restart included", async () => {
  await using folder = new Folder();
  const options = { topics: { room: { maxRecords: 2 } } };
  const before = folder.hub(options);
  for (let n = 0; n < 9; n++) {
    before.hub.topic("room").publish(
      n === 4 ? new Uint8Array([4]) : { type: "chat", text: `${n}` },
    );
    before.flush();
  }
  await folder.stop(before);
  await using hub = folder.hub(options);
  const mine = await hub.hub.topic("room").history({ from: 3, limit: 3 });
  assertEquals(
    mine.records.map((record) =>
      record.kind === "record" ? record.message : record.payload
    ),
    [
      { type: "chat", text: "3" },
      new Uint8Array([4]),
      { type: "chat", text: "5" },
    ],
  );
  assertEquals([mine.offset, mine.tail, mine.head], [3, 0, 9]);
  const peer = await hub.v1({ topics: {} });
  peer.send({ type: "history", id: 1, topic: "room", from: 4, limit: 2 });
  const [reply] = await peer.until("reply");
  assertEquals(
    reply.data.records.map(({ binary, message }: AnyFrame) =>
      binary ?? message.text
    ),
    ["BA==", "5"],
  );
});
