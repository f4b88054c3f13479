import { assert, assertEquals, assertMatch } from "@std/assert";
import fc from "fast-check";
import {
  LOBBY,
  MAX_TOPIC_NAME_BYTES,
  messageTypeProblem,
  RESERVED_TYPES,
  topicNameProblem,
} from "../../messages.ts";

Deno.test("a message's type is 1 to 64 characters, a letter first", () => {
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

Deno.test("a message's type follows the expression of docs/protocol.md", () => {
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

Deno.test("every type of a frame of docs/protocol.md is a reserved word", () => {
  const frames =
    "hello start ping pong publish ack batch gap subscribe subscribed unsubscribe request reply presence error goaway";
  for (const type of frames.split(" ")) {
    assertMatch(messageTypeProblem(type) ?? "", /protocol's own words/);
  }
});

Deno.test("a topic's name is 1 to 255 bytes of UTF-8", () => {
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

Deno.test("a topic's name has no control character and no lone surrogate", () => {
  for (const unit of [0, 9, 10, 13, 31, 127, 128, 159, 0xd800, 0xdfff]) {
    const name = `a${String.fromCharCode(unit)}b`;
    assert(topicNameProblem(name) !== undefined, `unit ${unit}`);
  }
});

Deno.test("names that start with $ are the hub's", () => {
  assertMatch(topicNameProblem("$peer/x") ?? "", /the hub's/);
});

Deno.test("a good topic name survives the wire", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 300 }), (name) => {
      if (topicNameProblem(name) !== undefined) return;
      const sent = new TextEncoder().encode(JSON.stringify(name));
      assertEquals(JSON.parse(new TextDecoder().decode(sent)), name);
    }),
  );
});
