import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { DrumbeatError } from "../../../client.ts";
import { flushed, harness, record } from "../harness.ts";

Deno.test("plain: connects to any server with the given subprotocols, and sends no hello", () => {
  using h = harness({ dialect: "plain", protocols: ["chat", "v2"] });
  const messages = record(h.client, "message");
  const opens = record(h.client, "open");
  assertEquals(h.net.last.protocols, ["chat", "v2"]);
  h.net.last.accept("v2");
  assertEquals([
    h.client.state,
    h.client.protocol,
    opens.length,
    h.net.last.takeRaw(),
  ], ["open", "v2", 1, []]);
  h.net.last.emit("not JSON");
  h.client.binaryType = "arraybuffer";
  h.net.last.emitBytes(new Uint8Array([1]));
  assertEquals(messages.map(({ data }) => data), [
    "not JSON",
    new Uint8Array([1]).buffer,
  ]);
  assertEquals([h.client.peer, h.client.resumed, h.client.limits], [
    undefined,
    false,
    undefined,
  ]);
});

Deno.test("plain: data waits for the connection in order, and is sent unchanged", async () => {
  using h = harness({ dialect: "plain", heartbeat: false });
  h.client.send("one");
  h.client.send(new Blob(["two"]));
  h.client.send(3 as never);
  assertEquals(h.client.bufferedAmount, 7);
  h.net.last.accept();
  await flushed(h.client);
  assertEquals(h.net.last.takeRaw(), [
    "one",
    new TextEncoder().encode("two"),
    "3",
  ]);
  h.client.send("four");
  assertEquals(h.net.last.takeRaw(), ["four"]);
});

Deno.test("plain: reconnects, and sends the data that was not sent before", () => {
  using h = harness({ dialect: "plain", heartbeat: false });
  h.net.last.accept();
  h.net.last.readyState = 2;
  h.client.send("late");
  h.net.last.drop(1011);
  assertEquals(h.client.state, "waiting");
  h.clock.tick(500);
  h.net.last.accept();
  assertEquals(h.net.last.takeRaw(), ["late"]);
});

Deno.test("plain: dispatches an event for each message that the outbox drops", () => {
  using h = harness({ dialect: "plain", outbox: { maxCount: 1 } });
  const dropped = record(h.client, "dropped");
  h.client.send("one");
  const { code } = assertThrows(() => h.client.send("two"), DrumbeatError);
  assertEquals(code, "limit");
  h.clock.tick(60_000);
  assertEquals(
    dropped.map(({ topic, message, reason }) => [topic, message, reason]),
    [
      ["", "two", "limit"],
      ["", "one", "timeout"],
    ],
  );
});

Deno.test("plain: without a start, sends no ping, and accepts any silence", () => {
  using h = harness({
    dialect: "plain",
    heartbeat: { intervalMs: 10, timeoutMs: 20 },
  });
  h.net.last.accept();
  h.net.last.emit('{"type":"start","game":"chess"}');
  h.net.last.emit("hello");
  h.clock.tick(1e7);
  globalThis.dispatchEvent(new Event("online"));
  assertEquals([h.net.last.takeRaw(), h.client.state], [[], "open"]);
});

Deno.test("plain: reconnects after every close code of the server, and stays closed after close()", () => {
  using h = harness({ dialect: "plain" });
  for (const code of [1000, 1002, 1003, 1009, 4500, 4503, 4505, 4999]) {
    h.net.last.accept();
    h.net.last.drop(code);
    assertEquals([h.client.state, h.client.lastClose?.code], ["waiting", code]);
    h.client.reconnect();
  }
  h.net.last.accept();
  h.client.close();
  h.net.last.finish();
  assertEquals(h.client.readyState, 3);
});

Deno.test("plain: after start, pings every ten seconds, and reconnects after 25 seconds of silence", () => {
  using h = harness({ dialect: "plain" });
  const beats = record(h.client, "heartbeat");
  h.net.last.accept();
  h.net.last.emit('{"type":"start","time":1700000000000}');
  h.clock.tick(10_000);
  assertEquals(h.net.last.takeRaw(), ['{"type":"ping"}']);
  h.clock.tick(8);
  h.net.last.emit('{"type":"pong","time":1}');
  h.net.last.emit('{"type":"pong","time":2}');
  assertEquals(beats.map(({ rttMs }) => rttMs), [8]);
  h.clock.tick(20_000);
  h.net.last.emit("tick");
  h.clock.tick(24_999);
  assertEquals(h.client.state, "open");
  h.clock.tick(1);
  assertEquals([h.client.state, h.client.lastClose?.code], ["waiting", 4001]);
});

Deno.test("plain: sends no pings and accepts silence without a heartbeat", () => {
  using h = harness({ dialect: "plain", heartbeat: false });
  h.net.last.accept();
  h.clock.tick(1e6);
  globalThis.dispatchEvent(new Event("online"));
  h.net.last.emit('{"type":"pong"}');
  assertEquals([h.net.last.takeRaw(), h.client.state], [[], "open"]);
});

Deno.test("plain: sends nothing after a listener of open closed the client", () => {
  using h = harness({ dialect: "plain" });
  h.client.send("one");
  h.client.onopen = () => {
    h.client.close();
    h.client.send("two");
  };
  h.net.last.accept();
  assertEquals(h.net.last.takeRaw(), ["one"]);
});

Deno.test("plain: rejects topics and requests", async () => {
  using h = harness({ dialect: "plain" });
  assertThrows(
    () => h.client.topic("lobby"),
    TypeError,
    "does not support topics",
  );
  await assertRejects(
    () => h.client.request("time"),
    TypeError,
    "does not support requests",
  );
});
