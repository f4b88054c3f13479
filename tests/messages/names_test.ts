import { assert, assertEquals, assertMatch } from "@std/assert";
import fc from "fast-check";
import {
  LOBBY,
  MAX_TOPIC_NAME_BYTES,
  messageTypeProblem,
  RESERVED_TYPES,
  topicNameProblem,
} from "../../messages.ts";

Deno.test("accepts message types of 1 to 64 characters that start with a letter", () => {
  for (
    const type of [
      "a",
      "Z",
      "chat",
      "a1",
      "a_b.c:d-e",
      "x".repeat(64),
      "constructor",
    ]
  ) {
    assertEquals(messageTypeProblem(type), undefined, type);
  }
  const bad = [
    "",
    "1",
    "_a",
    "$a",
    " a",
    "a ",
    "a\n",
    "a/b",
    "ä",
    "aä",
    "x".repeat(65),
    "__proto__",
    undefined,
    null,
    5,
    {},
    ["chat"],
  ];
  for (const type of bad) {
    assert(messageTypeProblem(type) !== undefined, String(type));
  }
});

Deno.test("accepts exactly the message types that docs/protocol.md defines", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.string({ unit: fc.constantFrom(..."aZ09_.:-$ ") }),
      ),
      (type) => {
        assertEquals(
          messageTypeProblem(type) === undefined,
          /^[A-Za-z][\w.:-]{0,63}$/.test(type) && !RESERVED_TYPES.has(type),
        );
      },
    ),
  );
});

Deno.test("rejects reserved types, and accepts the other frame types of drumbeat.v1", () => {
  for (const type of RESERVED_TYPES) {
    assertEquals(messageTypeProblem(type), `The type '${type}' is reserved`);
  }
  for (const type of ["update", "history", "batch", "subscribe", "presence"]) {
    assertEquals(messageTypeProblem(type), undefined);
  }
});

Deno.test("an error names the wrong value, at most 64 units of it", () => {
  assertMatch(messageTypeProblem("1a") ?? "", /, not "1a"$/);
  assertMatch(messageTypeProblem(undefined) ?? "", /, not undefined$/);
  assertMatch(messageTypeProblem({}) ?? "", /, not object$/);
  assertMatch(
    messageTypeProblem("\n".repeat(1_000)) ?? "",
    /, not "(\\n){64}"$/,
  );
  assertMatch(topicNameProblem("") ?? "", /, not ""$/);
});

Deno.test("accepts topic names of 1 to 255 bytes of UTF-8", () => {
  for (
    const name of [
      LOBBY,
      "a",
      "room:1",
      " ",
      "ä",
      "🥁",
      "__proto__",
      "x".repeat(255),
      "ü".repeat(127),
      "a$",
    ]
  ) {
    assertEquals(topicNameProblem(name), undefined, name);
  }
  for (const name of ["", "x".repeat(256), "ü".repeat(128), "🥁".repeat(64)]) {
    assert(topicNameProblem(name) !== undefined, name);
  }
  for (const name of [undefined, null, 5, {}, ["a"]]) {
    assert(topicNameProblem(name) !== undefined);
  }
  assertEquals(MAX_TOPIC_NAME_BYTES, 255);
});

Deno.test("rejects topic names with control characters or lone surrogates", () => {
  for (const unit of [0, 9, 10, 13, 31, 127, 128, 159, 0xd800, 0xdfff]) {
    const name = `a${String.fromCharCode(unit)}b`;
    assert(topicNameProblem(name) !== undefined, `unit ${unit}`);
  }
});

Deno.test("rejects topic names that start with $: they are reserved for the hub", () => {
  assertMatch(topicNameProblem("$peer/x") ?? "", /reserved for the hub/);
});

Deno.test("accepted topic names are unchanged after encoding and decoding", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 300 }), (name) => {
      if (topicNameProblem(name) !== undefined) return;
      const sent = new TextEncoder().encode(JSON.stringify(name));
      assertEquals(JSON.parse(new TextDecoder().decode(sent)), name);
    }),
  );
});
