import { assertEquals } from "@std/assert";
import { counted, roundTrip, truncate } from "../../static/text_format.ts";

Deno.test("formats a count with the singular or the plural of its noun", () => {
  assertEquals(counted(1, "message"), "1 message");
  assertEquals(counted(0, "byte"), "0 bytes");
  assertEquals(counted(1240, "message"), "1,240 messages");
});

Deno.test("formats a round trip with one decimal below 10 ms, and without decimals above", () => {
  assertEquals(
    [0, 0.42, 3, 5.26, 9.97, 12.7, 412].map(roundTrip),
    ["< 1 ms", "0.4 ms", "3 ms", "5.3 ms", "10 ms", "13 ms", "412 ms"],
  );
});

Deno.test("truncates a text without splitting a surrogate pair", () => {
  assertEquals(truncate("abc", 5), "abc");
  assertEquals(truncate("abcdef", 5), "abcde");
  assertEquals(truncate("abcd🥁", 5), "abcd");
  assertEquals(truncate("abc🥁", 5), "abc🥁");
});
