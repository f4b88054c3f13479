import { assert, assertEquals } from "@std/assert";
import { ErrorPrinter } from "../../../common/error_printer.ts";
import type { Authorize, Grant } from "../../../hub/access/authorize.ts";
import { Authorizer } from "../../../hub/access/authorizer.ts";
import { Reporter } from "../../../hub/hooks.ts";
import { FakeClock } from "../fake_clock.ts";

const REQUEST = {
  dialect: "plain",
  url: "http://hub.test/ws",
  address: "192.0.2.1",
} as const;

function authorizer(authorize: Authorize, deadlineMs = 5_000) {
  const clock = new FakeClock();
  const errors: unknown[] = [];
  const reporter = new Reporter({
    onError: (error, { stage }) => errors.push([stage, String(error)]),
  }, new ErrorPrinter(clock));
  const context = { deadlineMs, clock, reporter };
  return { authorizing: new Authorizer(authorize, context), clock, errors };
}

Deno.test("a grant without allow and expiresAt allows every topic and does not expire", async () => {
  const { authorizing, clock, errors } = authorizer(() => ({
    user: "ada",
    auth: 7,
  }));
  assertEquals(await authorizing.authorize(REQUEST), {
    user: "ada",
    auth: 7,
    until: Infinity,
    rules: {},
  });
  assertEquals([clock.timers, errors], [0, []]);
});

Deno.test("cancels the deadline after a result, and aborts the signal", async () => {
  const { promise, resolve } = Promise.withResolvers<Grant>();
  const signals: AbortSignal[] = [];
  const { authorizing, clock } = authorizer(({ signal }) => {
    signals.push(signal);
    return promise;
  });
  const answer = authorizing.authorize(REQUEST);
  assertEquals([clock.timers, signals[0]?.aborted], [1, false]);
  resolve({});
  assert(typeof await answer === "object");
  assertEquals([clock.timers, signals[0]?.aborted], [0, true]);
});

Deno.test("is unavailable without a result at the deadline, and ignores a later one", async () => {
  const { promise, resolve } = Promise.withResolvers<Grant>();
  const { authorizing, clock, errors } = authorizer(() => promise, 100);
  const answer = authorizing.authorize(REQUEST);
  clock.advance(99);
  assertEquals(errors, []);
  clock.advance(1);
  resolve({ user: "ada" });
  assertEquals(await answer, "unavailable");
  assertEquals(errors, [[
    "authorize",
    "Error: Cannot authorize a connection: no result within 100 ms",
  ]]);
});

Deno.test("returns unauthenticated and forbidden without reporting an error", async () => {
  for (const word of ["unauthenticated", "forbidden"] as const) {
    const { authorizing, errors } = authorizer(() => Promise.resolve(word));
    assertEquals([await authorizing.authorize(REQUEST), errors], [word, []]);
  }
});

/** Functions with a wrong result, and what each does. */
const WRONG: readonly (readonly [words: string, authorize: () => unknown])[] = [
  ["throws", () => {
    throw new Error("offline");
  }],
  ["rejects", () => Promise.reject(new Error("offline"))],
  ["returns undefined", () => undefined],
  ["returns true", () => true],
  ["returns another string", () => "ok"],
  ["returns a number as user", () => ({ user: 7 })],
  ["returns an empty user", () => ({ user: "" })],
  ["returns a user of 256 characters", () => ({ user: "a".repeat(256) })],
  ["returns a date as text", () => ({ expiresAt: "2030-01-01" })],
  ["returns NaN as a time", () => ({ expiresAt: NaN })],
  ["returns a time in seconds", () => ({ expiresAt: 1_800_000_000 })],
  ["misspells allow", () => ({ alow: { publish: [] } })],
  ["returns data under another name", () => ({ data: {} })],
  ["returns wrong rules", () => ({ allow: { publish: "*" } })],
];

for (const [words, authorize] of WRONG) {
  Deno.test(`is unavailable for an authorize that ${words}, and reports it`, async () => {
    const { authorizing, errors } = authorizer(authorize as Authorize);
    assertEquals(await authorizing.authorize(REQUEST), "unavailable");
    assertEquals(errors.length, 1);
  });
}

Deno.test("is unauthenticated for an expired grant, and counts expiresAt by the monotonic clock", async () => {
  const { authorizing, clock } = authorizer(() => ({
    expiresAt: clock.time() + leftMs,
  }));
  let leftMs = 0;
  assertEquals(await authorizing.authorize(REQUEST), "unauthenticated");
  leftMs = 1;
  clock.jumpMs = 3_600_000;
  const rights = await authorizing.authorize(REQUEST);
  assert(typeof rights === "object");
  assertEquals(rights.until, clock.now() + 1);
});
