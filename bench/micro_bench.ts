/**
 * `deno task bench:micro`: the parts of a delivery one by one, in one process, without a network. It compares two versions
 * of the code on one machine. `deno task bench` measures a whole server.
 *
 * @module
 */
import { ContiguousRing } from "../hub/log/ring.ts";
import { LogRecord } from "../hub/log/record.ts";
import { decodeClientFrame, decodeServerFrame, encode } from "../messages.ts";
import { DEFAULT_RETENTION } from "../hub/log/retention.ts";
import { encodeBatch } from "../hub/log/batch.ts";
import { contract } from "../static/contract.ts";
import { HubInMemory } from "./hub_in_memory.ts";

const PEERS = 500;
/** The text of a message of about 100 bytes. */
const TEXT = "x".repeat(75);
const message = { type: "chat", text: TEXT };
const publish = { type: "publish", id: 1, topic: "lobby", message } as const;
const publishText = encode(publish);
const record = new LogRecord(
  "nP3kU0c2XQ9a",
  Date.now(),
  0,
  JSON.stringify(message),
);
const run = {
  name: "lobby",
  ring: { head: 8, at: () => record, next: (offset: number) => offset },
  batch: (from: number) => encodeBatch(run, from),
};
const batch = encodeBatch(run, 0).data;

Deno.bench("encode a publish", { group: "frames" }, () => {
  encode(publish);
});

Deno.bench("decode a publish", { group: "frames" }, () => {
  if (!decodeClientFrame(publishText).ok) throw new Error("Not decoded");
});

Deno.bench("encode a batch of 8", { group: "batches" }, () => {
  encodeBatch(run, 0);
});

Deno.bench("decode a batch of 8", { group: "batches" }, () => {
  if (!decodeServerFrame(batch).ok) throw new Error("Not decoded");
});

Deno.bench("validate a chat", () => {
  if (!contract.check(message).ok) throw new Error("Refused");
});

const log = new ContiguousRing(0);
Deno.bench("append a record and trim", () => {
  log.append([record]);
  log.trim(DEFAULT_RETENTION, 0);
});

for (const count of [1, 8, 64]) {
  const hub = new HubInMemory(PEERS);
  Deno.bench(`flush ${count} to ${PEERS} peers`, { group: "flush" }, () => {
    const before = hub.delivered;
    hub.publish(count, TEXT);
    // A flush that skips peers without credit would be too fast.
    if (hub.delivered - before !== count * PEERS) {
      throw new Error(`Delivered ${hub.delivered - before}`);
    }
  });
}
