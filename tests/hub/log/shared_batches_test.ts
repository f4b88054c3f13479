import {
  assertEquals,
  assertGreaterOrEqual,
  assertStrictEquals,
} from "@std/assert";
import { inMemory, type TestPeer } from "../in_memory.ts";
import { publish, texts } from "./chat.ts";
import { countingStore } from "./counting_store.ts";

const KIB = 1024;

/** Counts the encodings of records for several peers at the same offset. */
async function readsFor(
  peers: number,
  messages: string[],
  frames: number[],
): Promise<number> {
  let reads = 0;
  await using hub = inMemory({}, countingStore(() => reads++));
  const all: TestPeer[] = [];
  for (let i = 0; i < peers; i++) all.push(await hub.v1());
  publish(hub, ...messages);
  for (const peer of all) {
    const batches = peer.read();
    assertEquals(batches.map((batch) => batch.messages.length), frames);
    assertEquals(texts(batches), messages);
  }
  return reads;
}

Deno.test("peers at the same offset share one encoded frame", async () => {
  const messages = ["a", "b", "c"];
  const reads = await readsFor(1, messages, [3]);
  assertGreaterOrEqual(reads, 3);
  assertEquals(await readsFor(10, messages, [3]), reads);
});

Deno.test("peers at the same offset share each frame of a flush with several frames", async () => {
  const messages = Array.from({ length: 6 }, () => "x".repeat(30 * KIB));
  const reads = await readsFor(1, messages, [2, 2, 2]);
  assertGreaterOrEqual(reads, 6);
  assertEquals(await readsFor(10, messages, [2, 2, 2]), reads);
});

Deno.test("peers at the same offset receive the same bytes of a binary record", async () => {
  await using hub = inMemory();
  const [a, b] = [await hub.v1(), await hub.v1()];
  const [c, d] = [hub.plain(), hub.plain()];
  const payload = Uint8Array.of(1, 2, 3);
  hub.hub.broadcast(payload);
  hub.flush();
  const last = ({ far }: TestPeer) => far.received.at(-1);
  assertStrictEquals(last(a), last(b));
  assertStrictEquals(last(c), payload);
  assertStrictEquals(last(d), payload);
});
