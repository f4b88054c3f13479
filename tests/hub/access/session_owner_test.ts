import { assertEquals, assertNotEquals } from "@std/assert";
import type { Grant } from "../../../hub/access/authorize.ts";
import { PROTOCOL } from "../../../messages.ts";
import { inMemory } from "../in_memory.ts";
import { hubOf, settle } from "./authorized_hub.ts";

Deno.test("resumes a session for its own user, also with another token of the user", async () => {
  await using world = hubOf({ ada: {}, other: { user: "ada" } });
  const { peer, start } = await world.start({ token: "ada" });
  peer.far.close(4000);
  const { start: again } = await world.start({
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
    const { peer: ada, start } = await world.start({ token: "ada" });
    const { start: stolen } = await world.start({
      token: thief,
      session: start.session,
    });
    assertEquals(stolen.resumed, false);
    assertNotEquals(stolen.peer, start.peer);
    assertNotEquals(stolen.session, start.session);
    assertEquals(ada.closed, undefined);
    // The same after the owner has disconnected.
    ada.far.close(4000);
    const { start: later } = await world.start({
      token: thief,
      session: start.session,
    });
    assertEquals(later.resumed, false);
    const { start: own } = await world.start({
      token: "ada",
      session: start.session,
    });
    assertEquals([own.resumed, own.peer], [true, start.peer]);
  });
}

Deno.test("does not claim a session for a connection with a wrong token", async () => {
  await using world = hubOf({ ada: {} });
  const { peer: ada, start } = await world.start({ token: "ada" });
  const thief = world.connect(PROTOCOL);
  thief.send({ type: "hello", token: "no", session: start.session });
  assertEquals((await thief.untilClosed()).code, 4501);
  assertEquals(ada.closed, undefined);
});

Deno.test("does not claim a session for a connection that closed while authorize was pending", async () => {
  const grants = [Promise.withResolvers<Grant>()];
  let answer: () => Grant | Promise<Grant> = () => ({ user: "ada" });
  await using world = inMemory({ authorize: () => answer() });
  const { peer: first, start } = await world.start({});
  first.far.close(4000);
  answer = () => grants[0]!.promise;
  const stray = world.connect(PROTOCOL);
  stray.send({ type: "hello", session: start.session });
  stray.far.close(4000);
  answer = () => ({ user: "ada" });
  const { peer: next, start: again } = await world.start({
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
  const { peer: one, start } = await world.start({ token: "ada" });
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
    await world.hub.transport.admit({
      ...request,
      handshake: { token: "ada" },
    }),
    "limit",
  );
  await world.v1({ token: "bob" });
  // The older connection is still open: the hub has not noticed the disconnect.
  const { start: again } = await world.start({
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
  const { peer: one, start } = await world.start({ token: "ada" });
  one.far.close(4000);
  const two = await world.v1({ token: "ada" });
  const denied = world.connect(PROTOCOL);
  denied.send({ type: "hello", token: "ada", session: start.session });
  assertEquals((await denied.untilClosed()).code, 4029);
  two.far.close(1000);
  const { start: again } = await world.start({
    token: "ada",
    session: start.session,
  });
  assertEquals(again.resumed, true);
});

Deno.test("a session whose resume was refused for peersPerUser expires", async () => {
  await using world = hubOf({ ada: {} }, { limits: { peersPerUser: 1 } });
  const { peer: one, start } = await world.start({ token: "ada" });
  one.far.close(4000);
  const two = await world.v1({ token: "ada" });
  const denied = world.connect(PROTOCOL);
  denied.send({ type: "hello", token: "ada", session: start.session });
  await denied.untilClosed();
  two.far.close(1000);
  world.clock.advance(120_000);
  const { start: again } = await world.start({
    token: "ada",
    session: start.session,
  });
  assertEquals(again.resumed, false);
});
