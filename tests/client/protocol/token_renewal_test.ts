import {
  assertEquals,
  assertFalse,
  assertInstanceOf,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { connect } from "../../../client.ts";
import {
  type AnyFrame,
  type Harness,
  harness,
  settle,
  start,
  type StartOverrides,
} from "../harness.ts";

/** Accepts the newest socket, waits for the token, and answers the hello. @returns the token of the hello. */
async function admit(
  { net }: Harness,
  overrides: StartOverrides = {},
): Promise<string | undefined> {
  net.last.accept();
  await settle();
  const [hello] = net.last.take() as AnyFrame[];
  start(net.last, hello, overrides);
  net.last.take();
  return hello.token;
}

/** Returns the renewals that were sent since the last call. */
async function renewals({ net }: Harness): Promise<AnyFrame[]> {
  await settle();
  return (net.last.take() as AnyFrame[]).filter(({ type }) => type === "renew");
}

/** Returns a function that returns another token each time. */
function counting(): () => string {
  let count = 0;
  return () => `t${++count}`;
}

Deno.test("renews its token before it expires, and the next token as well", async () => {
  using h = harness({ token: counting(), heartbeat: false });
  assertEquals(await admit(h, { expiresMs: 10_000 }), "t1");
  h.clock.tick(7_999);
  assertEquals(await renewals(h), []);
  h.clock.tick(1);
  const [first, ...more] = await renewals(h);
  assertEquals([first.token, more], ["t2", []]);
  h.net.last.emit({ type: "ack", id: first.id, expiresMs: 20_000 });
  await settle();
  h.clock.tick(15_999);
  assertEquals(await renewals(h), []);
  h.clock.tick(1);
  const [second] = await renewals(h);
  assertEquals(second.token, "t3");
  // A token without an end is not renewed.
  h.net.last.emit({ type: "ack", id: second.id });
  await settle();
  h.clock.tick(100_000);
  assertEquals(await renewals(h), []);
});

Deno.test("does not renew a token that is a string, or one that does not expire", async () => {
  using text = harness({ token: "fixed", heartbeat: false });
  assertEquals(await admit(text, { expiresMs: 1_000 }), "fixed");
  text.clock.tick(10_000);
  assertEquals(await renewals(text), []);
  using ever = harness({ token: counting(), heartbeat: false });
  await admit(ever);
  ever.clock.tick(10_000_000);
  assertEquals(await renewals(ever), []);
});

Deno.test("retries a failed renewal until the old token expires, and no longer", async () => {
  let offline = false;
  const next = counting();
  using h = harness({
    heartbeat: false,
    token() {
      if (offline) throw new Error("offline");
      return next();
    },
  });
  await admit(h, { expiresMs: 10_000 });
  h.clock.tick(8_000);
  const [first] = await renewals(h);
  h.net.last.emit({
    type: "error",
    id: first.id,
    code: "unavailable",
    message: "later",
  });
  await settle();
  h.clock.tick(1_600);
  const [second] = await renewals(h);
  assertEquals(second.token, "t3");
  offline = true;
  h.net.last.emit({
    type: "error",
    id: second.id,
    code: "unauthenticated",
    message: "no",
  });
  await settle();
  h.clock.tick(1_000);
  assertEquals(await renewals(h), []);
  assertEquals(h.clock.pending, 0);
});

Deno.test("stops the renewals when the connection closes; the next connection has its own", async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const tokens: (string | Promise<string>)[] = ["t1", promise, "t3", "t4"];
  using h = harness({ token: () => tokens.shift()!, heartbeat: false });
  await admit(h, { expiresMs: 10_000 });
  h.clock.tick(8_000);
  const old = h.net.last;
  h.client.reconnect();
  assertEquals(await admit(h, { expiresMs: 60_000 }), "t3");
  resolve("late");
  assertEquals(await renewals(h), []);
  assertEquals(old.take(), []);
  h.clock.tick(48_000);
  assertEquals((await renewals(h)).map(({ token }) => token), ["t4"]);
});

Deno.test("waits at least 250 ms before a renewal, whatever lifetime the server states", async () => {
  for (const expiresMs of [0, -1, 1]) {
    using h = harness({ token: counting(), heartbeat: false });
    await admit(h, { expiresMs });
    h.clock.tick(249);
    assertEquals(await renewals(h), []);
  }
});

Deno.test("reconnects once with a new token after 4501", async () => {
  using h = harness({ token: counting() });
  assertEquals(await admit(h), "t1");
  h.net.last.drop(4501);
  assertEquals(h.client.state, "waiting");
  h.clock.tick(500);
  // The server accepted the token: it may refuse it once more.
  assertEquals(await admit(h), "t2");
  h.net.last.drop(4501);
  assertEquals(h.client.state, "waiting");
  h.clock.tick(1_000);
  h.net.last.accept();
  await settle();
  h.net.last.drop(4501, "no");
  assertEquals([h.client.state, h.client.lastClose], ["closed", {
    code: 4501,
    reason: "no",
    wasClean: true,
  }]);
});

Deno.test("does not try a third token after two refusals with a network failure between them", async () => {
  using h = harness({ token: counting() });
  for (const code of [4501, 1006, 4501]) {
    assertFalse(h.client.state === "closed");
    h.net.last.accept();
    await settle();
    h.net.last.drop(code);
    h.clock.tick(15_000);
  }
  assertEquals(h.client.state, "closed");
});

Deno.test("does not reconnect after 4501 with a token that is a string, nor after 4503", async () => {
  using text = harness({ token: "fixed" });
  await admit(text);
  text.net.last.drop(4501);
  assertEquals(text.client.state, "closed");
  using other = harness({ token: counting() });
  await admit(other);
  other.net.last.drop(4503);
  assertEquals(other.client.state, "closed");
});

Deno.test("refuses a token in the URL, with a message that does not contain it", () => {
  for (const name of ["token", "access_token", "authToken", "TOKEN"]) {
    const error = assertThrows(
      () => connect(`ws://hub.test/ws?a=1&${name}=s3cret`),
      TypeError,
      "option 'token'",
    );
    assertFalse(error.message.includes("s3cret"));
  }
  using h = harness({ dialect: "plain" });
  assertEquals(h.client.url, "ws://hub.test/ws");
  const plain = connect("ws://127.0.0.1:1/?token=s3cret", { dialect: "plain" });
  plain.close();
  const other = connect("ws://127.0.0.1:1/?tokens=1&q=token");
  other.close();
});

Deno.test("a topic that the server ended is refused, and can be subscribed to again", async () => {
  using h = harness({ heartbeat: false });
  const room = h.client.topic("room:1");
  await admit(h);
  await room.subscribed();
  const heard: string[] = [];
  h.client.addEventListener(
    "message",
    ({ data }) => heard.push(data as string),
  );
  h.net.last.emit({ type: "unsubscribed", topic: "room:1", code: "forbidden" });
  assertEquals(room.state, "refused");
  assertEquals(
    heard.map((text) => JSON.parse(text)).map(({ type, code }) => [type, code]),
    [["error", "forbidden"]],
  );
  // The server has no subscription any more: the client sends no unsubscribe.
  assertEquals(h.net.last.take(), []);
  const again = h.client.topic("room:1");
  const [subscribe] = h.net.last.take() as AnyFrame[];
  assertEquals([subscribe.type, subscribe.topic, again.state], [
    "subscribe",
    "room:1",
    "subscribing",
  ]);
  h.net.last.emit({
    type: "unsubscribed",
    topic: "nowhere",
    code: "forbidden",
  });
  h.net.last.emit({ type: "unsubscribed", topic: "room:1", code: "forbidden" });
  assertEquals(again.state, "subscribing");
});

Deno.test("a topic that the server ends during an unsubscribe is closed", async () => {
  using h = harness({ heartbeat: false });
  const room = h.client.topic("room:1");
  await admit(h);
  const left = room.close();
  const [unsubscribe] = h.net.last.take() as AnyFrame[];
  h.net.last.emit({ type: "unsubscribed", topic: "room:1", code: "forbidden" });
  h.net.last.emit({
    type: "error",
    id: unsubscribe.id,
    code: "absent",
    message: "Not subscribed",
  });
  await left;
  assertEquals([room.state, h.net.last.take()], ["closed", []]);
});

Deno.test("null and undefined stand for no token, as an option and as the function's result", async () => {
  for (
    const token of [
      null,
      undefined,
      () => null,
      () => Promise.resolve(undefined),
    ]
  ) {
    using h = harness({ token });
    h.net.last.accept();
    await settle();
    const [hello] = h.net.last.take() as [Record<string, unknown>];
    assertEquals([hello.type, "token" in hello], ["hello", false]);
  }
});

Deno.test("another type is an error that names the option", async () => {
  for (const token of [42, {}]) {
    assertThrows(
      () => harness({ token: token as unknown as string }),
      TypeError,
      "the option 'token' must be",
    );
    using h = harness({ token: (() => token) as unknown as () => string });
    h.net.last.accept();
    await settle();
    assertEquals(h.net.last.take(), []);
    assertEquals(h.client.state, "waiting");
    assertStringIncludes(h.client.lastClose!.reason, "The option 'token'");
    assertInstanceOf(h.client.lastClose!.cause, TypeError);
  }
});

Deno.test("asks for a token again where there is none when the old one is about to expire", async () => {
  const tokens: (string | null)[] = ["one", null, "two"];
  using h = harness({ token: () => tokens.shift() ?? null });
  h.net.last.accept();
  await settle();
  const [hello] = h.net.last.take();
  start(h.net.last, hello, { expiresMs: 10_000 });
  h.net.last.take();
  h.clock.tick(8_000);
  await settle();
  assertEquals(h.net.last.take(), []);
  h.clock.tick(1_600);
  await settle();
  const [renew] = h.net.last.take() as [Record<string, unknown>];
  assertEquals([renew.type, renew.token], ["renew", "two"]);
});
