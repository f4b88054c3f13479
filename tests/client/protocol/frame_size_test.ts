import { assert, assertEquals, assertRejects } from "@std/assert";
import { connect, DrumbeatError } from "../../../client.ts";
import { serve } from "../../../mod.ts";
import { utf8Length } from "../../../messages.ts";
import {
  type AnyFrame,
  handshake,
  harness,
  settle,
  start,
  subscribed,
} from "../harness.ts";

const limits = {
  messageBytes: 1_000,
  windowBytes: 262_144,
  inflight: 256,
  topicsPerPeer: 128,
};

function bytesOf(frame: unknown): number {
  return utf8Length(JSON.stringify(frame));
}

Deno.test("a hello that is too large names some topics, and the others are subscribed after start with their positions and presence", async () => {
  using h = harness({ lobby: false });
  const names = Array.from(
    { length: 40 },
    (_, i) => `room:${i}-${"x".repeat(30)}`,
  );
  const topics = names.map((name) => h.client.topic(name));
  handshake(h.net.last, { limits });
  for (const topic of topics) topic.presence.set({ name: topic.name });
  for (const frame of h.net.last.take() as AnyFrame[]) {
    h.net.last.emit({ type: "ack", id: frame.id });
  }
  await settle();
  h.net.last.drop();
  h.clock.tick(500);
  h.net.last.accept();
  const [hello] = h.net.last.take() as AnyFrame[];
  const named = Object.keys(hello.topics);
  assert(named.length > 3 && named.length < 20, `${named.length} topics`);
  assert(bytesOf(hello) <= 1_000, `${bytesOf(hello)} bytes`);
  start(h.net.last, hello, { limits });
  const frames = (h.net.last.take() as AnyFrame[]).filter(({ type }) =>
    type === "subscribe"
  );
  assertEquals([...named, ...frames.map(({ topic }) => topic)], names);
  for (const frame of frames) {
    assert(bytesOf(frame) <= 1_000);
    assertEquals([frame.epoch, frame.offset, frame.presence, frame.data], [
      "e1",
      0,
      true,
      { name: frame.topic },
    ]);
    subscribed(h.net.last, frame);
  }
  assertEquals(
    new Set(topics.map(({ state }) => state)),
    new Set(["subscribed"]),
  );
});

Deno.test("a token does not count against the size of a message, and takes the space of topics only near the size that every hub accepts", async () => {
  let length = 2_000;
  using h = harness({ token: () => "t".repeat(length) });
  const hello = async (): Promise<AnyFrame> => {
    h.net.last.accept();
    await settle();
    const [frame] = h.net.last.take() as AnyFrame[];
    return frame;
  };
  start(h.net.last, await hello(), { limits });
  h.client.reconnect();
  assertEquals(Object.keys((await hello()).topics), ["lobby"]);
  length = 65_536 - 70;
  h.net.last.drop();
  h.clock.tick(500);
  const large = await hello();
  assertEquals(Object.keys(large.topics), []);
  assert(bytesOf(large) <= 65_536);
  length = 65_536;
  h.net.last.drop();
  h.clock.tick(1_000);
  assertEquals(await hello(), undefined);
  assertEquals([h.client.state, h.client.lastClose?.reason], [
    "waiting",
    "Token too large",
  ]);
});

Deno.test("presence data, history and subscribe that are too large fail alone with large", async () => {
  using h = harness({ lobby: false });
  const room = h.client.topic("room:1");
  const long = h.client.topic(`room:${"y".repeat(100)}`);
  handshake(h.net.last, { limits: { ...limits, messageBytes: 100 } });
  const error = await assertRejects(
    () => room.presence.set("x".repeat(100)),
    DrumbeatError,
  );
  assertEquals(error.code, "large");
  const read = await assertRejects(() => long.history(), DrumbeatError);
  assertEquals(read.code, "large");
  const late = h.client.topic(`room:${"z".repeat(100)}`);
  const refused = await assertRejects(() => late.subscribed(), DrumbeatError);
  assertEquals([refused.code, late.state], ["large", "refused"]);
  assertEquals(h.net.last.take(), []);
  assertEquals([h.client.state, room.state], ["open", "subscribed"]);
});

for (const size of [70_000, 1_200_000]) {
  Deno.test(`a request of ${size} bytes fails alone, and everything behind it is sent`, async () => {
    await using server = serve({ port: 0, page: false });
    server.hub.handle("length", (data) => String(data).length);
    await using client = connect(`ws://127.0.0.1:${server.addr.port}/ws`);
    await client.opened();
    const error = await assertRejects(
      () => client.request("length", "x".repeat(size)),
      DrumbeatError,
    );
    assertEquals(error.code, "large");
    assertEquals(await client.request("length", "small"), 5);
    assertEquals(await client.topic("room").publish({ type: "chat" }), 0);
    assertEquals(client.lastClose, undefined);
  });
}

Deno.test("60 topics resume although the hello with all of them would be larger than messageBytes", async () => {
  await using server = serve({
    port: 0,
    page: false,
    limits: { messageBytes: 4_096 },
  });
  await using client = connect(`ws://127.0.0.1:${server.addr.port}/ws`, {
    lobby: false,
  });
  const topics = Array.from(
    { length: 60 },
    () => client.topic("room:" + crypto.randomUUID()),
  );
  await Promise.all(topics.map((topic) => topic.subscribed()));
  client.reconnect();
  await client.opened();
  await Promise.all(topics.map((topic) => topic.subscribed()));
  assertEquals(client.resumed, true);
});

Deno.test("a token that is larger than messageBytes is accepted in a hello and in a renewal", async () => {
  const lengths: number[] = [];
  await using server = serve({
    port: 0,
    page: false,
    limits: { messageBytes: 1_024 },
    authorize: ({ token }) => {
      lengths.push(token!.length);
      return { user: "ada", expiresAt: Date.now() + 1_000 };
    },
  });
  let length = 1_500;
  await using client = connect(`ws://127.0.0.1:${server.addr.port}/ws`, {
    token: () => "t".repeat(length),
  });
  await client.opened();
  length = 5_000;
  const renewed = Promise.withResolvers<void>();
  client.addEventListener("frame", ({ direction, data }) => {
    if (direction === "in" && String(data).includes("expiresMs")) {
      renewed.resolve();
    }
  });
  await renewed.promise;
  assertEquals(lengths.slice(0, 2), [1_500, 5_000]);
  assertEquals(client.lastClose, undefined);
});
