import { assertEquals } from "@std/assert";
import { roundTrip, statusWords } from "../../static/connection/status_text.ts";

const NOW = 1_000_000;
const base = { rttMs: undefined, retryAt: undefined, again: false } as const;

Deno.test("the first connection is connecting, a later one reconnecting", () => {
  assertEquals(
    statusWords({ ...base, state: "connecting" }, NOW).word,
    "connecting…",
  );
  assertEquals(
    statusWords({ ...base, state: "connecting", again: true }, NOW).word,
    "reconnecting…",
  );
});

Deno.test("online says the round trip once it is known", () => {
  assertEquals(statusWords({ ...base, state: "open" }, NOW), {
    word: "online",
    detail: "",
  });
  assertEquals(statusWords({ ...base, state: "open", rttMs: 12.4 }, NOW), {
    word: "online",
    detail: "12 ms",
  });
});

Deno.test("waiting counts down in full seconds and never below one", () => {
  const detail = (leftMs: number) =>
    statusWords({ ...base, state: "waiting", retryAt: NOW + leftMs }, NOW)
      .detail;
  assertEquals(detail(2_500), "in 3 s");
  assertEquals(detail(2_000), "in 2 s");
  assertEquals(detail(10), "in 1 s");
  assertEquals(detail(-500), "in 1 s");
});

Deno.test("closed for good is offline", () => {
  assertEquals(statusWords({ ...base, state: "closed" }, NOW).word, "offline");
});

Deno.test("a short round trip has a decimal, a long one has none", () => {
  assertEquals(
    [0, 0.42, 3, 5.26, 9.97, 12.7, 412].map(roundTrip),
    ["0.1 ms", "0.4 ms", "3 ms", "5.3 ms", "10 ms", "13 ms", "412 ms"],
  );
});
