import { assertEquals } from "@std/assert";
import { inMemory } from "../in_memory.ts";

/** Returns the JSON of an array with this nesting depth. */
function nested(depth: number): string {
  return "[".repeat(depth) + "]".repeat(depth);
}

/** Returns a publish with this nesting depth, the frame included. */
function publish(id: number, depth: number): string {
  return `{"type":"publish","id":${id},"topic":"lobby","message":{"type":"chat","a":${
    nested(depth - 2)
  }}}`;
}

Deno.test("accepts a frame with a nesting depth of 64, and answers a deeper one with the error invalid and its id", async () => {
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

Deno.test("accepts a plain message with a nesting depth of 64, and refuses a deeper text without parsing it", async () => {
  await using hub = inMemory();
  const peer = hub.plain();
  peer.send(`{"type":"chat","a":${nested(63)}}`);
  peer.send(`{"type":"chat","a":${nested(64)}}`);
  peer.send("[".repeat(60_000));
  hub.flush();
  assertEquals(peer.read().map(({ type, code }) => [type, code]), [
    ["error", "invalid"],
    ["error", "invalid"],
    ["chat", undefined],
  ]);
});

Deno.test("answers a frame that nests too deep with its id if the id comes before the nested value", async () => {
  await using hub = inMemory();
  const peer = await hub.v1({ topics: {} });
  for (
    const frame of [
      `{"type":"request","id":5,"data":${nested(64)}}`,
      `{"id":6,"data":${nested(64)}}`,
      `{"type":"request","data":${nested(64)},"id":7}`,
      `{"type":"request","data":[{"id":8},${nested(64)}]}`,
      `{"type":"request","id":"9","data":${nested(64)}}`,
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

Deno.test("closes with 4500 after a hello that nests too deep", async () => {
  await using hub = inMemory();
  const peer = hub.connect("drumbeat.v1");
  peer.send(
    `{"type":"hello","topics":${'{"a":'.repeat(200)}{}${"}".repeat(200)}}`,
  );
  assertEquals((await peer.untilClosed()).code, 4500);
});
