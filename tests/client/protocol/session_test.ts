import { assertEquals } from "@std/assert";
import { handshake, harness } from "../harness.ts";

Deno.test("does not reconnect after another client took the session over", () => {
  using h = harness();
  handshake(h.net.last);
  h.client.reconnect();
  handshake(h.net.last);
  h.net.last.drop(4505);
  assertEquals([h.client.state, h.client.lastClose?.code], ["closed", 4505]);
});

Deno.test("reconnects once after a stray hello of its own took the session over", () => {
  using h = harness();
  handshake(h.net.last);
  h.client.reconnect();
  // The network fails after this hello was sent.
  h.net.last.accept();
  h.net.last.drop();
  h.clock.tick(500);
  assertEquals(handshake(h.net.last).hello.session, "me.secret");
  h.net.last.drop(4505);
  assertEquals(h.client.state, "waiting");
  h.clock.tick(1_000);
  assertEquals(handshake(h.net.last).hello.session, "me.secret");
  h.net.last.drop(4505);
  assertEquals(h.client.state, "closed");
});

Deno.test("does not count a hello without a session, or for an ended session, as a stray one", () => {
  using first = harness();
  first.net.last.accept();
  first.net.last.drop();
  first.clock.tick(500);
  handshake(first.net.last);
  first.net.last.drop(4505);
  assertEquals(first.client.state, "closed");

  using over = harness();
  handshake(over.net.last);
  over.client.reconnect();
  over.net.last.accept();
  over.net.last.drop();
  over.clock.tick(500);
  handshake(over.net.last, { resumed: false, session: "new.secret" });
  over.net.last.drop(4505);
  assertEquals(over.client.state, "closed");
});

Deno.test("a stray hello overrides the close code 4505 only", () => {
  using h = harness();
  handshake(h.net.last);
  h.client.reconnect();
  h.net.last.accept();
  h.net.last.drop();
  h.clock.tick(500);
  handshake(h.net.last);
  h.net.last.drop(4501);
  assertEquals(h.client.state, "closed");
});
