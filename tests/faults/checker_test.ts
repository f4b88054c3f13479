import { assertEquals } from "@std/assert";
import type { DrumbeatErrorCode } from "../../messages.ts";
import { check, countByKind } from "./checker.ts";
import { Ledger } from "./ledger.ts";
import type { Stream } from "./stream.ts";

/** Creates a ledger of three messages in one topic, acknowledged at 0, 1 and 2 of epoch `e`. */
function threeMessages(): Ledger {
  const ledger = new Ledger();
  ledger.peer("p", "id-p");
  for (const offset of [0, 1, 2]) {
    ledger.publish("p", "t").outcome = { offset, epoch: "e" };
  }
  ledger.ends.set("t", { epoch: "e", offset: 3 });
  return ledger;
}

/** Adds a subscriber that received the first `count` messages. */
function subscriber(ledger: Ledger, count: number, name = "s"): Stream {
  const stream = ledger.stream(name, "t");
  stream.subscribed({ epoch: "e", offset: 0 });
  for (let n = 0; n < count; n++) stream.record("e", n, "id-p", `p#${n}`);
  return stream;
}

/**
 * For each error code, whether the message may have been stored: docs/protocol.md. The type requires every code, so that a
 * new one has to be classified.
 */
const MAY_BE_STORED: Readonly<Record<DrumbeatErrorCode, boolean>> = {
  malformed: false,
  invalid: false,
  unsupported: false,
  indeterminate: true,
  already: false,
  absent: false,
  forbidden: false,
  unauthenticated: false,
  limit: false,
  large: false,
  unavailable: false,
  failed: false,
  closed: false,
  timeout: false,
  disconnected: false,
  dropped: false,
};

Deno.test("accepts a subscriber that received every message", () => {
  const ledger = threeMessages();
  subscriber(ledger, 3);
  assertEquals(check(ledger), []);
});

Deno.test("accepts an announced gap and the records after it", () => {
  const ledger = threeMessages();
  const stream = subscriber(ledger, 1);
  stream.gap(1, 2, { epoch: "e", offset: 2 });
  stream.record("e", 2, "id-p", "p#2");
  assertEquals(check(ledger), []);
});

Deno.test("accepts an announced epoch in place of the rest of the old one", () => {
  const ledger = threeMessages();
  ledger.ends.set("t", { epoch: "f", offset: 5 });
  subscriber(ledger, 1).gap(1, undefined, { epoch: "f", offset: 5 });
  assertEquals(check(ledger), []);
});

Deno.test("expects nothing of an unsubscribed subscriber", () => {
  const ledger = threeMessages();
  subscriber(ledger, 1).unsubscribe();
  assertEquals(check(ledger), []);
});

Deno.test("reports each message that never arrives as lost", () => {
  const ledger = threeMessages();
  subscriber(ledger, 1);
  assertEquals(countByKind(check(ledger)), { lost: 2 });
});

Deno.test("reports a loss of a subscriber that does not reach the end, even without a recorded publish", () => {
  const ledger = new Ledger();
  ledger.ends.set("t", { epoch: "e", offset: 3 });
  subscriber(ledger, 0);
  ledger.stream("without a position", "t");
  assertEquals(countByKind(check(ledger)), { lost: 2 });
});

Deno.test("reports a loss of a subscriber that stays in the old epoch", () => {
  const ledger = threeMessages();
  ledger.ends.set("t", { epoch: "f", offset: 0 });
  subscriber(ledger, 2);
  assertEquals(countByKind(check(ledger)), { lost: 1 });
});

Deno.test("reports a jump of the offsets as an unannounced gap, and its messages as lost", () => {
  const ledger = threeMessages();
  subscriber(ledger, 1).record("e", 2, "id-p", "p#2");
  assertEquals(countByKind(check(ledger)), { "unannounced gap": 1, lost: 1 });
});

Deno.test("reports an unannounced gap before an announced one that begins too late", () => {
  const ledger = threeMessages();
  subscriber(ledger, 1).gap(2, 3, { epoch: "e", offset: 3 });
  assertEquals(countByKind(check(ledger)), { "unannounced gap": 1, lost: 1 });
});

Deno.test("reports an epoch without a gap as an unannounced gap, and the rest of the old epoch as lost", () => {
  const ledger = threeMessages();
  ledger.ends.set("t", { epoch: "f", offset: 1 });
  ledger.publish("p", "t");
  subscriber(ledger, 2).record("f", 0, "id-p", "p#3");
  assertEquals(countByKind(check(ledger)), { "unannounced gap": 1, lost: 1 });
});

Deno.test("reports a record before the first position as an unannounced gap", () => {
  const ledger = threeMessages();
  ledger.stream("s", "t").record("e", 0, "id-p", "p#0");
  assertEquals(check(ledger)[0]!.kind, "unannounced gap");
});

Deno.test("reports a second position that differs from the cursor as an unannounced gap", () => {
  const ledger = threeMessages();
  subscriber(ledger, 2).subscribed({ epoch: "e", offset: 3 });
  assertEquals(countByKind(check(ledger)), { "unannounced gap": 1, lost: 1 });
});

Deno.test("reports a message that arrives twice as duplicated, at the same offset or at another", () => {
  const same = threeMessages();
  subscriber(same, 3).record("e", 2, "id-p", "p#2");
  assertEquals(countByKind(check(same)), { duplicated: 1 });
  const other = threeMessages();
  other.ends.set("t", { epoch: "e", offset: 4 });
  subscriber(other, 3).record("e", 3, "id-p", "p#2");
  assertEquals(countByKind(check(other)), { duplicated: 1 });
});

Deno.test("reports offsets that decrease as reordered", () => {
  const ledger = threeMessages();
  const stream = ledger.stream("s", "t");
  stream.subscribed({ epoch: "e", offset: 1 });
  stream.record("e", 1, "id-p", "p#1");
  stream.record("e", 2, "id-p", "p#2");
  stream.record("e", 0, "id-p", "p#0");
  const { reordered } = countByKind(check(ledger));
  // By its offset, and by its publisher's number.
  assertEquals(reordered, 2);
});

Deno.test("reports a publisher's messages that the log has in another order as reordered", () => {
  const ledger = new Ledger();
  const [first, second] = [ledger.publish("p", "t"), ledger.publish("p", "t")];
  first.outcome = { offset: 1, epoch: "e" };
  second.outcome = { offset: 0, epoch: "e" };
  const stream = ledger.stream("s", "t");
  stream.subscribed({ epoch: "e", offset: 0 });
  stream.record("e", 0, "id-p", "p#1");
  stream.record("e", 1, "id-p", "p#0");
  assertEquals(countByKind(check(ledger)), { reordered: 1 });
});

Deno.test("reports a record that was never published as a phantom", () => {
  const ledger = threeMessages();
  ledger.ends.set("t", { epoch: "e", offset: 4 });
  subscriber(ledger, 3).record("e", 3, "id-p", "p#77");
  assertEquals(countByKind(check(ledger)), { phantom: 1 });
});

Deno.test("reports a record with the id of another publisher as a phantom", () => {
  const ledger = threeMessages();
  const stream = subscriber(ledger, 2);
  stream.record("e", 2, "id-of-another-peer", "p#2");
  assertEquals(countByKind(check(ledger)), { phantom: 1 });
});

for (const [code, mayBeStored] of Object.entries(MAY_BE_STORED)) {
  Deno.test(`${mayBeStored ? "accepts" : "reports"} a record whose publish ended with '${code}'`, () => {
    const ledger = threeMessages();
    ledger.ends.set("t", { epoch: "e", offset: 4 });
    ledger.publish("p", "t").outcome = { code };
    subscriber(ledger, 3).record("e", 3, "id-p", "p#3");
    const expected = mayBeStored ? {} : { "refused but stored": 1 };
    assertEquals(countByKind(check(ledger)), expected);
    assertEquals(
      [ledger.refused, ledger.indeterminate],
      mayBeStored ? [0, 1] : [1, 0],
    );
  });
}

Deno.test("docs/protocol.md states for each error code whether the message may be stored", async () => {
  const text = await Deno.readTextFile("docs/protocol.md");
  const [, section = ""] = text.split("\n## Error codes\n");
  const [table = ""] = section.split("\n## ");
  const rows = [...table.matchAll(/^\| `(\w+)` .*\| ([^|]*) \|$/gm)];
  assertEquals(rows.length, Object.keys(MAY_BE_STORED).length);
  for (const [, code, answer] of rows) {
    const mayBeStored: boolean = MAY_BE_STORED[code as DrumbeatErrorCode];
    assertEquals(!answer!.startsWith("no"), mayBeStored, code);
  }
});

Deno.test("reports a record whose publish failed with an exception without a code", () => {
  const ledger = threeMessages();
  ledger.ends.set("t", { epoch: "e", offset: 4 });
  ledger.publish("p", "t").outcome = { code: "an exception: TypeError: x" };
  subscriber(ledger, 3).record("e", 3, "id-p", "p#3");
  assertEquals(countByKind(check(ledger)), { "refused but stored": 1 });
});

Deno.test("accepts a record whose publish is pending", () => {
  const ledger = threeMessages();
  ledger.ends.set("t", { epoch: "e", offset: 4 });
  ledger.publish("p", "t");
  subscriber(ledger, 3).record("e", 3, "id-p", "p#3");
  assertEquals(check(ledger), []);
});

Deno.test("reports a record of another topic as a phantom", () => {
  const ledger = threeMessages();
  ledger.publish("p", "other", () => "elsewhere");
  ledger.ends.set("t", { epoch: "e", offset: 4 });
  subscriber(ledger, 3).record("e", 3, "id-p", "elsewhere");
  assertEquals(countByKind(check(ledger)), { phantom: 1 });
});

Deno.test("reports an acknowledged message as missing where the log has another one", () => {
  const ledger = threeMessages();
  ledger.ends.set("t", { epoch: "e", offset: 3 });
  ledger.publish("p", "t");
  const stream = subscriber(ledger, 2);
  stream.record("e", 2, "id-p", "p#3");
  assertEquals(countByKind(check(ledger)), { "acknowledged but missing": 1 });
});

Deno.test("reports an acknowledged message as missing when the log has it at another offset", () => {
  const ledger = threeMessages();
  const late = ledger.publish("p", "t");
  late.outcome = { offset: 9, epoch: "e" };
  ledger.ends.set("t", { epoch: "e", offset: 4 });
  subscriber(ledger, 3).record("e", 3, "id-p", "p#3");
  assertEquals(countByKind(check(ledger)), { "acknowledged but missing": 1 });
});

Deno.test("reports different records of two subscribers at one position as diverged", () => {
  const ledger = threeMessages();
  ledger.publish("p", "t");
  subscriber(ledger, 3, "a");
  subscriber(ledger, 2, "b").record("e", 2, "id-p", "p#3");
  assertEquals(countByKind(check(ledger)), { diverged: 1 });
});
