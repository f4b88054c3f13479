import { assertEquals } from "@std/assert";
import { clientAddress } from "../../../server/admission/remote_address.ts";

function seen(forwarded: string | undefined, proxies: number): string {
  const headers: HeadersInit = forwarded === undefined
    ? {}
    : { "x-forwarded-for": forwarded };
  const request = new Request("http://hub.example/ws", { headers });
  return clientAddress(request, "10.0.0.1", proxies);
}

Deno.test("no proxy is believed unless it is counted", () => {
  assertEquals(seen("192.0.2.7", 0), "10.0.0.1");
  assertEquals(seen("192.0.2.7", 1), "192.0.2.7");
});

Deno.test("what stands before the proxies' own entries is not believed", () => {
  assertEquals(seen("203.0.113.1, 192.0.2.7", 1), "192.0.2.7");
  assertEquals(seen("203.0.113.1, 192.0.2.7, 10.0.0.9", 2), "192.0.2.7");
  assertEquals(seen("203.0.113.1,2001:db8::1", 1), "2001:db8::1");
});

Deno.test("where there is no address, it is the proxy's own", () => {
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
    const want = forwarded === "a:b:c" ? "a:b:c" : "10.0.0.1";
    assertEquals(seen(forwarded, 1), want, forwarded);
  }
  assertEquals(seen("192.0.2.7", 2), "10.0.0.1");
});
