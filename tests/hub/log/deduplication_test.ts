import { assert, assertEquals } from "@std/assert";
import { Outcomes } from "../../../hub/log/deduplication.ts";

Deno.test("an id above all earlier ones is new", () => {
  const outcomes = new Outcomes();
  assertEquals(outcomes.known(0), undefined);
  outcomes.settle(0, { offset: 4 });
  assertEquals(outcomes.known(1), undefined);
  assertEquals(outcomes.known(1_000), undefined);
});

Deno.test("returns the first outcome of a repeated id, also an error", () => {
  const outcomes = new Outcomes();
  const error = { code: "unavailable", message: "The disk is full" } as const;
  outcomes.settle(3, { offset: 4 });
  outcomes.settle(7, error);
  assertEquals(outcomes.known(3), { offset: 4 });
  assertEquals(outcomes.known(7), error);
});

Deno.test("an id that was skipped or is too old is indeterminate", () => {
  const outcomes = new Outcomes();
  for (let id = 10; id < 10 + 257; id++) outcomes.settle(id, { offset: id });
  for (const id of [0, 9, 10]) {
    const known = outcomes.known(id);
    assert(known !== undefined && "code" in known);
    assertEquals(known.code, "indeterminate");
  }
  assertEquals(outcomes.known(11), { offset: 11 });
  assertEquals(outcomes.known(266), { offset: 266 });
});
