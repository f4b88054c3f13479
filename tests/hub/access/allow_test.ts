import { assert, assertEquals, assertThrows } from "@std/assert";
import { rulesOf } from "../../../hub/access/allow.ts";
import type { Peer } from "../../../hub/peer.ts";

const peer = { id: "me" } as Peer;

Deno.test("has no check for a use without a rule", () => {
  assertEquals(rulesOf(), {});
  assertEquals(rulesOf({}), {});
  assertEquals(Object.keys(rulesOf({ publish: [] })), ["publish"]);
});

Deno.test("a list allows its names, and the prefixes that end in a star", () => {
  const { subscribe } = rulesOf({
    subscribe: ["lobby", "room:*", "__proto__"],
  });
  assert(subscribe !== undefined);
  const allowed = [
    "lobby",
    "room:",
    "room:1",
    "room:*",
    "__proto__",
    "lobby2",
    "room",
    "Lobby",
    "toString",
    "",
  ].filter((topic) => subscribe(peer, topic));
  assertEquals(allowed, ["lobby", "room:", "room:1", "room:*", "__proto__"]);
});

Deno.test("an empty list allows no topic, and a star allows every topic", () => {
  const rules = rulesOf({ subscribe: [], publish: ["*"] });
  assertEquals(rules.subscribe?.(peer, "lobby"), false);
  assertEquals(rules.publish?.(peer, "lobby"), true);
});

Deno.test("a function allows a topic by true or a promise of it, and by no other truthy value", async () => {
  const answers: unknown[] = [true, 1, "yes", {}, false];
  const allowed = (answer: unknown) =>
    rulesOf({ publish: () => answer as boolean }).publish?.(peer, "lobby");
  const expected = [true, false, false, false, false];
  assertEquals(answers.map(allowed), expected);
  assertEquals(
    await Promise.all(
      answers.map((answer) => allowed(Promise.resolve(answer))),
    ),
    expected,
  );
});

/** Wrong values of `allow`. */
const WRONG: readonly unknown[] = [
  null,
  true,
  "lobby",
  { subscribe: "lobby" },
  { subscribe: [1] },
  { subscribe: true },
  { publish: null },
  { subscibe: ["lobby"] },
];

for (const allow of WRONG) {
  Deno.test(`rejects the rules ${JSON.stringify(allow)}`, () => {
    assertThrows(() => rulesOf(allow as undefined), TypeError, "allow");
  });
}
