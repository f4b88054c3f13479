import { assertEquals } from "@std/assert";
import { greet, harness } from "../harness.ts";

Deno.test("a session taken by another connection stays taken", () => {
  using h = harness();
  greet(h.net.last);
  h.client.reconnect();
  greet(h.net.last);
  h.net.last.drop(4505);
  assertEquals([h.client.state, h.client.lastClose?.code], ["closed", 4505]);
});

Deno.test("taken by a hello of its own that was given up, it comes back, once", () => {
  using h = harness();
  greet(h.net.last);
  h.client.reconnect();
  // This hello is on its way when the network goes.
  h.net.last.accept();
  h.net.last.drop();
  h.clock.tick(500);
  assertEquals(greet(h.net.last).hello.session, "me.secret");
  h.net.last.drop(4505);
  assertEquals(h.client.state, "waiting");
  h.clock.tick(1_000);
  assertEquals(greet(h.net.last).hello.session, "me.secret");
  h.net.last.drop(4505);
  assertEquals(h.client.state, "closed");
});

Deno.test("a hello without a session takes none, and neither does one for a session that is over", () => {
  using first = harness();
  first.net.last.accept();
  first.net.last.drop();
  first.clock.tick(500);
  greet(first.net.last);
  first.net.last.drop(4505);
  assertEquals(first.client.state, "closed");

  using over = harness();
  greet(over.net.last);
  over.client.reconnect();
  over.net.last.accept();
  over.net.last.drop();
  over.clock.tick(500);
  greet(over.net.last, { resumed: false, session: "new.secret" });
  over.net.last.drop(4505);
  assertEquals(over.client.state, "closed");
});

Deno.test("only 4505 is forgiven", () => {
  using h = harness();
  greet(h.net.last);
  h.client.reconnect();
  h.net.last.accept();
  h.net.last.drop();
  h.clock.tick(500);
  greet(h.net.last);
  h.net.last.drop(4501);
  assertEquals(h.client.state, "closed");
});
