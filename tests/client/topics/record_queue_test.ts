import { assertEquals, assertRejects } from "@std/assert";
import type { TopicRecord } from "../../../client.ts";
import { RecordQueue } from "../../../client/topics/record_queue.ts";

function message(offset: number): TopicRecord {
  return {
    kind: "record",
    topic: "t",
    from: "you",
    at: 0,
    offset,
    own: false,
    message: { type: "chat", text: `${offset}` },
  };
}

/** Returns the waiting records as offsets, and gaps as [from, to]. */
async function drain(queue: RecordQueue): Promise<unknown[]> {
  queue.end();
  const seen: unknown[] = [];
  for await (const record of queue) {
    seen.push(record.kind === "gap" ? [record.from, record.to] : record.offset);
  }
  return seen;
}

function filled(upTo: number): RecordQueue {
  const queue = new RecordQueue(() => {});
  for (let offset = 0; offset < upTo; offset++) queue.push(message(offset));
  return queue;
}

Deno.test("records wait for the reader in order, and readers wait for records", async () => {
  const queue = filled(2);
  assertEquals(await queue.next(), { done: false, value: message(0) });
  assertEquals(await queue.next(), { done: false, value: message(1) });
  const [third, fourth] = [queue.next(), queue.next()];
  queue.push(message(2));
  queue.push(message(3));
  assertEquals([(await third).value, (await fourth).value], [
    message(2),
    message(3),
  ]);
});

Deno.test("keeps a thousand records, and turns the others into one gap behind them", async () => {
  const seen = await drain(filled(1_250));
  assertEquals(seen.length, 1_001);
  assertEquals(seen[999], 999);
  assertEquals(seen[1_000], [1_000, 1_250]);
});

Deno.test("keeps exactly a thousand records without a gap", async () => {
  const seen = await drain(filled(1_000));
  assertEquals(seen.length, 1_000);
});

Deno.test("adds records behind the gap once two places are free", async () => {
  const queue = filled(1_003);
  await queue.next();
  queue.push(message(1_003));
  await queue.next();
  queue.push(message(1_004));
  queue.push(message(1_005));
  const seen = await drain(queue);
  // One free place is too few for a gap and a record: 1,003 was skipped as well.
  assertEquals(seen.slice(-4), [999, [1_000, 1_004], 1_004, [1_005, 1_006]]);
});

Deno.test("merges the server's gap into the gap of the slow reader", async () => {
  const queue = filled(1_002);
  queue.push({ kind: "gap", topic: "t", from: 1_002, to: 1_010 });
  queue.push(message(1_010));
  assertEquals((await drain(queue)).at(-1), [1_000, 1_011]);
});

Deno.test("a gap of unknown extent stays one of unknown extent", async () => {
  const queue = filled(1_002);
  queue.push({ kind: "gap", topic: "t", from: 1_002 });
  queue.push(message(3));
  assertEquals((await drain(queue)).at(-1), [1_000, undefined]);
});

Deno.test("a gap that overflows alone keeps its extent", async () => {
  const queue = filled(1_000);
  queue.push({ kind: "gap", topic: "t", from: 1_000, to: 1_500 });
  assertEquals((await drain(queue)).at(-1), [1_000, 1_500]);
});

Deno.test("return() calls the owner and ends the waiting readers", async () => {
  const left: unknown[] = [];
  const queue = new RecordQueue((queue) => left.push(queue));
  const waiting = queue.next();
  assertEquals(await queue.return(), { done: true, value: undefined });
  assertEquals(left, [queue]);
  assertEquals(await waiting, { done: true, value: undefined });
  assertEquals(await queue.next(), { done: true, value: undefined });
});

Deno.test("return() discards the waiting records", async () => {
  const queue = filled(1_100);
  await queue.return();
  assertEquals(await queue.next(), { done: true, value: undefined });
});

Deno.test("the reader receives an error once, after the waiting records", async () => {
  const queue = filled(1);
  queue.end(new Error("refused"));
  queue.end(new Error("again"));
  assertEquals((await queue.next()).done, false);
  await assertRejects(() => queue.next(), Error, "refused");
  assertEquals(await queue.next(), { done: true, value: undefined });
});

Deno.test("an error rejects the waiting reader", async () => {
  const queue = new RecordQueue(() => {});
  const waiting = queue.next();
  queue.end(new Error("refused"));
  await assertRejects(() => waiting, Error, "refused");
});
