import {
  assertEquals,
  assertGreaterOrEqual,
  assertStrictEquals,
} from "@std/assert";
import { MemoryStore } from "../../../adapters/store_memory.ts";
import type { LogRecord } from "../../../hub/log/record.ts";
import type { Store, StoreSink } from "../../../hub/log/store.ts";
import type { FakeClock } from "../fake_clock.ts";
import { inMemory, type TestPeer } from "../in_memory.ts";
import { publish, texts } from "./chat.ts";

const KIB = 1024;

/** Creates a store whose records call `read` when they are encoded into a batch. */
function countingStore(read: () => void) {
  return (clock: FakeClock): Store => {
    const store = new MemoryStore(clock);
    const connect = store.connect.bind(store);
    store.connect = (sink: StoreSink) => {
      const committed = sink.committed.bind(sink);
      const counting: StoreSink = Object.create(sink, {
        committed: {
          value: (
            topic: string,
            offset: number,
            records: readonly LogRecord[],
          ) => committed(topic, offset, records.map(counted)),
        },
      });
      // The sink has private fields: its methods must be called on the sink itself.
      for (
        const name of [
          "opened",
          "trimmed",
          "settled",
          "claimed",
          "failed",
        ] as const
      ) {
        Object.defineProperty(counting, name, {
          value: (sink[name] as () => void).bind(sink),
        });
      }
      connect(counting);
    };
    function counted(record: LogRecord): LogRecord {
      return Object.create(record, {
        from: {
          get() {
            read();
            return record.from;
          },
        },
      });
    }
    return store;
  };
}

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
