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

Deno.test("a list allows origins of apps and extensions as text", () => {
  for (
    const origin of [
      "capacitor://localhost",
      "ionic://localhost",
      "tauri://localhost",
      "app://obsidian.md",
      "chrome-extension://abcdefghijklmnop",
      "moz-extension://6a2d5f0e-0000-4000-8000-000000000000",
      "vscode-webview://1h2g3f",
    ]
  ) {
    assertEquals(isAllowed([origin], origin), true, origin);
    assertEquals(isAllowed([origin], `${origin}.evil`), false, origin);
    assertEquals(isAllowed("same", origin, "localhost"), false, origin);
  }
  for (
    const origin of [
      "capacitor://",
      "capacitor://localhost/",
      "capacitor://*",
      "Capacitor://localhost",
      "file:///",
      "blob://x",
      "capacitor:localhost",
    ]
  ) {
    assertThrows(() => originCheck([origin]), TypeError, "is not an origin");
  }
});

/** Returns true if `same` allows an origin. */
function isSame(
  origin: string,
  url: string,
  headers: Record<string, string>,
  proxies = 0,
): boolean {
  const request = new Request(url, { headers });
  return originCheck("same", "Cannot serve", proxies)(origin, request);
}

Deno.test("same requires https of a page where the connection is known to use TLS", () => {
  const host = "app.example";
  const [tls, plain] = ["https://app.example/ws", "http://app.example/ws"];
  assertEquals(isSame("https://app.example", tls, { host }), true);
  assertEquals(isSame("http://app.example", tls, { host }), false);
  // A proxy that ends TLS, and is not a trusted one.
  assertEquals(isSame("https://app.example", plain, { host }), true);
  const forwarded = { host, "x-forwarded-proto": "https" };
  assertEquals(isSame("https://app.example", plain, forwarded, 1), true);
  assertEquals(isSame("http://app.example", plain, forwarded, 1), false);
  assertEquals(isSame("http://app.example", plain, forwarded, 0), true);
  const webSocket = { host, "x-forwarded-proto": "wss" };
  assertEquals(isSame("https://app.example", plain, webSocket, 1), true);
  assertEquals(isSame("http://app.example", plain, webSocket, 1), false);
});

Deno.test("same compares with the last X-Forwarded-Host of a trusted proxy", () => {
  const url = "http://127.0.0.1:8000/ws";
  const headers = {
    host: "127.0.0.1:8000",
    "x-forwarded-host": "evil.example, app.example:8080",
  };
  assertEquals(isSame("http://app.example:8080", url, headers, 1), true);
  assertEquals(isSame("http://app.example:8080", url, headers, 0), false);
  assertEquals(isSame("http://evil.example", url, headers, 1), false);
  assertEquals(isSame("http://127.0.0.1:8000", url, headers, 1), false);
  const host = { host: "app.example" };
  assertEquals(isSame("http://app.example", url, host, 1), true);
});

Deno.test("a function that is async and rejects refuses the page, and ends no process", async () => {
  const rejecting =
    (() => Promise.reject(new Error("x"))) as unknown as Origins;
  assertEquals(isAllowed(rejecting, "https://app.example"), false);
  await new Promise((resolve) => setTimeout(resolve, 0));
});
