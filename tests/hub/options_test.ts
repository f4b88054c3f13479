import { assertEquals, assertThrows } from "@std/assert";
import { MemoryStore } from "../../adapters/store_memory.ts";
import { createHub, type CreateHubOptions } from "../../hub.ts";
import { Hub } from "../../hub/hub.ts";
import {
  HUB_OPTION_NAMES,
  type HubOptions,
  hubSettings,
} from "../../hub/options.ts";
import { FakeClock } from "./fake_clock.ts";

/** Invalid options, and the end of the error that each of them causes. */
const INVALID: readonly (readonly [given: object, error: string])[] = [
  [
    { authorise: () => ({}) },
    "unknown option 'authorise' (did you mean 'authorize'?)",
  ],
  [{ topic: {} }, "unknown option 'topic' (did you mean 'topics'?)"],
  [
    { limits: { peer: 1 } },
    "unknown option 'limits.peer' (did you mean 'limits.peers'?)",
  ],
  [
    { heartbeat: { timeout: 1 } },
    "unknown option 'heartbeat.timeout' (did you mean 'heartbeat.timeoutMs'?)",
  ],
  [
    { topics: { a: { lagg: "gap" } } },
    "unknown option 'topics.a.lagg' (did you mean 'topics.a.lag'?)",
  ],
  [
    { contract: {} },
    "the option 'contract' must be a contract that defineMessages made",
  ],
  [
    { authorize: "yes" },
    "the option 'authorize' must be a function, not 'yes'",
  ],
  [{ onOpen: 1 }, "the option 'onOpen' must be a function, not 1"],
  [{ onClose: 1 }, "the option 'onClose' must be a function, not 1"],
  [{ onPresence: 1 }, "the option 'onPresence' must be a function, not 1"],
  [{ onError: 1 }, "the option 'onError' must be a function, not 1"],
  [{ sessionMs: "1" }, "the option 'sessionMs' must be a number, not '1'"],
  [{ limits: 5 }, "the option 'limits' must be an object, not 5"],
  [{ heartbeat: null }, "the option 'heartbeat' must be an object, not null"],
];

for (const [given, error] of INVALID) {
  Deno.test(`createHub and the constructor of Hub: ${error}`, () => {
    assertThrows(
      () => createHub(given as CreateHubOptions),
      TypeError,
      `Cannot create the hub: ${error}`,
    );
    const clock = new FakeClock();
    assertThrows(
      () => new Hub({ store: () => new MemoryStore(clock), clock }, given),
      TypeError,
      `Cannot create the hub: ${error}`,
    );
  });
}

Deno.test("rejects a store that is not a function", () => {
  assertThrows(
    () => createHub({ store: {} as never }),
    TypeError,
    "Cannot create the hub: the option 'store' must be a function, not an object",
  );
});

Deno.test("rejects a presence grace that is longer than the session", () => {
  const check = (options: HubOptions) => hubSettings(options, "Cannot serve");
  assertThrows(
    () => check({ sessionMs: 1_000, presenceGraceMs: 1_001 }),
    RangeError,
    "Cannot serve: the option 'presenceGraceMs' must be at most 'sessionMs' (1000), not 1001",
  );
  check({ sessionMs: 1_000, presenceGraceMs: 1_000 });
  assertThrows(() => check({ presenceGraceMs: 120_001 }), RangeError);
});

Deno.test("undefined stands for the default of each option", () => {
  const given = Object.fromEntries(
    Object.keys(HUB_OPTION_NAMES).map((name) => [name, undefined]),
  ) as HubOptions;
  const { topics, hooks: _, ...settings } = hubSettings(given, "Cannot serve");
  const { topics: defaults, hooks: _h, ...rest } = hubSettings(
    {},
    "Cannot serve",
  );
  assertEquals(settings, rest);
  assertEquals(topics("lobby"), defaults("lobby"));
});
