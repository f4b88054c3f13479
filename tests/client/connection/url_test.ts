import { assertEquals, assertThrows } from "@std/assert";
import { resolveUrl } from "../../../client/connection/url.ts";

Deno.test("a path has the page's host, and wss for https", () => {
  assertEquals(
    resolveUrl("/ws", "https://hub.test/page/index.html?x=1"),
    "wss://hub.test/ws",
  );
  assertEquals(
    resolveUrl("/ws", "http://hub.test:8000/"),
    "ws://hub.test:8000/ws",
  );
  assertEquals(
    resolveUrl("ws?room=1", "http://hub.test/page/"),
    "ws://hub.test/page/ws?room=1",
  );
});

Deno.test("absolute URLs do not depend on a page", () => {
  assertEquals(resolveUrl("ws://a.test/x"), "ws://a.test/x");
  assertEquals(
    resolveUrl("wss://a.test/x", "http://hub.test/"),
    "wss://a.test/x",
  );
  assertEquals(resolveUrl("http://a.test/x"), "ws://a.test/x");
  assertEquals(resolveUrl("https://a.test:444/x"), "wss://a.test:444/x");
  assertEquals(resolveUrl(new URL("https://a.test/x")), "wss://a.test/x");
});

for (
  const [url, base] of [
    ["/ws", undefined],
    ["http://", undefined],
    ["ftp://a.test/", undefined],
    ["javascript:alert(1)", "https://hub.test/"],
    ["ws://a.test/#top", undefined],
    ["ws://a.test/#", undefined],
  ] as const
) {
  Deno.test(`'${url}' ${base === undefined ? "without a page" : "on a page"} is a SyntaxError`, () => {
    const error = assertThrows(
      () => resolveUrl(url, base),
      DOMException,
      `'${url}'`,
    );
    assertEquals(error.name, "SyntaxError");
  });
}

Deno.test("the page's address is its base, or else its location", () => {
  const global = globalThis as { document?: unknown; location?: unknown };
  const before = Object.getOwnPropertyDescriptor(globalThis, "location")!;
  try {
    Object.defineProperty(globalThis, "location", {
      value: { href: "http://worker.test/a" },
      configurable: true,
    });
    assertEquals(resolveUrl("/ws"), "ws://worker.test/ws");
    global.document = { baseURI: "https://base.test/b/" };
    assertEquals(resolveUrl("ws"), "wss://base.test/b/ws");
  } finally {
    delete global.document;
    Object.defineProperty(globalThis, "location", before);
  }
});

Deno.test("errors name the missing page, or the page", () => {
  assertThrows(
    () => resolveUrl("/ws"),
    DOMException,
    "a relative URL needs a page",
  );
  assertThrows(
    () => resolveUrl("http://", "http://hub.test/"),
    DOMException,
    "not valid relative to 'http://hub.test/'",
  );
});
