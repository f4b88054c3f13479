import {
  assert,
  assertEquals,
  assertNotEquals,
  assertThrows,
} from "@std/assert";
import type {
  Authorize,
  AuthorizeRequest,
  Grant,
} from "../../../hub/access/authorize.ts";
import type { Allow } from "../../../hub/access/allow.ts";
import { Ticket } from "../../../hub/access/ticket.ts";
import type { HubOptions } from "../../../hub/options.ts";
import type { Connection } from "../../../hub/peers/connection.ts";
import type { ConnectionRequest } from "../../../hub/socket.ts";
import { PROTOCOL } from "../../../messages.ts";
import { DeepStore } from "../deep_store.ts";
import { type AnyFrame, type InMemory, inMemory } from "../in_memory.ts";
import { socketPair } from "../socket_pair.ts";

/** Lets everything run that waits for promises and digests, and not for time. */
async function settle({ clock }: InMemory): Promise<void> {
  for (let turns = 0; turns < 5; turns++) {
    await new Promise((resolve) => setTimeout(resolve));
    clock.settle();
  }
}

/** Tokens are names; what each grants is in a test's hand. */
function hubOf(
  grants: Record<string, Partial<Grant> | "forbidden">,
  options: HubOptions = {},
): InMemory & { readonly asked: AuthorizeRequest[] } {
  const asked: AuthorizeRequest[] = [];
  const authorize: Authorize = (request) => {
    asked.push(request);
    const { token = "" } = request;
    if (!Object.hasOwn(grants, token)) return "unauthenticated";
    const grant = grants[token]!;
    return grant === "forbidden" ? grant : { user: token, ...grant };
  };
  return Object.assign(inMemory({ authorize, ...options }), { asked });
}

Deno.test("calls authorize once for a hello, with its token and the handshake, and gives the peer its user and data", async () => {
  await using world = hubOf({ ada: { data: { role: "admin" } } });
  const peer = world.connect(PROTOCOL, {
    cookie: "a=b",
    origin: "http://hub.test",
    protocols: [PROTOCOL],
  });
  assertEquals(world.asked, []);
  peer.send({ type: "hello", token: "ada" });
  const [start] = await peer.until("start");
  assertEquals(start.expiresMs, undefined);
  const [{ signal, ...request }] = world.asked as [AuthorizeRequest];
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
  assertEquals(world.asked.length, 1);
  const [joined] = world.joins;
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
    assertEquals(world.joins.at(-1)?.user, user);
  }
});

/** Who is not let in, and how they are told. */
const REFUSED: readonly (readonly [
  words: string,
  authorize: Authorize,
  code: number,
])[] = [
  ["nobody that is known", () => "unauthenticated", 4501],
  ["somebody who may not come", () => "forbidden", 4503],
  ["nobody, for the program fails,", () => Promise.reject("offline"), 1013],
];

for (const protocol of [PROTOCOL, ""]) {
  for (const [words, authorize, code] of REFUSED) {
    Deno.test(`closes ${words} with ${code} (${protocol || "plain"}) before it joins`, async () => {
      await using world = inMemory({ authorize });
      const peer = world.connect(protocol);
      if (protocol !== "") peer.send({ type: "hello" });
      assertEquals((await peer.untilClosed()).code, code);
      assertEquals(peer.read(), []);
      assertEquals([world.joins, world.leaves], [[], []]);
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
  assertEquals(world.joins[0]?.user, "ada");
});

Deno.test("a plain connection with a ticket is not authorized again; a ticket is valid once", async () => {
  await using world = hubOf({ ada: {} });
  const info = { protocol: "", url: "http://hub.test/ws", address: "a" };
  const request = { ...info, handshake: { token: "ada" } };
  const ticket = await world.hub.admit(request);
  assert(ticket instanceof Ticket);
  assertEquals(await world.hub.admit(info), "unauthenticated");
  const asked = world.asked.length;
  const closes: number[] = [];
  const socket = {
    open: true,
    bufferedAmount: 0,
    send() {},
    close: (code: number) => void closes.push(code),
    terminate: () => true,
  };
  world.hub.attach(socket, info, ticket);
  await settle(world);
  assertEquals([world.asked.length, closes], [asked, []]);
  assertEquals(world.joins.map(({ user }) => user), ["ada"]);
  // A used ticket, and one that the hub did not make, admit nothing.
  for (const [nth, invalid] of [ticket, new Ticket()].entries()) {
    world.hub.attach(socket, info, invalid);
    await settle(world);
    const codes = [4501, 4501].slice(0, nth + 1);
    assertEquals([world.asked.length, closes], [asked + nth + 1, codes]);
  }
});

Deno.test("a drumbeat.v1 connection gets a ticket at once, and is authorized with its hello", async () => {
  await using world = hubOf({ ada: {} });
  const info = { protocol: PROTOCOL, url: "", address: "a" };
  const ticket = await world.hub.admit(info);
  assert(ticket instanceof Ticket);
  assertEquals(world.asked.length, 0);
  const far = socketPair((near) => world.hub.attach(near, info, ticket));
  far.send('{"type":"hello","token":"ada"}');
  await settle(world);
  assertEquals(world.joins.map(({ user }) => user), ["ada"]);
});

Deno.test("a connection forgets its handshake once it is authorized, and at once without authorize", async () => {
  const request = (protocol: string): ConnectionRequest =>
    Object.freeze({
      protocol,
      url: "",
      address: "a",
      handshake: { cookie: "login=s3cret" },
    });
  await using asking = inMemory({ authorize: () => ({}) });
  await using open = inMemory();
  for (const protocol of [PROTOCOL, ""]) {
    const attached: Connection[] = [];
    const attach = ({ hub }: typeof asking) =>
      socketPair((near) => {
        const connection = hub.attach(near, request(protocol)) as Connection;
        attached.push(connection);
        return connection;
      });
    const far = attach(asking);
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
  const one = world.hub.admit(info);
  assertEquals(world.hub.hasCapacityFor("192.0.2.1"), false);
  assertEquals(world.hub.hasCapacity, true);
  const two = world.hub.admit({ ...info, address: "192.0.2.2" });
  assertEquals(world.hub.hasCapacity, false);
  resolve({});
  await Promise.all([one, two]);
  assertEquals([world.hub.hasCapacity, world.hub.hasCapacityFor("192.0.2.1")], [
    true,
    true,
  ]);
});

Deno.test("closes with 4501 within a tenth of the interval after the grant expires, by the monotonic clock", async () => {
  const grants: Record<string, Partial<Grant>> = { bob: {} };
  await using world = hubOf(grants);
  grants.ada = { expiresAt: world.clock.time() + 60_000 };
  const { peer: ada, start } = await world.greeted({ token: "ada" });
  assertEquals(start.expiresMs, 60_000);
  const bob = await world.v1({ token: "bob" });
  const plain = world.connect("", { token: "ada" });
  await plain.until("start");
  const timers = world.clock.timers;
  // It ends nobody, and prolongs nobody.
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
  assertEquals(world.leaves.map(({ code }) => code), [4501, 4501]);
});

Deno.test("a renewal extends the grant and updates the peer's data", async () => {
  const grants: Record<string, Partial<Grant>> = {};
  await using world = hubOf(grants);
  const { clock } = world;
  grants.old = { user: "ada", expiresAt: clock.time() + 10_000, data: 1 };
  const { peer, start } = await world.greeted({ token: "old" });
  clock.advance(5_000);
  grants.new = { user: "ada", expiresAt: clock.time() + 60_000, data: 2 };
  peer.send({ type: "renew", id: 1, token: "new" });
  assertEquals(await peer.until("ack"), [{
    type: "ack",
    id: 1,
    expiresMs: 60_000,
  }]);
  const { peer: asking, token, cookie } = world.asked.at(-1)!;
  assertEquals([asking?.id, token, cookie], [start.peer, "new", undefined]);
  assertEquals(world.joins[0]?.auth, 2);
  clock.advance(15_000);
  assertEquals(peer.closed, undefined);
  // One for ever has no end to tell.
  grants.ever = { user: "ada" };
  peer.send({ type: "renew", id: 2, token: "ever" });
  const frames = await peer.until("ack");
  assertEquals(frames.at(-1), { type: "ack", id: 2 });
  assertEquals([world.joins.length, world.leaves], [1, []]);
});

Deno.test("answers a renewal with a wrong token with an error, and keeps the earlier grant", async () => {
  const grants: Record<string, Partial<Grant>> = {};
  await using world = hubOf(grants);
  grants.ada = { expiresAt: world.clock.time() + 10_000 };
  const peer = await world.v1({ token: "ada" });
  peer.send({ type: "renew", id: 1, token: "no" });
  const [error] = await peer.until("error");
  assertEquals([error.id, error.code], [1, "unauthenticated"]);
  world.clock.advance(9_000);
  assertEquals(peer.closed, undefined);
  world.clock.advance(2_000);
  assertEquals(peer.closed?.code, 4501);
});

Deno.test("closes with 4503 after a renewal with a token of another user or a forbidden one", async () => {
  await using world = hubOf({ ada: {}, bob: {}, banned: "forbidden" });
  for (const token of ["bob", "banned"]) {
    const peer = await world.v1({ token: "ada" });
    peer.send({ type: "renew", id: 1, token });
    assertEquals((await peer.untilClosed()).code, 4503);
  }
});

Deno.test("answers a renewal with unavailable when authorize fails, and with limit while another renewal is pending", async () => {
  let answer: () => Grant | Promise<Grant> = () => ({ user: "ada" });
  await using world = inMemory({ authorize: () => answer() });
  const peer = await world.v1({});
  const { promise, reject } = Promise.withResolvers<Grant>();
  answer = () => promise;
  peer.send({ type: "renew", id: 1, token: "a" });
  peer.send({ type: "renew", id: 2, token: "b" });
  const [limit] = await peer.until("error");
  assertEquals([limit.id, limit.code], [2, "limit"]);
  reject(new Error("offline"));
  const [error] = await peer.until("error");
  assertEquals([error.id, error.code], [1, "unavailable"]);
  answer = () => ({ user: "ada" });
  peer.send({ type: "renew", id: 3, token: "c" });
  assertEquals((await peer.until("ack")).at(-1).id, 3);
});

Deno.test("a renewal that succeeds after the old grant expired does not reopen the connection", async () => {
  const { promise, resolve } = Promise.withResolvers<Grant>();
  let answer: () => Grant | Promise<Grant> = () => promise;
  await using world = inMemory({ authorize: () => answer() });
  const { clock } = world;
  answer = () => ({ user: "ada", expiresAt: clock.time() + 1_000 });
  const peer = await world.v1({});
  answer = () => promise;
  peer.send({ type: "renew", id: 1, token: "new" });
  clock.advance(3_000);
  assertEquals(peer.closed?.code, 4501);
  resolve({ user: "ada", data: "late" });
  await settle(world);
  assertEquals(peer.readType("ack"), []);
  assertEquals([world.hub.peers.size, world.joins[0]?.auth], [0, undefined]);
});

Deno.test("answers a renewal with unsupported without authorize", async () => {
  await using world = inMemory();
  const { peer } = await world.greeted({ token: "anything" });
  peer.send({ type: "renew", id: 1, token: "anything" });
  assertEquals(peer.read().map(({ code }) => code), ["unsupported"]);
  assertEquals([world.joins[0]?.user, world.joins[0]?.auth], [
    undefined,
    undefined,
  ]);
});

Deno.test("resumes a session for its own user, also with another token of the user", async () => {
  await using world = hubOf({ ada: {}, other: { user: "ada" } });
  const { peer, start } = await world.greeted({ token: "ada" });
  peer.far.close(4000);
  const { start: again } = await world.greeted({
    token: "other",
    session: start.session,
  });
  assertEquals(
    [again.resumed, again.peer, again.session],
    [true, start.peer, start.session],
  );
});

for (const thief of ["bob", "anonymous"]) {
  Deno.test(`gives ${thief} a new session for a stolen one, and keeps the owner's connection`, async () => {
    await using world = hubOf({
      ada: {},
      bob: {},
      anonymous: { user: undefined as unknown as string },
    });
    const { peer: ada, start } = await world.greeted({ token: "ada" });
    const { start: stolen } = await world.greeted({
      token: thief,
      session: start.session,
    });
    assertEquals(stolen.resumed, false);
    assertNotEquals(stolen.peer, start.peer);
    assertNotEquals(stolen.session, start.session);
    assertEquals(ada.closed, undefined);
    // And the other way round, after the owner has gone.
    ada.far.close(4000);
    const { start: later } = await world.greeted({
      token: thief,
      session: start.session,
    });
    assertEquals(later.resumed, false);
    const { start: own } = await world.greeted({
      token: "ada",
      session: start.session,
    });
    assertEquals([own.resumed, own.peer], [true, start.peer]);
  });
}

Deno.test("does not claim a session for a connection with a wrong token", async () => {
  await using world = hubOf({ ada: {} });
  const { peer: ada, start } = await world.greeted({ token: "ada" });
  const thief = world.connect(PROTOCOL);
  thief.send({ type: "hello", token: "no", session: start.session });
  assertEquals((await thief.untilClosed()).code, 4501);
  assertEquals(ada.closed, undefined);
});

Deno.test("does not claim a session for a connection that closed while authorize was pending", async () => {
  const grants = [Promise.withResolvers<Grant>()];
  let answer: () => Grant | Promise<Grant> = () => ({ user: "ada" });
  await using world = inMemory({ authorize: () => answer() });
  const { peer: first, start } = await world.greeted({});
  first.far.close(4000);
  answer = () => grants[0]!.promise;
  const stray = world.connect(PROTOCOL);
  stray.send({ type: "hello", session: start.session });
  stray.far.close(4000);
  answer = () => ({ user: "ada" });
  const { peer: next, start: again } = await world.greeted({
    session: start.session,
  });
  assertEquals(again.resumed, true);
  grants[0]!.resolve({ user: "ada" });
  await settle(world);
  assertEquals([next.closed, world.hub.peers.size], [undefined, 1]);
});

Deno.test("closes with 4029 above limits.peersPerUser; a closed or resumed connection does not count", async () => {
  await using world = hubOf({ ada: {}, bob: {} }, {
    limits: { peersPerUser: 2 },
  });
  const { peer: one, start } = await world.greeted({ token: "ada" });
  const two = world.connect("", { token: "ada" });
  await two.until("start");
  const denied = async (protocol: string): Promise<number> => {
    const three = world.connect(protocol, { token: "ada" });
    if (protocol !== "") three.send({ type: "hello" });
    return (await three.untilClosed()).code;
  };
  assertEquals([await denied(PROTOCOL), await denied("")], [4029, 4029]);
  const request = { protocol: "", url: "", address: "a" };
  assertEquals(
    await world.hub.admit({ ...request, handshake: { token: "ada" } }),
    "limit",
  );
  await world.v1({ token: "bob" });
  // The connection that it was on is still there: it has not heard of the cut.
  const { start: again } = await world.greeted({
    token: "ada",
    session: start.session,
  });
  assertEquals([again.resumed, one.closed?.code], [true, 4505]);
  assertEquals(await denied(PROTOCOL), 4029);
  two.far.close(1000);
  await world.v1({ token: "ada" });
  assertEquals(await denied(PROTOCOL), 4029);
});

Deno.test("a session whose resume was refused for peersPerUser can be resumed later", async () => {
  await using world = hubOf({ ada: {} }, { limits: { peersPerUser: 1 } });
  const { peer: one, start } = await world.greeted({ token: "ada" });
  one.far.close(4000);
  const two = await world.v1({ token: "ada" });
  const denied = world.connect(PROTOCOL);
  denied.send({ type: "hello", token: "ada", session: start.session });
  assertEquals((await denied.untilClosed()).code, 4029);
  two.far.close(1000);
  const { start: again } = await world.greeted({
    token: "ada",
    session: start.session,
  });
  assertEquals(again.resumed, true);
});

Deno.test("a session whose resume was refused for peersPerUser expires", async () => {
  await using world = hubOf({ ada: {} }, { limits: { peersPerUser: 1 } });
  const { peer: one, start } = await world.greeted({ token: "ada" });
  one.far.close(4000);
  const two = await world.v1({ token: "ada" });
  const denied = world.connect(PROTOCOL);
  denied.send({ type: "hello", token: "ada", session: start.session });
  await denied.untilClosed();
  two.far.close(1000);
  world.clock.advance(120_000);
  const { start: again } = await world.greeted({
    token: "ada",
    session: start.session,
  });
  assertEquals(again.resumed, false);
});

Deno.test("answers every use of a topic that rules forbid with forbidden, and creates no topic", async () => {
  await using world = inMemory({
    allow: { subscribe: ["lobby", "room:*"], publish: ["room:*"] },
  });
  const { peer, start } = await world.greeted({
    topics: { lobby: {}, secret: {}, "room:1": {}, "bad\n": {} },
  });
  assertEquals(
    Object.entries(start.topics as Record<string, { error?: string }>).map((
      [name, { error }],
    ) => [name, error]),
    [
      ["lobby", undefined],
      ["room:1", undefined],
      ["secret", "forbidden"],
      ["bad\n", "invalid"],
    ],
  );
  const chat = { type: "chat", text: "hi" };
  peer.send({ type: "subscribe", id: 1, topic: "secret" });
  peer.send({ type: "publish", id: 2, topic: "lobby", message: chat });
  peer.send({ type: "publish", id: 3, topic: "secret", message: chat });
  peer.send({ type: "presence", id: 4, topic: "secret", data: 1 });
  peer.send({ type: "history", id: 5, topic: "secret", from: 0, limit: 1 });
  peer.send({ type: "publish", id: 6, topic: "a\n", message: chat });
  peer.send({ type: "publish", id: 7, topic: "room:1", message: chat });
  await settle(world);
  const answers = new Map<number, string>();
  for (const { type, id, code } of peer.read()) {
    if (type === "error") answers.set(id, code);
    if (type === "ack") answers.set(id, "ack");
  }
  assertEquals([...answers].toSorted(([a], [b]) => a - b), [
    [1, "forbidden"],
    [2, "forbidden"],
    [3, "forbidden"],
    [4, "absent"],
    [5, "forbidden"],
    [6, "invalid"],
    [7, "ack"],
  ]);
  assertEquals(world.hub.stats().topics, 2);
  // The program itself is never asked.
  const published = world.hub.topic("secret").publish(chat);
  world.flush();
  assertEquals(await published, 0);
  const plain = world.plain();
  plain.send(chat);
  assertEquals(plain.read().map(({ code }) => code), ["forbidden"]);
});

Deno.test("a plain peer that may not subscribe to the lobby receives an error and may publish", async () => {
  await using world = inMemory({ allow: { subscribe: [] } });
  const peer = world.connect("");
  const [start, error] = peer.read();
  assertEquals([start.type, error.code], ["start", "forbidden"]);
  peer.send({ type: "chat", text: "hi" });
  world.flush();
  assertEquals(peer.read(), []);
  assertEquals(world.hub.stats().committed, 1);
});

Deno.test("applies a changed rule to the next frame, and keeps subscriptions", async () => {
  const members = new Set(["room"]);
  await using world = inMemory({
    allow: { subscribe: (_peer, topic) => members.has(topic) },
  });
  const peer = await world.v1({ topics: { room: { presence: true } } });
  members.clear();
  peer.send({ type: "presence", id: 1, topic: "room", data: 1 });
  peer.send({ type: "history", id: 2, topic: "room", from: 0, limit: 1 });
  await settle(world);
  assertEquals(
    peer.readType("error").map(({ id, code }) => [id, code]),
    [[1, "forbidden"], [2, "forbidden"]],
  );
  void world.hub.topic("room").publish({ type: "chat", text: "hi" });
  world.flush();
  assertEquals(peer.readType("batch").length, 1);
});

Deno.test("calls a rule with the peer; a rule that throws forbids and is reported", async () => {
  const asked: unknown[] = [];
  const ids = new Set<string>();
  await using world = hubOf({ ada: { data: ["lobby"] } }, {
    allow: {
      subscribe({ id, auth }, topic) {
        ids.add(id);
        return (auth as string[]).includes(topic);
      },
      publish(peer, topic) {
        asked.push([peer.user, topic]);
        throw new Error("offline");
      },
    },
  });
  const { peer, start } = await world.greeted({
    token: "ada",
    topics: { lobby: {}, other: {} },
  });
  assertEquals(start.topics.other, { error: "forbidden" });
  assertEquals([...ids], [start.peer]);
  const message = { type: "chat", text: "hi" };
  peer.send({ type: "publish", id: 1, topic: "lobby", message });
  assertEquals(peer.read().map(({ code }) => code), ["forbidden"]);
  assertEquals(asked, [["ada", "lobby"]]);
  assertEquals(world.errors.map(({ stage }) => stage), ["authorize"]);
});

Deno.test("a grant's rules restrict those of the hub, and do not apply to the direct log", async () => {
  await using world = hubOf({ ada: { allow: { subscribe: ["room:*"] } } }, {
    allow: { subscribe: ["room:1", "lobby"] },
  });
  const { peer, start } = await world.greeted({
    token: "ada",
    topics: { "room:1": {}, "room:2": {}, lobby: {} },
  });
  const refused = Object.entries(
    start.topics as Record<string, { error?: string }>,
  ).filter(([, { error }]) => error === "forbidden").map(([name]) => name);
  assertEquals(refused.toSorted(), ["lobby", "room:2"]);
  const sent = [...world.hub.peers][0]!.send({ type: "chat", text: "you" });
  world.flush();
  await sent;
  assertEquals(peer.readType("batch").length, 1);
});

Deno.test("a renewal with fewer rights unsubscribes from forbidden topics before its ack", async () => {
  const topics = { lobby: {}, "room:1": { presence: true }, "room:2": {} };
  await using world = hubOf({
    all: { user: "ada" },
    few: { user: "ada", allow: { subscribe: ["lobby"], publish: [] } },
  });
  const watcher = await world.v1({
    token: "all",
    topics: { "room:1": { presence: true } },
  });
  const { peer } = await world.greeted({ token: "all", topics });
  const own = [...world.hub.peers].at(-1)!;
  const direct = own.send({ type: "chat", text: "you" });
  world.flush();
  await direct;
  peer.read();
  watcher.read();
  peer.send({ type: "renew", id: 1, token: "few" });
  const frames = await peer.until("ack");
  assertEquals(frames, [
    { type: "unsubscribed", topic: "room:1", code: "forbidden" },
    { type: "unsubscribed", topic: "room:2", code: "forbidden" },
    { type: "ack", id: 1 },
  ]);
  world.flush();
  assertEquals(watcher.readType("presence").map(({ leave }) => leave.length), [
    1,
  ]);
  const chat = { type: "chat", text: "hi" };
  for (const topic of ["lobby", "room:1", "room:2"]) {
    void world.hub.topic(topic).publish(chat);
  }
  void own.send(chat);
  world.flush();
  assertEquals(
    peer.readType("batch").map(({ topic }: AnyFrame) => topic).toSorted(),
    [`$peer/${own.id}`, "lobby"],
  );
  peer.send({ type: "publish", id: 2, topic: "lobby", message: chat });
  peer.send({ type: "subscribe", id: 3, topic: "room:1" });
  assertEquals(peer.read().map(({ id, code }) => [id, code]), [
    [2, "forbidden"],
    [3, "forbidden"],
  ]);
  // The rights are the token's: a resume is asked about again.
  peer.far.close(4000);
  const { start } = await world.greeted({ token: "few", topics });
  assertEquals(start.topics["room:1"], { error: "forbidden" });
});

Deno.test("a renewal with fewer rights prevents a subscribe whose log is still opening", async () => {
  let store: DeepStore;
  let allow: Allow = {};
  await using world = inMemory(
    { authorize: () => ({ user: "ada", allow }) },
    (clock) => store = new DeepStore(clock, { slowToOpen: true }),
  );
  const peer = await world.v1({ topics: {} });
  peer.send({ type: "subscribe", id: 1, topic: "room" });
  allow = { subscribe: [] };
  peer.send({ type: "renew", id: 2, token: "few" });
  await peer.until("ack");
  await store!.answer();
  assertEquals(peer.read().map(({ id, code }) => [id, code]), [
    [1, "forbidden"],
  ]);
  assertEquals(world.hub.topic("room").subscribers.size, 0);
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
