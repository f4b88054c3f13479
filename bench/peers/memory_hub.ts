/**
 * Fills a hub and prints its memory: `memory_hub.ts topics|records COUNT`. Each topic gets one record, or one topic gets
 * all records. Then everything expires, and the memory is measured again.
 */
import process from "node:process";
import { createHub } from "../../hub.ts";

const [holding, count] = [Deno.args[0], Number(Deno.args[1])];
/** Long enough to fill the hub and to measure it. */
const AGE_MS = 6000;
const IDLE_MS = 3000;
/** The records between two flushes. */
const AT_ONCE = 500;

const hub = createHub({
  sessionMs: AGE_MS,
  limits: { topics: Infinity },
  topics: {
    "*": { maxRecords: Infinity, maxBytes: Infinity, maxAgeMs: AGE_MS },
  },
});
/** A message of 100 bytes as JSON. */
const message = { type: "chat", text: "x".repeat(75) };
for (let n = 0; n < count; n += AT_ONCE) {
  const size = Math.min(AT_ONCE, count - n);
  await Promise.all(
    Array.from(
      { length: size },
      (_, i) =>
        hub.topic(holding === "topics" ? `room:${n + i}` : "room").publish(
          message,
        ),
    ),
  );
}
if (hub.stats().records !== count) {
  throw new Error("The hub does not have all records");
}
const full = await look();
const before = process.cpuUsage();
await sleep(IDLE_MS);
const used = process.cpuUsage(before);
if (hub.stats().records !== count) {
  throw new Error("The records expired too soon");
}
while (hub.stats().records + hub.stats().topics > 0) await sleep(100);
const after = await look();
console.log(JSON.stringify({
  ...full,
  rssAfterMib: after.rssMib,
  heapAfterMib: after.heapMib,
  idleCpuMs: (used.user + used.system) / IDLE_MS,
}));
await hub.close();

async function look(): Promise<{ rssMib: number; heapMib: number }> {
  // The second collection returns the pages that the first one freed.
  for (let n = 0; n < 3; n++) {
    (globalThis as unknown as { gc(): void }).gc();
    await sleep(50);
  }
  const { rss, heapUsed } = Deno.memoryUsage();
  return { rssMib: rss / 2 ** 20, heapMib: heapUsed / 2 ** 20 };
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
