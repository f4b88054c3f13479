import { assertEquals } from "@std/assert";
import { clientAddress } from "../../../server/admission/remote_address.ts";

function addressOf(forwarded: string | undefined, proxies: number): string {
  const headers: HeadersInit = forwarded === undefined
    ? {}
    : { "x-forwarded-for": forwarded };
  const request = new Request("http://hub.example/ws", { headers });
  return clientAddress(request, "10.0.0.1", proxies);
}

Deno.test("ignores X-Forwarded-For without a trusted proxy", () => {
  assertEquals(addressOf("192.0.2.7", 0), "10.0.0.1");
  assertEquals(addressOf("192.0.2.7", 1), "192.0.2.7");
});

Deno.test("ignores the entries before those of the trusted proxies", () => {
  assertEquals(addressOf("203.0.113.1, 192.0.2.7", 1), "192.0.2.7");
  assertEquals(addressOf("203.0.113.1, 192.0.2.7, 10.0.0.9", 2), "192.0.2.7");
  assertEquals(addressOf("203.0.113.1,2001:db8::1", 1), "2001:db8::1");
});

Deno.test("returns the proxy's address where the entry is missing or not an address", () => {
  for (
    const forwarded of [
      undefined,
      "",
      ",",
      "unknown",
      "_hidden",
      "192.0.2.7, ",
      "1.2.3.4<script>",
      "a:b:c",
      ":".repeat(46),
    ]
  ) {
    const expected = forwarded === "a:b:c" ? "a:b:c" : "10.0.0.1";
    assertEquals(addressOf(forwarded, 1), expected, forwarded);
  }
  assertEquals(addressOf("192.0.2.7", 2), "10.0.0.1");
});
