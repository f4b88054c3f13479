import { assertEquals } from "@std/assert";
import { statusText } from "../../static/connection/status_text.ts";

const NOW = 1_000_000;
const base = {
  rttMs: undefined,
  retryAt: undefined,
  isReconnect: false,
} as const;

Deno.test("shows connecting at first, and reconnecting later", () => {
  assertEquals(
    statusText({ ...base, state: "connecting" }, NOW).word,
    "connecting…",
  );
  assertEquals(
    statusText({ ...base, state: "connecting", isReconnect: true }, NOW).word,
    "reconnecting…",
  );
});

Deno.test("shows online with the round trip once one is measured", () => {
  assertEquals(statusText({ ...base, state: "open" }, NOW), {
    word: "online",
    detail: "",
  });
  assertEquals(statusText({ ...base, state: "open", rttMs: 12.4 }, NOW), {
    word: "online",
    detail: "12 ms",
  });
});

Deno.test("counts down in full seconds while waiting, never below one", () => {
  const detail = (leftMs: number) =>
    statusText({ ...base, state: "waiting", retryAt: NOW + leftMs }, NOW)
      .detail;
  assertEquals(detail(2_500), "in 3 s");
  assertEquals(detail(2_000), "in 2 s");
  assertEquals(detail(10), "in 1 s");
  assertEquals(detail(-500), "in 1 s");
});

Deno.test("shows offline after the client closed", () => {
  assertEquals(statusText({ ...base, state: "closed" }, NOW).word, "offline");
});
