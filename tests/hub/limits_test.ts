import { assertEquals, assertThrows } from "@std/assert";
import {
  DEFAULT_HEARTBEAT,
  DEFAULT_LIMITS,
  heartbeatOptions,
  limitOptions,
  type Limits,
  NO_LIMITS,
} from "../../hub/limits.ts";

Deno.test("has the default limits and heartbeat of docs/protocol.md", () => {
  assertEquals(DEFAULT_LIMITS.windowBytes, 256 * 1024);
  assertEquals(DEFAULT_LIMITS.inflight, 256);
  assertEquals(DEFAULT_LIMITS.topicsPerPeer, 128);
  assertEquals(DEFAULT_LIMITS.helloMs, 10_000);
  assertEquals(DEFAULT_HEARTBEAT, { intervalMs: 10_000, timeoutMs: 25_000 });
});

Deno.test("NO_LIMITS lifts the inbound limits and the caps; the window, the bytes of records, the deadlines and the size of presence data stay", () => {
  const stays = Object.keys(DEFAULT_LIMITS).filter((name) => {
    const limit = name as keyof typeof DEFAULT_LIMITS;
    return NO_LIMITS[limit] === DEFAULT_LIMITS[limit];
  });
  // Without a window the memory of a slow peer has no bound.
  assertEquals(stays.toSorted(), [
    "authorizeMs",
    "helloMs",
    "presenceBytes",
    "recordBytes",
    "requestMs",
    "windowBytes",
  ]);
});

Deno.test("fills in the default of each limit that is absent or undefined", () => {
  const given = { peers: undefined, inflight: 0 } as unknown as Limits;
  assertEquals(limitOptions(given), { ...DEFAULT_LIMITS, inflight: 0 });
  assertEquals(limitOptions(), DEFAULT_LIMITS);
  assertEquals(DEFAULT_LIMITS.inflight, 256);
});

Deno.test("rejects a limit that is not a number of at least 0", () => {
  const check = (peers: unknown) => limitOptions({ peers } as Limits);
  for (const peers of [-1, NaN]) {
    assertThrows(
      () => check(peers),
      RangeError,
      `Cannot create the hub: the option 'limits.peers' must be a number of at least 0, not ${peers}`,
    );
  }
  for (const peers of ["5", null]) {
    assertThrows(() => check(peers), TypeError, "'limits.peers'");
  }
});

Deno.test("rejects the name of an unknown limit, also one that objects inherit", () => {
  for (const name of ["peer", "constructor", "__proto__"]) {
    const given = JSON.parse(`{"${name}":1}`);
    assertThrows(
      () => limitOptions(given),
      TypeError,
      `unknown option 'limits.${name}'`,
    );
  }
});

for (const intervalMs of [0, Infinity, 2 ** 31]) {
  Deno.test(`rejects a heartbeat with an interval of ${intervalMs} ms`, () => {
    assertThrows(
      () => heartbeatOptions({ intervalMs }),
      RangeError,
      `Cannot create the hub: the option 'heartbeat.intervalMs' must be a number from 1 to 2147483647, not ${intervalMs}`,
    );
  });
}

Deno.test("rejects an unknown option of the heartbeat", () => {
  const given = { interval: 1 } as object;
  assertThrows(
    () => heartbeatOptions(given),
    TypeError,
    "unknown option 'heartbeat.interval' (did you mean 'heartbeat.intervalMs'?)",
  );
  assertEquals(heartbeatOptions(), DEFAULT_HEARTBEAT);
});
