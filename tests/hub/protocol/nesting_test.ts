import { assertEquals } from "@std/assert";
import { inMemory } from "../in_memory.ts";

/** JSON of an array that nests so deep. */
function nested(depth: number): string {
  return "[".repeat(depth) + "]".repeat(depth);
}

/** A publish whose message nests so deep, the frame around it included. */
function publish(id: number, depth: number): string {
  return `{"type":"publish","id":${id},"topic":"lobby","message":{"type":"chat","a":${
    nested(depth - 2)
  }}}`;
}

Deno.test("a frame as deep as limits.depth is taken, one deeper is the error invalid with its id", async () => {
  await using hub = inMemory();
  const peer = await hub.v1({ topics: {} });
  peer.send(publish(1, 64));
  peer.send(publish(2, 65));
  peer.send(publish(3, 32_000));
  peer.send(`{"type":"request","id":4,"method":"a","data":${nested(30_000)}}`);
  peer.send(
    `{"type":"subscribe","id":5,"topic":"a","presence":true,"data":${
      nested(30_000)
    }}`,
  );
  hub.flush();
  assertEquals(
    peer.read().map(({ type, id, code }) => [type, id, code]).toSorted(),
    [
      ["ack", 1, undefined],
      ["error", 2, "invalid"],
      ["error", 3, "invalid"],
      ["error", 4, "invalid"],
      ["error", 5, "invalid"],
    ],
  );
  assertEquals([peer.closed, hub.errors], [undefined, []]);
});

Deno.test("a plain message, too; what is deep is not looked at further, JSON or not", async () => {
  await using hub = inMemory({ limits: { depth: 3 } });
  const peer = hub.plain();
  peer.send(`{"type":"chat","a":${nested(2)}}`);
  peer.send(`{"type":"chat","a":${nested(3)}}`);
  peer.send("[".repeat(60_000));
  hub.flush();
  assertEquals(peer.read().map(({ type, code }) => [type, code]), [
    ["error", "invalid"],
    ["error", "invalid"],
    ["chat", undefined],
  ]);
});

Deno.test("the id of what is too deep is told where it stands before the depth", async () => {
  await using hub = inMemory({ limits: { depth: 3 } });
  const peer = await hub.v1({ topics: {} });
  for (
    const frame of [
      `{"type":"request","id":5,"data":${nested(3)}}`,
      `{"id":6,"data":${nested(3)}}`,
      `{"type":"request","data":${nested(3)},"id":7}`,
      `{"type":"request","data":[{"id":8},${nested(3)}]}`,
      `{"type":"request","id":"9","data":${nested(3)}}`,
    ]
  ) peer.send(frame);
  assertEquals(peer.read().map(({ id, code }) => [id, code]), [
    [5, "invalid"],
    [6, "invalid"],
    [undefined, "invalid"],
    [undefined, "invalid"],
    [undefined, "invalid"],
  ]);
});

Deno.test("a hello that is too deep is not the protocol", async () => {
  await using hub = inMemory();
  const peer = hub.connect("drumbeat.v1");
  peer.send(
    `{"type":"hello","topics":${'{"a":'.repeat(200)}{}${"}".repeat(200)}}`,
  );
  assertEquals((await peer.untilClosed()).code, 4500);
});

Deno.test("without the limit, 30,000 brackets are a message like any other", async () => {
  await using hub = inMemory({ limits: { depth: Infinity } });
  const peer = await hub.v1();
  peer.send(publish(1, 30_000));
  hub.flush();
  assertEquals(peer.read().map(({ type }) => type).toSorted(), [
    "ack",
    "batch",
  ]);
  assertEquals([peer.closed, hub.errors], [undefined, []]);
});
