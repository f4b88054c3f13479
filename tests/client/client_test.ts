import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Client, connect, DrumbeatError } from "../../client.ts";
import { report } from "../../client/report.ts";
import { webClock } from "../../client/clock.ts";
import { FakeClock } from "./fake_clock.ts";
import { FakeNet } from "./fake_socket.ts";
import { handshake, type Harness, harness, settle } from "./harness.ts";

Deno.test("connect returns a connecting client", () => {
  const net = new FakeNet();
  const client = connect("http://hub.test/ws", {
    WebSocket: net.WebSocket,
    clock: new FakeClock(),
  });
  assertEquals([client instanceof Client, client instanceof EventTarget], [
    true,
    true,
  ]);
  assertEquals([net.last.url, client.url], [
    "ws://hub.test/ws",
    "ws://hub.test/ws",
  ]);
  client.close();
  assertThrows(
    () => connect("nonsense", { WebSocket: net.WebSocket }),
    DOMException,
  );
});

Deno.test("opened() waits for the next connection, and resolves at once with one", async () => {
  using h = harness();
  const opened = Promise.all([h.client.opened(), h.client.opened()]);
  handshake(h.net.last);
  await opened;
  await h.client.opened();
  h.net.last.drop();
  let again = false;
  const later = h.client.opened().then(() => again = true);
  await settle();
  assertEquals(again, false);
  h.clock.tick(500);
  handshake(h.net.last);
  await later;
});

Deno.test("opened() rejects when the program closes the client", async () => {
  using h = harness();
  const opened = h.client.opened();
  h.client.close();
  assertEquals(
    (await assertRejects(() => opened, DrumbeatError)).code,
    "closed",
  );
});

/** Returns the error with which opened() rejects. */
async function openedError(
  end: (h: Harness) => void,
): Promise<DrumbeatError> {
  using h = harness({ backoff: { attempts: 0 } });
  const opened = h.client.opened();
  end(h);
  const error = await assertRejects(() => opened, DrumbeatError);
  const later = await assertRejects(() => h.client.opened(), DrumbeatError);
  assertEquals([later.message, later.cause], [error.message, error.cause]);
  assertEquals(error.code, "closed");
  return error;
}

Deno.test("a rejected opened() names the close code, the reason and the runtime's error", async () => {
  const refused = await openedError(({ net }) => {
    net.last.accept();
    net.last.drop(4501, "No token");
  });
  assertEquals(
    [refused.message, refused.cause],
    ["Cannot connect: the connection closed with 4501, No token", undefined],
  );
  const cause = new Error("Invalid status code: 503");
  const failed = await openedError(({ net }) => {
    const { message } = cause;
    net.last.onerror!(new ErrorEvent("error", { error: cause, message }));
    net.last.drop(0);
  });
  assertEquals([failed.message, failed.cause], [
    "Cannot connect: the connection closed with 1006, Invalid status code: 503",
    cause,
  ]);
  const silent = await openedError(({ net }) => {
    // Browsers give no details.
    net.last.onerror!(new Event("error"));
    net.last.drop();
  });
  assertEquals([silent.message, silent.cause], [
    "Cannot connect: the connection closed with 1006",
    undefined,
  ]);
  const closed = await openedError(({ client }) => client.close());
  assertEquals(closed.message, "Cannot connect: the client is closed");
});

Deno.test("an error of topic() and request() names the close of the connection as well", async () => {
  using h = harness({ backoff: { attempts: 0 } });
  h.net.last.drop(4503, "Not allowed");
  const text = "the connection closed with 4503, Not allowed";
  assertThrows(
    () => h.client.topic("lobby"),
    DrumbeatError,
    `Cannot subscribe to 'lobby': ${text}`,
  );
  await assertRejects(
    () => h.client.request("time"),
    DrumbeatError,
    `Cannot request 'time': ${text}`,
  );
});

Deno.test("disposing closes the client and waits for the closing handshake", async () => {
  const net = new FakeNet();
  const clock = new FakeClock();
  const client = connect("ws://hub.test/", { WebSocket: net.WebSocket, clock });
  handshake(net.last);
  let done = false;
  const disposed = client[Symbol.asyncDispose]().then(() => done = true);
  await settle();
  assertEquals([done, client.readyState], [false, 2]);
  net.last.finish();
  await disposed;
  assertEquals([client.readyState, clock.pending], [3, 0]);
  await client[Symbol.asyncDispose]();
});

Deno.test("topic() rejects an invalid name, an invalid start and a closed client", () => {
  using h = harness();
  for (const name of ["", "$peer/x", "a\nb", "x".repeat(256), "\ud800", 5]) {
    assertThrows(
      () => h.client.topic(name as string),
      TypeError,
      "Cannot subscribe to",
    );
  }
  for (
    const start of [
      { last: -1 },
      { epoch: "a" },
      { offset: 1 },
      { last: 1, epoch: "a", offset: 1 },
      null,
      5,
    ]
  ) {
    assertThrows(
      () => h.client.topic("room:1", start as never),
      TypeError,
      "Cannot subscribe to 'room:1'",
    );
  }
  h.client.close();
  assertEquals(
    assertThrows(() => h.client.topic("lobby"), DrumbeatError).code,
    "closed",
  );
});

Deno.test("rttMs, lastClose and retryAt are undefined at first", () => {
  using h = harness();
  assertEquals([h.client.rttMs, h.client.lastClose, h.client.retryAt], [
    undefined,
    undefined,
    undefined,
  ]);
});

Deno.test("connect throws in a runtime without a WebSocket", () => {
  const before = globalThis.WebSocket;
  Object.assign(globalThis, { WebSocket: undefined });
  try {
    assertThrows(() => connect("ws://hub.test/"), TypeError, "no WebSocket");
  } finally {
    globalThis.WebSocket = before;
  }
});

Deno.test("writes the exceptions of handlers to the console in a runtime without reportError", () => {
  const before = [globalThis.reportError, console.error] as const;
  const written: unknown[] = [];
  Object.assign(globalThis, { reportError: undefined });
  console.error = (error) => written.push(error);
  try {
    report("thrown");
  } finally {
    [globalThis.reportError, console.error] = before;
  }
  assertEquals(written, ["thrown"]);
});

Deno.test("the platform's clock measures time and calls functions, and its timers can be cancelled", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const [now, time] = [webClock.now(), webClock.time()];
  webClock.after(0, () => {
    throw new Error("taken back");
  })();
  // setTimeout would call it at once: its delay has 32 bits.
  const cancel = webClock.after(Infinity, () => {
    throw new Error("never");
  });
  webClock.after(1, resolve);
  await promise;
  cancel();
  assertEquals([webClock.now() > now, webClock.time() >= time], [true, true]);
  assertEquals(webClock.random() >= 0 && webClock.random() < 1, true);
});
