import { assert, assertEquals, assertThrows } from "@std/assert";
import type {
  Authorize,
  AuthorizeRequest,
  Grant,
} from "../../../hub/access/authorize.ts";
import { Ticket } from "../../../hub/access/ticket.ts";
import type { HubOptions } from "../../../hub/options.ts";
import type { Connection } from "../../../hub/peers/connection.ts";
import type { ConnectionRequest } from "../../../hub/socket.ts";
import { PROTOCOL } from "../../../messages.ts";
import { inMemory } from "../in_memory.ts";
import { socketPair } from "../socket_pair.ts";
import { hubOf, settle } from "./authorized_hub.ts";

/** Functions that refuse a connection, and its close code. */
const REFUSED: readonly (readonly [
  words: string,
  authorize: Authorize,
  code: number,
])[] = [
  ["an unauthenticated connection", () => "unauthenticated", 4501],
  ["a forbidden connection", () => "forbidden", 4503],
  ["a connection whose authorize fails", () => Promise.reject("offline"), 1013],
];

Deno.test("calls authorize once for a hello, with its token and the handshake, and gives the peer its user and data", async () => {
  await using world = hubOf({ ada: { auth: { role: "admin" } } });
  const peer = world.connect(PROTOCOL, {
    cookie: "a=b",
    origin: "http://hub.test",
    protocols: [PROTOCOL],
  });
  assertEquals(world.requests, []);
  peer.send({ type: "hello", token: "ada" });
  const [start] = await peer.until("start");
  assertEquals(start.expiresMs, undefined);
  const [{ signal, ...request }] = world.requests as [AuthorizeRequest];
  assert(signal.aborted);
  assertEquals(request, {
    dialect: "drumbeat.v1",
    token: "ada",
    url: "http://hub.test/ws",
    address: "192.0.2.1",
    cookie: "a=b",
    origin: "http://hub.test",
    protocols: [PROTOCOL],
  });
  assertEquals(world.requests.length, 1);
  const [joined] = world.opened;
  assertEquals([joined?.user, joined?.auth], ["ada", { role: "admin" }]);
  assertEquals(joined?.info, {
    protocol: PROTOCOL,
    url: "http://hub.test/ws",
    address: "192.0.2.1",
  });
});

Deno.test("uses the token of the hello, and without one that of the subprotocol", async () => {
  await using world = hubOf({ ada: {}, bob: {} });
  for (const [hello, user] of [[{ token: "ada" }, "ada"], [{}, "bob"]]) {
    const peer = world.connect(PROTOCOL, { token: "bob" });
    peer.send({ type: "hello", ...hello as object });
    await peer.until("start");
    assertEquals(world.opened.at(-1)?.user, user);
  }
});

for (const protocol of [PROTOCOL, ""]) {
  for (const [words, authorize, code] of REFUSED) {
    Deno.test(`closes ${words} with ${code} (${protocol || "plain"}) before it joins`, async () => {
      await using world = inMemory({ authorize });
      const peer = world.connect(protocol);
      if (protocol !== "") peer.send({ type: "hello" });
      assertEquals((await peer.untilClosed()).code, code);
      assertEquals(peer.read(), []);
      assertEquals([world.opened, world.closed], [[], []]);
      assertEquals(world.errors.length, code === 1013 ? 1 : 0);
    });
  }
}

Deno.test("closes with 1013 when authorize has no result in time, and opens no topic", async () => {
  await using world = inMemory({
    authorize: () => new Promise(() => {}),
    limits: { authorizeMs: 500 },
  });
  const peer = world.connect(PROTOCOL);
  peer.send({ type: "hello", topics: { "room:1": {} } });
  peer.send({ type: "ping" });
  world.clock.advance(499);
  await settle(world);
  assertEquals(peer.read(), [{ type: "pong" }]);
  world.clock.advance(1);
  assertEquals((await peer.untilClosed()).code, 1013);
  assertEquals(world.errors.map(({ stage }) => stage), ["authorize"]);
  assertEquals(world.hub.stats().topics, 0);
});

Deno.test("refuses the messages of a plain peer while authorize has no result", async () => {
  const { promise, resolve } = Promise.withResolvers<Grant>();
  await using world = inMemory({ authorize: () => promise });
  const peer = world.connect("");
  peer.send({ type: "chat", text: "early" });
  assertEquals(peer.read().map(({ code }) => code), ["unauthenticated"]);
  resolve({ user: "ada" });
  await peer.until("start");
  peer.send({ type: "chat", text: "hello" });
  world.flush();
  assertEquals(peer.read(), [{ type: "chat", text: "hello" }]);
  assertEquals(world.opened[0]?.user, "ada");
});

Deno.test("a plain connection with a ticket is not authorized again; a ticket is valid once", async () => {
  await using world = hubOf({ ada: {} });
  const info = { protocol: "", url: "http://hub.test/ws", address: "a" };
  const request = { ...info, handshake: { token: "ada" } };
  const ticket = await world.hub.transport.admit(request);
  assert(ticket instanceof Ticket);
  assertEquals(await world.hub.transport.admit(info), "unauthenticated");
  const calls = world.requests.length;
  const closes: number[] = [];
  const socket = {
    open: true,
    bufferedAmount: 0,
    send() {},
    close: (code: number) => void closes.push(code),
    terminate: () => true,
  };
  world.hub.transport.attach(socket, info, ticket);
  await settle(world);
  assertEquals([world.requests.length, closes], [calls, []]);
  assertEquals(world.opened.map(({ user }) => user), ["ada"]);
  // A used ticket, and one that the hub did not make, admit nothing.
  for (const [nth, invalid] of [ticket, new Ticket()].entries()) {
    world.hub.transport.attach(socket, info, invalid);
    await settle(world);
    const codes = [4501, 4501].slice(0, nth + 1);
    assertEquals([world.requests.length, closes], [calls + nth + 1, codes]);
  }
});

Deno.test("a drumbeat.v1 connection gets a ticket at once, and is authorized with its hello", async () => {
  await using world = hubOf({ ada: {} });
  const info = { protocol: PROTOCOL, url: "", address: "a" };
  const ticket = await world.hub.transport.admit(info);
  assert(ticket instanceof Ticket);
  assertEquals(world.requests.length, 0);
  const far = socketPair((near) =>
    world.hub.transport.attach(near, info, ticket)
  );
  far.send('{"type":"hello","token":"ada"}');
  await settle(world);
  assertEquals(world.opened.map(({ user }) => user), ["ada"]);
});

Deno.test("a connection forgets its handshake once it is authorized, and at once without authorize", async () => {
  const request = (protocol: string): ConnectionRequest =>
    Object.freeze({
      protocol,
      url: "",
      address: "a",
      handshake: { cookie: "login=s3cret" },
    });
  await using closed = inMemory({ authorize: () => ({}) });
  await using open = inMemory();
  for (const protocol of [PROTOCOL, ""]) {
    const attached: Connection[] = [];
    const attach = ({ hub }: typeof closed) =>
      socketPair((near) => {
        const connection = hub.transport.attach(
          near,
          request(protocol),
        ) as Connection;
        attached.push(connection);
        return connection;
      });
    const far = attach(closed);
    attach(open);
    const [one, two] = attached as [Connection, Connection];
    if (protocol === PROTOCOL) {
      assertEquals(one.handshake, { cookie: "login=s3cret" });
      far.send('{"type":"hello"}');
    }
    assertEquals([one.handshake, two.handshake], [undefined, undefined]);
  }
});

Deno.test("a connection that waits for authorize counts against the limits", async () => {
  const { promise, resolve } = Promise.withResolvers<Grant>();
  await using world = inMemory({
    authorize: () => promise,
    limits: { peers: 2, peersPerAddress: 1 },
  });
  const info = { protocol: "", url: "", address: "192.0.2.1" };
  const one = world.hub.transport.admit(info);
  assertEquals(world.hub.transport.hasCapacityFor("192.0.2.1"), false);
  assertEquals(world.hub.transport.hasCapacity, true);
  const two = world.hub.transport.admit({ ...info, address: "192.0.2.2" });
  assertEquals(world.hub.transport.hasCapacity, false);
  resolve({});
  await Promise.all([one, two]);
  assertEquals([
    world.hub.transport.hasCapacity,
    world.hub.transport.hasCapacityFor("192.0.2.1"),
  ], [
    true,
    true,
  ]);
});

Deno.test("closes with 4501 within a tenth of the interval after the grant expires, by the monotonic clock", async () => {
  const grants: Record<string, Partial<Grant>> = { bob: {} };
  await using world = hubOf(grants);
  grants.ada = { expiresAt: world.clock.time() + 60_000 };
  const { peer: ada, start } = await world.start({ token: "ada" });
  assertEquals(start.expiresMs, 60_000);
  const bob = await world.v1({ token: "bob" });
  const plain = world.connect("", { token: "ada" });
  await plain.until("start");
  const timers = world.clock.timers;
  // A jump of the wall clock closes no connection, and extends no grant.
  world.clock.jumpMs = 3_600_000;
  world.clock.advance(20_000);
  world.clock.jumpMs = -3_600_000;
  for (let at = 20_000; at < 59_000; at += 1_000) {
    for (const peer of [ada, bob]) peer.send({ type: "ping" });
    world.clock.advance(1_000);
  }
  assertEquals([ada.closed, bob.closed, plain.closed], [
    undefined,
    undefined,
    undefined,
  ]);
  assertEquals(world.clock.timers, timers);
  world.clock.advance(2_000);
  assertEquals([ada.closed?.code, bob.closed, plain.closed?.code], [
    4501,
    undefined,
    4501,
  ]);
  assertEquals(world.closed.map(({ code }) => code), [4501, 4501]);
});

Deno.test("rejects wrong values of authorize and allow", () => {
  const wrong: unknown[] = [
    { authorize: "yes" },
    { allow: { subscribe: "lobby" } },
    { limits: { authorizeMs: -1 } },
    { limits: { peersPerUser: "many" } },
  ];
  for (const options of wrong) {
    assertThrows(() => inMemory(options as HubOptions));
  }
});
