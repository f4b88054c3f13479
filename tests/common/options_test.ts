import { assertEquals, assertThrows } from "@std/assert";
import {
  checkFunction,
  checkNames,
  checkNumber,
  checkOneOf,
  numberOptions,
} from "../../common/options.ts";

const KNOWN = { authorize: true, allow: true, origins: true, port: true };

for (
  const [given, hint] of [
    ["authorise", " (did you mean 'authorize'?)"],
    ["alow", " (did you mean 'allow'?)"],
    ["orgins", " (did you mean 'origins'?)"],
    ["Port", " (did you mean 'port'?)"],
    ["x", ""],
    ["somethingElse", ""],
    ["__proto__", ""],
    ["toString", ""],
  ] as const
) {
  Deno.test(`rejects the unknown option ${given}${hint}`, () => {
    const options = JSON.parse(`{${JSON.stringify(given)}: 1}`);
    const error = assertThrows(
      () => checkNames("Cannot serve", options, KNOWN),
      TypeError,
    );
    assertEquals(
      error.message,
      `Cannot serve: unknown option '${given}'${hint}`,
    );
  });
}

Deno.test("names the group of an unknown nested option", () => {
  assertThrows(
    () => checkNames("Cannot serve", { peer: 1 }, { peers: 1 }, "limits"),
    TypeError,
    "unknown option 'limits.peer' (did you mean 'limits.peers'?)",
  );
});

Deno.test("accepts known names, whatever their values", () => {
  checkNames("Cannot serve", { port: undefined, allow: null }, KNOWN);
});

for (const given of [null, 5, "text"]) {
  Deno.test(`rejects ${given} in place of an options object`, () => {
    assertThrows(
      () => checkNames("Cannot serve", given, KNOWN, "limits"),
      TypeError,
      "Cannot serve: the option 'limits' must be an object, not ",
    );
  });
}

Deno.test("fills in the defaults of numeric options", () => {
  const defaults = { peers: 10, topics: 20 };
  const given = { peers: undefined, topics: 5 } as never;
  assertEquals(numberOptions("Cannot serve", "limits", defaults, given), {
    peers: 10,
    topics: 5,
  });
  assertEquals(numberOptions("Cannot serve", "limits", defaults), defaults);
});

Deno.test("rejects numbers out of bounds and values that are not numbers", () => {
  const check = (value: unknown, bounds = {}) =>
    checkNumber("Cannot serve", "port", value, bounds);
  check(0);
  check(Infinity);
  assertThrows(() => check("80"), TypeError, "must be a number, not '80'");
  assertThrows(() => check(NaN), RangeError, "of at least 0, not NaN");
  assertThrows(() => check(-1), RangeError, "of at least 0, not -1");
  assertThrows(
    () => check(1.5, { integer: true, min: 1, max: 9 }),
    RangeError,
    "must be an integer from 1 to 9, not 1.5",
  );
  assertThrows(() => check(10, { max: 9 }), RangeError, "from 0 to 9, not 10");
});

Deno.test("does not quote the contents of an object", () => {
  const secret = { password: "secret" };
  const error = assertThrows(
    () => checkFunction("Cannot serve", "authorize", secret),
    TypeError,
  );
  assertEquals(
    error.message,
    "Cannot serve: the option 'authorize' must be a function, not an object",
  );
  checkFunction("Cannot serve", "authorize", undefined);
  checkFunction("Cannot serve", "authorize", () => {});
});

Deno.test("rejects a value that is not one of those allowed", () => {
  checkOneOf("Cannot serve", "lag", "gap", ["gap", "latest"]);
  assertThrows(
    () => checkOneOf("Cannot serve", "lag", "x", ["gap", "latest"]),
    TypeError,
    "the option 'lag' must be one of 'gap', 'latest', not 'x'",
  );
});
