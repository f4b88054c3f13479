import { assertEquals, assertThrows } from "@std/assert";
import {
  originCheck,
  type Origins,
} from "../../../server/admission/origins.ts";

function isAllowed(origins: Origins, origin: string, host?: string): boolean {
  const headers: HeadersInit = host === undefined ? {} : { host };
  const request = new Request("http://ignored.example/ws", { headers });
  return originCheck(origins)(origin, request);
}

/** Origin, Host, and the result of `same`. */
const PAIRS: readonly (readonly [string, string | undefined, boolean])[] = [
  ["http://localhost:8000", "localhost:8000", true],
  ["https://app.example", "app.example", true],
  ["https://app.example", "app.example:443", true],
  ["http://app.example", "app.example:80", true],
  ["https://app.example:8443", "app.example:8443", true],
  ["http://[::1]:8000", "[::1]:8000", true],
  ["https://app.example", "APP.example", true],
  ["https://evil.example", "app.example", false],
  ["https://app.example.evil.example", "app.example", false],
  ["https://evil-app.example", "app.example", false],
  ["http://localhost:8001", "localhost:8000", false],
  ["http://127.0.0.1:8000", "localhost:8000", false],
  ["https://app.example", "app.example:80", false],
  ["https://app.example/path", "app.example", false],
  ["https://user@app.example", "app.example", false],
  ["app.example", "app.example", false],
  ["https://app.example", undefined, false],
  ["https://app.example, https://evil.example", "app.example", false],
  ["null", "null", false],
  ["", "app.example", false],
];

for (const [origin, host, same] of PAIRS) {
  Deno.test(`same ${same ? "allows" : "refuses"} the origin '${origin}' for the host '${host}'`, () => {
    assertEquals(isAllowed("same", origin, host), same);
  });
}

Deno.test("a list allows exactly its origins", () => {
  const list = ["https://app.example", "http://localhost:3000"];
  assertEquals(isAllowed(list, "https://app.example"), true);
  assertEquals(isAllowed(list, "http://localhost:3000"), true);
  assertEquals(isAllowed(list, "http://app.example"), false);
  assertEquals(isAllowed(list, "https://app.example.evil.example"), false);
  assertEquals(isAllowed(list, "null"), false);
  assertEquals(isAllowed([], "https://app.example", "app.example"), false);
});

Deno.test("a function decides, and is not called for the origin null", () => {
  const calls: string[] = [];
  const decide = (origin: string) => {
    calls.push(origin);
    return origin.endsWith(".example");
  };
  assertEquals(isAllowed(decide, "https://app.example"), true);
  assertEquals(isAllowed(decide, "https://app.test"), false);
  assertEquals(isAllowed(decide, "null"), false);
  assertEquals(calls, ["https://app.example", "https://app.test"]);
  // Only `true` allows: the promise of an async function would be truthy.
  const promise = (() => Promise.resolve(false)) as unknown as Origins;
  assertEquals(isAllowed(promise, "https://app.example"), false);
});

Deno.test("any allows every origin, also those of files and sandboxed frames", () => {
  assertEquals(isAllowed("any", "https://evil.example"), true);
  assertEquals(isAllowed("any", "null"), true);
});

Deno.test("rejects a list with a value that is not an origin, and other values", () => {
  const wrong = [
    "app.example",
    "https://app.example/",
    "https://*.example",
    "https://APP.example",
    "https://app.example:443",
    "file:///tmp",
    "null",
    "*",
    "",
  ];
  for (const origin of wrong) {
    assertThrows(
      () => originCheck([origin]),
      TypeError,
      `Cannot serve: '${origin}' is not an origin such as https://app.example`,
    );
  }
  assertThrows(
    () => originCheck("https://app.example" as Origins),
    TypeError,
    "the option 'origins' must be 'same', 'any', a list or a function, not 'https://app.example'",
  );
});
