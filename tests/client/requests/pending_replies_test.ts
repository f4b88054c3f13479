import { assertEquals, assertFalse } from "@std/assert";
import { PendingReplies } from "../../../client/requests/pending_replies.ts";
import { DrumbeatError } from "../../../client.ts";

/** Adds a frame that acks answer. @returns the record of its outcomes. */
function add(pending: PendingReplies): { id: number; outcomes: string[] } {
  const id = pending.nextId();
  const outcomes: string[] = [];
  pending.add(id, {
    settle({ type }) {
      if (type !== "ack") return false;
      outcomes.push(type);
      return true;
    },
    refuse: ({ code }) => void outcomes.push(code),
  });
  return { id, outcomes };
}

Deno.test("ids increase", () => {
  const pending = new PendingReplies();
  assertEquals([pending.nextId(), pending.nextId(), pending.nextId()], [
    1,
    2,
    3,
  ]);
});

Deno.test("settles a frame once, with the answer of its id and its type", () => {
  const pending = new PendingReplies();
  const [first, second] = [add(pending), add(pending)];
  assertFalse(pending.settle({ type: "reply", id: second.id }));
  assertFalse(pending.settle({ type: "ack", id: 99 }));
  const results = [1, 2].map(() =>
    pending.settle({ type: "ack", id: second.id })
  );
  assertEquals([results, first.outcomes, second.outcomes], [
    [true, false],
    [],
    ["ack"],
  ]);
});

Deno.test("refuses a frame once", () => {
  const pending = new PendingReplies();
  const { id, outcomes } = add(pending);
  const error = new DrumbeatError("forbidden", "no");
  const results = [id, id, 99].map((id) => pending.refuse(id, error));
  assertEquals([results, outcomes], [[true, false, false], ["forbidden"]]);
  assertFalse(pending.settle({ type: "ack", id }));
});

Deno.test("ignores the answer of a forgotten frame", () => {
  const pending = new PendingReplies();
  const { id, outcomes } = add(pending);
  pending.forget(id);
  assertFalse(pending.settle({ type: "ack", id }));
  assertFalse(pending.refuse(id, new DrumbeatError("failed", "no")));
  assertEquals(outcomes, []);
});

Deno.test("joins the parts of a reply, and drops those of a frame that nothing waits for", () => {
  const pending = new PendingReplies();
  const settled: unknown[] = [];
  const refused: string[] = [];
  const add = (id: number) =>
    pending.add(id, {
      settle: (answer) => settled.push(answer) > 0,
      refuse: ({ code }) => void refused.push(code),
    });
  const part = (id: number, text: string, more?: true) =>
    pending.settle({
      type: "reply",
      id,
      part: text,
      ...(more ? { more } : {}),
    });
  for (const id of [1, 2, 3, 4]) add(id);
  assertEquals(part(1, "[1,", true), false);
  assertEquals(part(2, '"a', true), false);
  assertEquals(part(1, "2]"), true);
  assertEquals(part(2, 'b"'), true);
  assertEquals(settled, [
    { type: "reply", id: 1, data: [1, 2] },
    { type: "reply", id: 2, data: "ab" },
  ]);
  part(3, "[1,", true);
  pending.forget(3);
  assertEquals(part(3, "2]"), false);
  part(4, "[1,", true);
  part(4, "2");
  assertEquals(refused, ["failed"]);
  assertEquals(settled.length, 2);
});
