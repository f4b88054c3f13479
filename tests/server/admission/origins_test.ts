import { assertEquals, assertThrows } from "@std/assert";
import {
  originCheck,
  type Origins,
} from "../../../server/admission/origins.ts";

async function isAllowed(
  origins: Origins,
  origin: string,
  host?: string,
): Promise<boolean> {
  const headers: HeadersInit = host === undefined ? {} : { host };
  const request = new Request("http://ignored.example/ws", { headers });
  return await originCheck(origins)(origin, request);
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
  Deno.test(`same ${same ? "allows" : "refuses"} the origin '${origin}' for the host '${host}'`, async () => {
    assertEquals(await isAllowed("same", origin, host), same);
  });
}

Deno.test("a list allows exactly its origins", async () => {
  const list = ["https://app.example", "http://localhost:3000"];
  assertEquals(await isAllowed(list, "https://app.example"), true);
  assertEquals(await isAllowed(list, "http://localhost:3000"), true);
  assertEquals(await isAllowed(list, "http://app.example"), false);
  assertEquals(
    await isAllowed(list, "https://app.example.evil.example"),
    false,
  );
  assertEquals(await isAllowed(list, "null"), false);
  assertEquals(
    await isAllowed([], "https://app.example", "app.example"),
    false,
  );
});

Deno.test("a function decides, and is not called for the origin null", async () => {
  const calls: string[] = [];
  const decide = (origin: string) => {
    calls.push(origin);
    return origin.endsWith(".example");
  };
  assertEquals(await isAllowed(decide, "https://app.example"), true);
  assertEquals(await isAllowed(decide, "https://app.test"), false);
  assertEquals(await isAllowed(decide, "null"), false);
  assertEquals(calls, ["https://app.example", "https://app.test"]);
});

Deno.test("a function may be async, and only true allows", async () => {
  for (const answer of [true, false, undefined, 1]) {
    const origins = (() => Promise.resolve(answer)) as unknown as Origins;
    assertEquals(
      await isAllowed(origins, "https://app.example"),
      answer === true,
    );
  }
});

Deno.test("any allows every origin, also those of files and sandboxed frames", async () => {
  assertEquals(await isAllowed("any", "https://evil.example"), true);
  assertEquals(await isAllowed("any", "null"), true);
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

Deno.test("a list allows origins of apps and extensions as text", async () => {
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
    assertEquals(await isAllowed([origin], origin), true, origin);
    assertEquals(await isAllowed([origin], `${origin}.evil`), false, origin);
    assertEquals(await isAllowed("same", origin, "localhost"), false, origin);
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
): Promise<boolean> {
  const request = new Request(url, { headers });
  return Promise.resolve(
    originCheck("same", "Cannot serve", proxies)(origin, request),
  );
}

Deno.test("same requires https of a page where the connection is known to use TLS", async () => {
  const host = "app.example";
  const [tls, plain] = ["https://app.example/ws", "http://app.example/ws"];
  assertEquals(await isSame("https://app.example", tls, { host }), true);
  assertEquals(await isSame("http://app.example", tls, { host }), false);
  // A proxy that ends TLS, and is not a trusted one.
  assertEquals(await isSame("https://app.example", plain, { host }), true);
  const forwarded = { host, "x-forwarded-proto": "https" };
  assertEquals(await isSame("https://app.example", plain, forwarded, 1), true);
  assertEquals(await isSame("http://app.example", plain, forwarded, 1), false);
  assertEquals(await isSame("http://app.example", plain, forwarded, 0), true);
  const webSocket = { host, "x-forwarded-proto": "wss" };
  assertEquals(await isSame("https://app.example", plain, webSocket, 1), true);
  assertEquals(await isSame("http://app.example", plain, webSocket, 1), false);
});

Deno.test("same compares with the last X-Forwarded-Host of a trusted proxy", async () => {
  const url = "http://127.0.0.1:8000/ws";
  const headers = {
    host: "127.0.0.1:8000",
    "x-forwarded-host": "evil.example, app.example:8080",
  };
  assertEquals(await isSame("http://app.example:8080", url, headers, 1), true);
  assertEquals(await isSame("http://app.example:8080", url, headers, 0), false);
  assertEquals(await isSame("http://evil.example", url, headers, 1), false);
  assertEquals(await isSame("http://127.0.0.1:8000", url, headers, 1), false);
  const host = { host: "app.example" };
  assertEquals(await isSame("http://app.example", url, host, 1), true);
});
