import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { connect, DrumbeatError } from "../../../client.ts";
import { FakeClock } from "../fake_clock.ts";
import { FakeNet } from "../fake_socket.ts";
import { handshake, harness, record, start } from "../harness.ts";

Deno.test("dispatches each change of state with attempt, code and wait", () => {
  using h = harness();
  const changes = record(h.client, "statechange");
  assertEquals(h.client.state, "connecting");
  handshake(h.net.last);
  h.net.last.drop(1012, "restart");
  assertEquals(h.client.retryAt, h.clock.time() + 500);
  h.clock.tick(499);
  assertEquals(h.net.sockets.length, 1);
  h.clock.tick(1);
  assertEquals(h.net.sockets.length, 2);
  assertEquals(h.client.retryAt, undefined);
  handshake(h.net.last);
  const dispatched = changes.map((
    { state, previous, attempt, code, reason, retryInMs },
  ) => ({
    ...{ state, previous, attempt },
    ...(code === undefined ? {} : { code, reason, retryInMs }),
  }));
  assertEquals(dispatched, [
    { state: "open", previous: "connecting", attempt: 0 },
    {
      state: "waiting",
      previous: "open",
      attempt: 1,
      code: 1012,
      reason: "restart",
      retryInMs: 500,
    },
    { state: "connecting", previous: "waiting", attempt: 1 },
    { state: "open", previous: "connecting", attempt: 1 },
  ]);
  assertEquals(h.client.lastClose, {
    code: 1012,
    reason: "restart",
    wasClean: true,
  });
});

/** Returns the wait after a close code; `undefined` where the client closed. */
function waitAfter(code: number): number | undefined {
  using h = harness();
  handshake(h.net.last);
  h.net.last.drop(code);
  if (h.client.state === "closed") return undefined;
  return h.client.retryAt! - h.clock.time();
}

for (
  const code of [
    0,
    1001,
    1005,
    1006,
    1011,
    1012,
    1014,
    1015,
    3000,
    4000,
    4001,
    4002,
    4003,
    4408,
    4499,
  ]
) {
  Deno.test(`${code} reconnects after the backoff`, () =>
    assertEquals(waitAfter(code), 500));
}
for (const code of [1013, 4029]) {
  Deno.test(`${code} reconnects after twice the backoff`, () =>
    assertEquals(waitAfter(code), 1_000));
}
for (
  const code of [
    1000,
    1002,
    1003,
    1007,
    1008,
    1009,
    1010,
    4500,
    4501,
    4503,
    4505,
    4506,
    4999,
  ]
) {
  Deno.test(`${code} closes the client`, () =>
    assertEquals(waitAfter(code), undefined));
}

Deno.test("a close code that forbids a reconnect dispatches close once and removes the timer", async () => {
  using h = harness();
  const closes = record(h.client, "close");
  const errors = record(h.client, "error");
  const opened = h.client.opened();
  h.net.last.accept();
  h.net.last.drop(4501, "no token");
  assertEquals(
    closes.map(({ code, reason, wasClean }) => [code, reason, wasClean]),
    [[4501, "no token", true]],
  );
  assertEquals(errors.length, 0);
  assertEquals([h.client.state, h.client.readyState, h.clock.pending], [
    "closed",
    3,
    0,
  ]);
  assertEquals(
    (await assertRejects(() => opened, DrumbeatError)).code,
    "closed",
  );
  await assertRejects(() => h.client.opened(), DrumbeatError);
  h.client.reconnect();
  assertEquals(h.net.sockets.length, 1);
});

Deno.test("waits grow until a connection was open for ten seconds", () => {
  using h = harness();
  const waits: number[] = [];
  h.client.addEventListener("statechange", ({ retryInMs }) => {
    if (retryInMs !== undefined) waits.push(retryInMs);
  });
  for (let i = 0; i < 4; i++) {
    h.net.last.drop();
    h.clock.tick(waits.at(-1)!);
  }
  handshake(h.net.last);
  h.clock.tick(9_999);
  h.net.last.drop();
  h.clock.tick(waits.at(-1)!);
  handshake(h.net.last);
  h.clock.tick(10_000);
  for (let i = 0; i < 3; i++) {
    h.net.last.drop();
    h.clock.tick(waits.at(-1)!);
  }
  assertEquals(waits, [500, 1_000, 2_000, 4_000, 8_000, 500, 1_000, 2_000]);
});

Deno.test("closes with the last code after the last attempt", () => {
  using h = harness({ backoff: { attempts: 2 } });
  const closes = record(h.client, "close");
  const errors = record(h.client, "error");
  for (let i = 0; i < 3; i++) {
    h.net.last.drop(1006);
    h.clock.tick(1_000);
  }
  assertEquals(h.net.sockets.length, 3);
  assertEquals(closes.map(({ code, wasClean }) => [code, wasClean]), [[
    1006,
    false,
  ]]);
  // Two retried connections, and the last one, whose close was not clean.
  assertEquals(errors.length, 3);
});

Deno.test("reconnects after the connect timeout", () => {
  using h = harness({ connectTimeoutMs: 3_000 });
  h.clock.tick(3_000);
  assertEquals(h.client.state, "waiting");
  assertEquals(h.client.lastClose?.code, 4408);
  h.clock.tick(500);
  h.net.last.accept();
  // A hello without an answer counts as well. After a timeout each step has twice the time.
  h.clock.tick(5_999);
  assertEquals(h.client.state, "connecting");
  h.clock.tick(1);
  assertEquals([h.client.state, h.client.lastClose?.code], ["waiting", 4408]);
});

Deno.test("the connect timeout grows to three times with the timeouts in a row, and each step has its own", () => {
  using h = harness();
  const elapsed = (): number => {
    const startedAt = h.clock.now();
    while (h.client.state === "connecting") h.clock.tick(100);
    h.clock.tick(h.client.retryAt! - h.clock.time());
    return Math.round((h.clock.now() - startedAt) / 1_000);
  };
  // The waits of the backoff are 0.5, 1, 2 and 4 seconds.
  assertEquals([elapsed(), elapsed(), elapsed(), elapsed()], [9, 17, 26, 28]);
  h.clock.tick(20_000);
  h.net.last.accept();
  h.clock.tick(20_000);
  start(h.net.last, h.net.last.take()[0]);
  assertEquals(h.client.state, "open");
  h.net.last.drop();
  h.clock.tick(h.client.retryAt! - h.clock.time());
  h.clock.tick(8_000);
  assertEquals(h.client.state, "waiting");
});

Deno.test("the heartbeat's timeout grows after connections that were silent from the start", () => {
  using h = harness({ lobby: false });
  const silentFor = (): number => {
    handshake(h.net.last);
    h.net.last.emit({ type: "pong" });
    const openedAt = h.clock.now();
    while (h.client.state === "open") h.clock.tick(1_000);
    h.clock.tick(h.client.retryAt! - h.clock.time());
    return Math.floor((h.clock.now() - openedAt) / 25_000) * 25;
  };
  assertEquals([silentFor(), silentFor(), silentFor()], [25, 50, 75]);
  // A connection on which something arrived later than the timeout was not a slow one.
  handshake(h.net.last);
  for (let i = 0; i < 10; i++) {
    h.clock.tick(20_000);
    h.net.last.emit({ type: "pong" });
  }
  while (h.client.state === "open") h.clock.tick(1_000);
  h.clock.tick(h.client.retryAt! - h.clock.time());
  assertEquals(silentFor(), 25);
});

Deno.test("reconnects to a silent server without waiting for its close event", () => {
  using h = harness();
  handshake(h.net.last);
  h.clock.tick(25_000);
  assertEquals(h.client.lastClose?.code, 4001);
  assertEquals(h.net.last.closedWith?.code, 4001);
  // Open for long enough to reset the attempts.
  assertEquals([h.client.state, h.client.attempt], ["waiting", 1]);
  h.clock.tick(500);
  handshake(h.net.last);
  assertEquals(h.client.state, "open");
});

Deno.test("ignores late events of an abandoned socket", () => {
  using h = harness();
  handshake(h.net.last);
  const old = h.net.last;
  const { onmessage, onclose } = old;
  h.client.reconnect();
  handshake(h.net.last);
  const changes = record(h.client, "statechange");
  const messages = record(h.client, "message");
  onmessage!(
    new MessageEvent("message", { data: '{"type":"goaway","afterMs":0}' }),
  );
  onclose!(new CloseEvent("close", { code: 4501 }));
  assertEquals([changes.length, messages.length, h.client.state], [
    0,
    0,
    "open",
  ]);
});

Deno.test("goaway: reconnects at the server's time, without a backoff", () => {
  using h = harness();
  handshake(h.net.last);
  const old = h.net.last;
  const errors = record(h.client, "error");
  old.emit({ type: "goaway", afterMs: 1_200 });
  h.clock.tick(1_199);
  assertEquals([h.client.state, h.net.sockets.length], ["open", 1]);
  h.clock.tick(1);
  assertEquals(old.closedWith, { code: 4000, reason: "goaway" });
  assertEquals([h.client.state, h.client.attempt, h.net.sockets.length], [
    "connecting",
    0,
    2,
  ]);
  assertEquals(handshake(h.net.last).hello.session, "me.secret");
  assertEquals(errors.length, 0);
});

Deno.test("goaway: waits for the server's time where the connection closes before it", () => {
  using h = harness();
  handshake(h.net.last);
  h.net.last.emit({ type: "goaway", afterMs: 1_200 });
  h.clock.tick(1_000);
  h.net.last.drop(1012);
  assertEquals([h.client.state, h.client.attempt, h.client.retryAt], [
    "waiting",
    0,
    h.clock.time() + 200,
  ]);
  h.clock.tick(200);
  assertEquals(h.net.sockets.length, 2);
  // The backoff applies again.
  h.net.last.drop();
  assertEquals(h.client.retryAt, h.clock.time() + 500);
});

Deno.test("goaway: does not replace a connection that is newer than the goaway", () => {
  using h = harness();
  handshake(h.net.last);
  h.net.last.emit({ type: "goaway", afterMs: 5_000 });
  h.net.last.drop(1012);
  h.client.reconnect();
  handshake(h.net.last);
  h.clock.tick(9_000);
  assertEquals([h.client.state, h.net.sockets.length], ["open", 2]);
});

Deno.test("goaway: the last one counts, up to ten minutes", () => {
  using h = harness({ heartbeat: false });
  handshake(h.net.last);
  h.net.last.emit({ type: "goaway", afterMs: 100 });
  h.net.last.emit({ type: "goaway", afterMs: Number.MAX_SAFE_INTEGER });
  h.clock.tick(599_999);
  assertEquals(h.net.sockets.length, 1);
  h.clock.tick(1);
  assertEquals(h.net.sockets.length, 2);
});

Deno.test("goaway: does not reconnect after a close code that forbids it", () => {
  using h = harness();
  handshake(h.net.last);
  h.net.last.emit({ type: "goaway", afterMs: 100 });
  h.net.last.drop(4505);
  assertEquals([h.client.state, h.clock.pending], ["closed", 0]);
});

Deno.test("reconnect() ends a wait and resets the attempts", () => {
  using h = harness();
  for (let i = 0; i < 3; i++) {
    h.net.last.drop();
    h.clock.tick(4_000);
  }
  h.net.last.drop();
  assertEquals(h.client.attempt, 4);
  h.client.reconnect();
  assertEquals([h.client.state, h.client.attempt, h.net.sockets.length], [
    "connecting",
    0,
    5,
  ]);
  h.client.reconnect();
  assertEquals(h.net.sockets.length, 5);
  // The interrupted wait has ended.
  handshake(h.net.last);
  h.clock.tick(9_000);
  assertEquals(h.net.sockets.length, 5);
});

Deno.test("reconnect() replaces an open connection", () => {
  using h = harness();
  handshake(h.net.last);
  const old = h.net.last;
  h.client.reconnect();
  assertEquals(old.closedWith, { code: 4000, reason: "reconnect" });
  assertEquals(h.client.lastClose, {
    code: 4000,
    reason: "reconnect",
    wasClean: false,
  });
  assertEquals(h.client.state, "connecting");
  assertEquals(handshake(h.net.last).hello.session, "me.secret");
});

Deno.test("retries after the WebSocket constructor throws during a reconnect", () => {
  using h = harness();
  h.net.failure = new Error("out of sockets");
  h.net.last.drop();
  h.clock.tick(500);
  assertEquals([h.client.state, h.client.attempt], ["waiting", 2]);
  assertEquals(h.client.lastClose, {
    code: 1006,
    reason: "Error: out of sockets",
    wasClean: false,
    cause: h.net.failure,
  });
  h.net.failure = undefined;
  h.clock.tick(1_000);
  handshake(h.net.last);
  assertEquals(h.client.state, "open");
});

Deno.test("connect throws the exception of the WebSocket constructor, and keeps no timer", () => {
  const clock = new FakeClock();
  const net = new FakeNet();
  net.failure = new DOMException("insecure", "SecurityError");
  assertThrows(
    () => connect("ws://hub.test/", { clock, WebSocket: net.WebSocket }),
    DOMException,
    "insecure",
  );
  assertEquals(clock.pending, 0);
});

Deno.test("close() during a wait stops the reconnect, and the close event follows after the call", async () => {
  using h = harness();
  const closes = record(h.client, "close");
  h.net.last.drop();
  h.client.close(3000, "enough");
  h.client.close();
  assertEquals([
    h.client.state,
    h.client.readyState,
    closes.length,
    h.clock.pending,
  ], ["closed", 2, 0, 0]);
  await Promise.resolve();
  assertEquals(
    closes.map(({ code, reason, wasClean }) => [code, reason, wasClean]),
    [[3000, "enough", true]],
  );
  assertEquals([h.client.readyState, h.client.retryAt], [3, undefined]);
  assertEquals(h.net.sockets.length, 1);
});

Deno.test("close() while connecting abandons the socket", async () => {
  using h = harness();
  const closes = record(h.client, "close");
  h.client.close();
  assertEquals(
    [h.net.last.closedWith?.code, h.net.last.hasListeners, h.clock.pending],
    [1000, false, 0],
  );
  await Promise.resolve();
  assertEquals(closes.map(({ code, wasClean }) => [code, wasClean]), [[
    1005,
    true,
  ]]);
});

Deno.test("a listener of statechange may close or reconnect", () => {
  using h = harness();
  h.client.addEventListener("statechange", ({ state }) => {
    if (state === "waiting") h.client.reconnect();
  });
  handshake(h.net.last);
  h.net.last.drop();
  assertEquals([h.client.state, h.net.sockets.length], ["connecting", 2]);
  h.client.addEventListener("statechange", ({ state }) => {
    if (state === "connecting") h.client.close();
  });
  h.net.failure = new Error("none");
  h.net.last.drop();
  assertEquals([h.client.state, h.clock.pending], ["closed", 0]);
});
