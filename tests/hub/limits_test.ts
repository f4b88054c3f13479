import { assertEquals, assertThrows } from "@std/assert";
import {
  DEFAULT_HEARTBEAT,
  DEFAULT_LIMITS,
  heartbeatOptions,
  NO_LIMITS,
  withDefaults,
} from "../../hub/limits.ts";

Deno.test("the default limits and heartbeat are those of docs/protocol.md", () => {
  assertEquals(DEFAULT_LIMITS.windowBytes, 256 * 1024);
  assertEquals(DEFAULT_LIMITS.inflight, 256);
  assertEquals(DEFAULT_LIMITS.topicsPerPeer, 128);
  assertEquals(DEFAULT_LIMITS.helloMs, 10_000);
  assertEquals(DEFAULT_HEARTBEAT, { intervalMs: 10_000, timeoutMs: 25_000 });
});

Deno.test("no limits lifts inbound limits and caps; the window, deadlines and what a member may say stay", () => {
  const stays = Object.keys(DEFAULT_LIMITS).filter((name) => {
    const limit = name as keyof typeof DEFAULT_LIMITS;
    return NO_LIMITS[limit] === DEFAULT_LIMITS[limit];
  });
  // Without a window the memory of a slow peer has no bound.
  assertEquals(stays.toSorted(), [
    "authorizeMs",
    "helloMs",
    "presenceBytes",
    "requestMs",
    "windowBytes",
  ]);
});

Deno.test("what is not given, or undefined, has its default", () => {
  assertEquals(withDefaults("limit", { a: 1, b: 2 }), { a: 1, b: 2 });
  const given = { a: undefined, b: 0 } as unknown as { b: number };
  assertEquals(withDefaults("limit", { a: 1, b: 2 }, given), { a: 1, b: 0 });
});

Deno.test("a number that is none is refused with its name", () => {
  for (const a of [-1, NaN, "5", null]) {
    assertThrows(
      () => withDefaults("limit", { a: 1 }, { a: a as number }),
      RangeError,
      "The limit 'a' must be",
    );
  }
});

Deno.test("a name that does not exist is refused, one that objects inherit as well", () => {
  for (const name of ["b", "constructor", "__proto__"]) {
    const given = JSON.parse(`{"${name}":1}`);
    assertThrows(() => withDefaults("limit", { a: 1 }, given), TypeError, name);
  }
});

Deno.test("the defaults are not changed by what is given", () => {
  withDefaults("limit", DEFAULT_LIMITS, { inflight: 1 });
  assertEquals(DEFAULT_LIMITS.inflight, 256);
});

Deno.test("a heartbeat that never beats, or never stops to, is refused", () => {
  for (const intervalMs of [0, Infinity]) {
    assertThrows(
      () => heartbeatOptions({ intervalMs }),
      RangeError,
      "'intervalMs' must be above 0 and finite",
    );
  }
  assertEquals(heartbeatOptions(), DEFAULT_HEARTBEAT);
});
