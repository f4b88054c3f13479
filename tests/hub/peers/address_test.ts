import { assertEquals } from "@std/assert";
import { addressKey } from "../../../hub/peers/address.ts";
import { Tally } from "../../../common/tally.ts";

const KEYS: readonly (readonly [address: string, key: string])[] = [
  ["192.0.2.7", "192.0.2.7"],
  ["::ffff:192.0.2.7", "192.0.2.7"],
  ["::FFFF:192.0.2.7", "192.0.2.7"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:db8:1:2::6", "2001:db8:1:2::/64"],
  ["2001:0DB8:0001:0002::", "2001:db8:1:2::/64"],
  ["2001:db8::1", "2001:db8:0:0::/64"],
  ["::1", "0:0:0:0::/64"],
  ["::", "0:0:0:0::/64"],
  ["", ""],
];

for (const [address, key] of KEYS) {
  Deno.test(`counts the address '${address}' as '${key}'`, () => {
    assertEquals(addressKey(address), key);
  });
}

Deno.test("a tally counts up and down, and never below 0", () => {
  const tally = new Tally();
  assertEquals(tally.of("a"), 0);
  tally.add("a");
  tally.add("a");
  tally.add("b");
  assertEquals([tally.of("a"), tally.of("b")], [2, 1]);
  tally.remove("a");
  tally.remove("b");
  tally.remove("b");
  assertEquals([tally.of("a"), tally.of("b")], [1, 0]);
});
