import { assertEquals } from "@std/assert";
import { check, tally } from "./checker.ts";
import { Ledger, type Stream } from "./ledger.ts";

/** A ledger of three messages in one topic, acknowledged at 0, 1 and 2 of epoch `e`, and its end. */
function three(): Ledger {
  const ledger = new Ledger();
  ledger.peer("p", "id-p");
  for (const offset of [0, 1, 2]) {
    ledger.publish("p", "t").told = { offset, epoch: "e" };
  }
  ledger.ends.set("t", { epoch: "e", offset: 3 });
  return ledger;
}

/** A subscriber from the start, that has heard so many of them. */
function reader(ledger: Ledger, heard: number, name = "s"): Stream {
  const stream = ledger.stream(name, "t");
  stream.joined({ epoch: "e", offset: 0 });
  for (let n = 0; n < heard; n++) stream.record("e", n, "id-p", `p#${n}`);
  return stream;
}

Deno.test("a ledger in which all is well has no violation", () => {
  const ledger = three();
  reader(ledger, 3);
  assertEquals(check(ledger), []);
});

Deno.test("a gap that was told, and what came after it, is no violation", () => {
  const ledger = three();
  const stream = reader(ledger, 1);
  stream.gap(1, 2, { epoch: "e", offset: 2 });
  stream.record("e", 2, "id-p", "p#2");
  assertEquals(check(ledger), []);
});

Deno.test("a new epoch that was told covers the rest of the old one", () => {
  const ledger = three();
  ledger.ends.set("t", { epoch: "f", offset: 5 });
  reader(ledger, 1).gap(1, undefined, { epoch: "f", offset: 5 });
  assertEquals(check(ledger), []);
});

Deno.test("who has left is owed nothing", () => {
  const ledger = three();
  reader(ledger, 1).leave();
  assertEquals(check(ledger), []);
});

Deno.test("messages that never arrive are lost, each of them", () => {
  const ledger = three();
  reader(ledger, 1);
  assertEquals(tally(check(ledger)), { lost: 2 });
});

Deno.test("who did not come to the end of the log has lost something, whoever published it", () => {
  const ledger = new Ledger();
  ledger.ends.set("t", { epoch: "e", offset: 3 });
  reader(ledger, 0);
  ledger.stream("never in", "t");
  assertEquals(tally(check(ledger)), { lost: 2 });
});

Deno.test("who stays in the old epoch has lost something", () => {
  const ledger = three();
  ledger.ends.set("t", { epoch: "f", offset: 0 });
  reader(ledger, 2);
  assertEquals(tally(check(ledger)), { lost: 1 });
});

Deno.test("a hole in the offsets is an unannounced gap, and what was in it is lost", () => {
  const ledger = three();
  reader(ledger, 1).record("e", 2, "id-p", "p#2");
  assertEquals(tally(check(ledger)), { "unannounced gap": 1, lost: 1 });
});

Deno.test("a gap that begins too late leaves an unannounced one before it", () => {
  const ledger = three();
  reader(ledger, 1).gap(2, 3, { epoch: "e", offset: 3 });
  assertEquals(tally(check(ledger)), { "unannounced gap": 1, lost: 1 });
});

Deno.test("another epoch without a word is an unannounced gap, and the rest of the old one is lost", () => {
  const ledger = three();
  ledger.ends.set("t", { epoch: "f", offset: 1 });
  ledger.publish("p", "t");
  reader(ledger, 2).record("f", 0, "id-p", "p#3");
  assertEquals(tally(check(ledger)), { "unannounced gap": 1, lost: 1 });
});

Deno.test("a record before any place was told is an unannounced gap", () => {
  const ledger = three();
  ledger.stream("s", "t").record("e", 0, "id-p", "p#0");
  assertEquals(check(ledger)[0]!.kind, "unannounced gap");
});

Deno.test("a second place that is not where the cursor was is an unannounced gap", () => {
  const ledger = three();
  reader(ledger, 2).joined({ epoch: "e", offset: 3 });
  assertEquals(tally(check(ledger)), { "unannounced gap": 1, lost: 1 });
});

Deno.test("a message that comes twice is duplicated, at the same offset or at another", () => {
  const same = three();
  reader(same, 3).record("e", 2, "id-p", "p#2");
  assertEquals(tally(check(same)), { duplicated: 1 });
  const other = three();
  other.ends.set("t", { epoch: "e", offset: 4 });
  reader(other, 3).record("e", 3, "id-p", "p#2");
  assertEquals(tally(check(other)), { duplicated: 1 });
});

Deno.test("offsets that go back are reordered", () => {
  const ledger = three();
  const stream = ledger.stream("s", "t");
  stream.joined({ epoch: "e", offset: 1 });
  stream.record("e", 1, "id-p", "p#1");
  stream.record("e", 2, "id-p", "p#2");
  stream.record("e", 0, "id-p", "p#0");
  const { reordered } = tally(check(ledger));
  // By its offset, and by its publisher's number.
  assertEquals(reordered, 2);
});

Deno.test("a publisher's messages in another order are reordered, where the log itself is", () => {
  const ledger = new Ledger();
  const [first, second] = [ledger.publish("p", "t"), ledger.publish("p", "t")];
  first.told = { offset: 1, epoch: "e" };
  second.told = { offset: 0, epoch: "e" };
  const stream = ledger.stream("s", "t");
  stream.joined({ epoch: "e", offset: 0 });
  stream.record("e", 0, "id-p", "p#1");
  stream.record("e", 1, "id-p", "p#0");
  assertEquals(tally(check(ledger)), { reordered: 1 });
});

Deno.test("a record that nobody published is a phantom", () => {
  const ledger = three();
  ledger.ends.set("t", { epoch: "e", offset: 4 });
  reader(ledger, 3).record("e", 3, "id-p", "p#77");
  assertEquals(tally(check(ledger)), { phantom: 1 });
});

Deno.test("a record under another's name is a phantom", () => {
  const ledger = three();
  const stream = reader(ledger, 2);
  stream.record("e", 2, "id-of-someone-else", "p#2");
  assertEquals(tally(check(ledger)), { phantom: 1 });
});

Deno.test("a record that was refused is a phantom; one whose outcome is unknown is not", () => {
  for (
    const [code, expected] of [["indeterminate", {}], ["limit", {
      phantom: 1,
    }]] as const
  ) {
    const ledger = three();
    ledger.ends.set("t", { epoch: "e", offset: 4 });
    ledger.publish("p", "t").told = { code };
    reader(ledger, 3).record("e", 3, "id-p", "p#3");
    assertEquals(tally(check(ledger)), expected);
  }
});

Deno.test("a record of another topic is a phantom", () => {
  const ledger = three();
  ledger.publish("p", "other", () => "elsewhere");
  ledger.ends.set("t", { epoch: "e", offset: 4 });
  reader(ledger, 3).record("e", 3, "id-p", "elsewhere");
  assertEquals(tally(check(ledger)), { phantom: 1 });
});

Deno.test("an acknowledged message is missing where the log has another one at its place", () => {
  const ledger = three();
  ledger.ends.set("t", { epoch: "e", offset: 3 });
  ledger.publish("p", "t");
  const stream = reader(ledger, 2);
  stream.record("e", 2, "id-p", "p#3");
  assertEquals(tally(check(ledger)), { "acknowledged but missing": 1 });
});

Deno.test("an acknowledged message is missing at its place when it is at another one", () => {
  const ledger = three();
  const late = ledger.publish("p", "t");
  late.told = { offset: 9, epoch: "e" };
  ledger.ends.set("t", { epoch: "e", offset: 4 });
  reader(ledger, 3).record("e", 3, "id-p", "p#3");
  assertEquals(tally(check(ledger)), { "acknowledged but missing": 1 });
});

Deno.test("two subscribers that got different records at one place have diverged", () => {
  const ledger = three();
  ledger.publish("p", "t");
  reader(ledger, 3, "a");
  reader(ledger, 2, "b").record("e", 2, "id-p", "p#3");
  assertEquals(tally(check(ledger)), { diverged: 1 });
});
