import { assertEquals, assertThrows } from "@std/assert";
import { DEFAULT_TOPIC, topicOptions } from "../../../hub/log/topic_options.ts";

Deno.test("without options every topic has the defaults: 1,000 records, 1 MiB, 120 s", () => {
  const { key, ...settings } = topicOptions()("lobby");
  assertEquals(settings, {
    maxRecords: 1_000,
    maxBytes: 1024 * 1024,
    maxAgeMs: 120_000,
    lag: "gap",
    durable: true,
  });
  assertEquals(key({ type: "price" }, { peer: undefined }), "price");
});

Deno.test("the exact name takes precedence, then the longest prefix, then the defaults", () => {
  const of = topicOptions({
    "*": { maxRecords: 1 },
    "room:*": { maxRecords: 2 },
    "room:vip:*": { maxRecords: 3 },
    "room:vip:1": { maxRecords: 4 },
  });
  assertEquals(
    ["lobby", "room:", "room:2", "room:vip:2", "room:vip:1", "room"].map((
      name,
    ) => of(name).maxRecords),
    [1, 2, 2, 3, 4, 1],
  );
});

Deno.test("an option that is not given has its default", () => {
  assertEquals(topicOptions({ a: { maxBytes: 5 } })("a"), {
    ...DEFAULT_TOPIC,
    maxBytes: 5,
  });
});

Deno.test("a topic's name may be that of an inherited property", () => {
  assertEquals(topicOptions()("__proto__"), DEFAULT_TOPIC);
  assertEquals(topicOptions({ a: {} })("constructor"), DEFAULT_TOPIC);
});

Deno.test("rejects a negative number, with the topic's name", () => {
  assertThrows(
    () => topicOptions({ "room:*": { maxRecords: -1 } }),
    RangeError,
    "Cannot create the hub: the option 'topics.room:*.maxRecords' must be a number of at least 0, not -1",
  );
});

Deno.test("rejects an unknown option, with the topic's name", () => {
  const misspelt = { maxBytes: 1, maxRecord: 5 };
  assertThrows(
    () => topicOptions({ a: misspelt }, "Cannot serve"),
    TypeError,
    "Cannot serve: unknown option 'topics.a.maxRecord' (did you mean 'topics.a.maxRecords'?)",
  );
});

Deno.test("rejects an unknown policy and a key that is not a function, with the topic's name", () => {
  const lag = "drop" as "gap";
  assertThrows(
    () => topicOptions({ a: { lag } }),
    TypeError,
    "the option 'topics.a.lag' must be one of 'gap', 'disconnect', 'latest', not 'drop'",
  );
  const key = "symbol" as unknown as () => string;
  assertThrows(
    () => topicOptions({ a: { key } }),
    TypeError,
    "the option 'topics.a.key' must be a function, not 'symbol'",
  );
});

Deno.test("rejects a 'durable' that is not a boolean, with the topic's name", () => {
  assertThrows(
    () => topicOptions({ a: { durable: "no" as never } }),
    TypeError,
    "the option 'topics.a.durable' must be",
  );
});

Deno.test("rejects topics, and options of a topic, that are not objects", () => {
  assertThrows(
    () => topicOptions("lobby" as never),
    TypeError,
    "the option 'topics' must be an object, not 'lobby'",
  );
  assertThrows(
    () => topicOptions({ a: null as never }),
    TypeError,
    "the option 'topics.a' must be an object, not null",
  );
});
