import { assert, assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { MemoryStore } from "../../../adapters/store_memory.ts";
import { encodeBatch } from "../../../hub/log/batch.ts";
import { LogRecord } from "../../../hub/log/record.ts";
import { type InMemory, inMemory } from "../in_memory.ts";
import { record } from "./records.ts";
import { runOf } from "./runs.ts";

Deno.test("a record's size is its UTF-8 bytes in a batch, after any other record", () => {
  const at = 1_700_000_000_000;
  for (const text of ["", "hello", "grüße 🥁", "x".repeat(5_000)]) {
    const one = record(text);
    const { from, body } = one;
    const before = [
      one,
      new LogRecord(from, at + 1, 0, body),
      new LogRecord("another", at, 0, body),
    ];
    for (const other of before) {
      assertEquals(one.bytesAfter(other), sizeAfter(one, other));
    }
    const stranger = new LogRecord("another", at + 1, 0, body);
    assertEquals(one.bytesAfter(stranger), sizeAfter(one, stranger));
    assertEquals(one.bytesAfter(stranger), one.bytes);
  }
});

function sizeAfter(record: LogRecord, before: LogRecord): number {
  const [both, alone] = [[before, record], [before]].map((records) =>
    new TextEncoder().encode(encodeBatch(runOf(records), 0).data as string)
      .length
  );
  return both! - alone!;
}

Deno.test("a binary record's size counts its payload", () => {
  const empty = new LogRecord("peer-a", 0, 0, new Uint8Array(0));
  const full = new LogRecord("peer-a", 0, 0, new Uint8Array(1_000));
  assertEquals(full.bytes - empty.bytes, 1_000);
});

Deno.test("a record keeps at most twice the bytes of its payload in memory", () => {
  const buffer = new ArrayBuffer(60_000);
  const pooled = Buffer.from(buffer, 100, 10);
  for (
    const [payload, keeps] of [
      [new Uint8Array(buffer), 60_000],
      [new Uint8Array(buffer, 30_000), 60_000],
      [new Uint8Array(buffer, 30_001), 29_999],
      [new Uint8Array(buffer, 59_999), 1],
      [new Uint8Array(buffer, 60_000), 0],
      [pooled as unknown as Uint8Array<ArrayBuffer>, 10],
    ] as const
  ) {
    const { body } = new LogRecord("peer-a", 0, 0, payload);
    assertEquals(new Uint8Array(body as Uint8Array), new Uint8Array(payload));
    assertEquals((body as Uint8Array).buffer.byteLength, keeps);
  }
});

/** The bytes of the buffers of all records of a hub, and `recordBytes` of its stats. */
async function memoryOf(
  publish: (hub: InMemory) => unknown,
): Promise<[buffers: number, recordBytes: number]> {
  const records: LogRecord[] = [];
  await using hub = inMemory({}, (clock, settings) => {
    const store = new MemoryStore(clock, settings);
    const append = store.append.bind(store);
    store.append = (entries) => {
      records.push(...entries.map(({ record }) => record));
      append(entries);
    };
    return store;
  });
  await publish(hub);
  hub.flush();
  const buffers = records.map(({ body }) =>
    (body as Uint8Array).buffer.byteLength
  );
  assertEquals(buffers.length, hub.hub.stats().records);
  return [
    buffers.reduce((sum, bytes) => sum + bytes, 0),
    hub.hub.stats().recordBytes,
  ];
}

const SMALL = new Uint8Array(60_000).subarray(7, 8);

for (
  const [kind, publish] of Object.entries<(hub: InMemory) => unknown>({
    async "publishes of a peer"(hub) {
      const peer = await hub.v1();
      for (let id = 1; id <= 20; id++) {
        peer.sendBinary(
          { type: "publish", id, topic: "a", padding: " ".repeat(60_000) },
          Uint8Array.of(id),
        );
      }
    },
    "messages of the hub"(hub) {
      hub.hub.topic("a").publish(SMALL);
    },
    async "direct messages"(hub) {
      await hub.v1();
      hub.opened[0]!.send(SMALL);
    },
  })
) {
  Deno.test(`the buffers of the log are at most twice recordBytes: ${kind}`, async () => {
    const [buffers, recordBytes] = await memoryOf(publish);
    assert(recordBytes > 0 && buffers <= 2 * recordBytes, `${buffers}`);
  });
}
