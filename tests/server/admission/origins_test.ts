import { assertEquals, assertThrows } from "@std/assert";
import { originCheck, type Origins } from "../../../server/admission/origins.ts";

function mayCome(origins: Origins, origin: string, host?: string): boolean {
  const headers: HeadersInit = host === undefined ? {} : { host };
  const request = new Request("http://ignored.example/ws", { headers });
  return originCheck(origins)(origin, request);
}

/** Origin, Host, and whether they are the same. */
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
  Deno.test(`a page of '${origin}' that asks '${host}' is ${same ? "" : "not "}its own`, () => {
    assertEquals(mayCome("same", origin, host), same);
  });
}

Deno.test("a list is the ones in it, to the letter, and no others", () => {
  const list = ["https://app.example", "http://localhost:3000"];
  assertEquals(mayCome(list, "https://app.example"), true);
  assertEquals(mayCome(list, "http://localhost:3000"), true);
  assertEquals(mayCome(list, "http://app.example"), false);
  assertEquals(mayCome(list, "https://app.example.evil.example"), false);
  assertEquals(mayCome(list, "null"), false);
  assertEquals(mayCome([], "https://app.example", "app.example"), false);
});

Deno.test("a function decides, and is not asked about null", () => {
  const asked: string[] = [];
  const decide = (origin: string) => {
    asked.push(origin);
    return origin.endsWith(".example");
  };
  assertEquals(mayCome(decide, "https://app.example"), true);
  assertEquals(mayCome(decide, "https://app.test"), false);
  assertEquals(mayCome(decide, "null"), false);
  assertEquals(asked, ["https://app.example", "https://app.test"]);
  // Truthy is not true: a promise lets nobody in.
  const promise = (() => Promise.resolve(false)) as unknown as Origins;
  assertEquals(mayCome(promise, "https://app.example"), false);
});

Deno.test("any is any, files and sandboxed frames too", () => {
  assertEquals(mayCome("any", "https://evil.example"), true);
  assertEquals(mayCome("any", "null"), true);
});

Deno.test("what is no origin is refused where it is given", () => {
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
    assertThrows(() => originCheck([origin]), TypeError, "Not an origin");
  }
  assertThrows(
    () => originCheck("https://app.example" as Origins),
    TypeError,
    "same, any, a list or a function",
  );
});
