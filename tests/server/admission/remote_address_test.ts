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
      ":::::",
      "dead:beef",
      "10.0.0.1:",
      "1.2.3",
      "1.2.3.4.",
      "1.2.3.4.5",
      "1.2.3.256",
      "01.2.3.4",
      "1.2.3.4:123456",
      "[1.2.3.4]:80",
      "[2001:db8::1",
      "2001:db8::1]",
      "[2001:db8::1]x",
      "[%eth0]",
      "%eth0",
    ]
  ) {
    assertEquals(addressOf(forwarded, 1), "10.0.0.1", forwarded);
  }
  assertEquals(addressOf("192.0.2.7", 2), "10.0.0.1");
});

Deno.test("removes ports, brackets and zones of the entries", () => {
  const entries = [
    ["203.0.113.7:50001", "203.0.113.7"],
    ["203.0.113.7:1", "203.0.113.7"],
    ["255.249.199.0", "255.249.199.0"],
    ["[2001:db8::1]:50001", "2001:db8::1"],
    ["[2001:db8::1]", "2001:db8::1"],
    ["2001:DB8::1", "2001:DB8::1"],
    ["::1", "::1"],
    ["fe80::1%eth0", "fe80::1"],
    ["[fe80::1%25eth0]:443", "fe80::1"],
    ["::ffff:203.0.113.7", "::ffff:203.0.113.7"],
  ] as const;
  for (const [entry, address] of entries) {
    assertEquals(addressOf(`198.51.100.1, ${entry}`, 1), address, entry);
  }
});
