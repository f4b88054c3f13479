import { assertEquals } from "@std/assert";
import * as v from "valibot";
import { connect } from "../../client.ts";
import { defineMessages } from "../../messages.ts";
import { serve } from "../../server.ts";

const double = v.pipe(v.number(), v.transform((n) => n * 2));
const cents = v.pipe(v.string(), v.transform(Number));
const contract = defineMessages({
  twice: v.object({ n: double }),
  price: v.object({ cents, currency: v.optional(v.string(), "EUR") }),
  chat: v.object({ text: v.string() }),
}, {
  presence: v.object({ n: double }),
  requests: {
    twice: { data: v.object({ n: double }), reply: cents },
    state: { data: v.undefined() as never },
  },
});

Deno.test("a validator transforms once, at the hub: every reader gets what is stored", async () => {
  await using server = serve({ port: 0, page: false, contract });
  const url = `ws://127.0.0.1:${server.addr.port}/ws`;
  await using client = connect(url, { contract });
  await using other = connect(url);
  const seen: [string, unknown][] = [];
  const all = Promise.withResolvers<void>();
  const add = (reader: string) => (message: unknown) => {
    if (seen.push([reader, message]) === 6) all.resolve();
  };
  server.hub.topic("room").on("twice", add("hub"));
  server.hub.topic("room").on("price", add("hub"));
  const room = client.topic("room");
  room.on("twice", add("client"));
  room.on("price", add("client"));
  const raw = other.topic("room");
  raw.onAny(add("raw"));
  await Promise.all([room.subscribed(), raw.subscribed()]);
  await room.publish({ type: "twice", n: 1 });
  await room.publish({ type: "price", cents: "120" });
  await all.promise;
  const twice = { type: "twice", n: 2 };
  const price = { type: "price", cents: 120, currency: "EUR" };
  for (const reader of ["hub", "client", "raw"]) {
    assertEquals(
      seen.filter(([name]) => name === reader).map(([, message]) => message),
      [twice, price],
    );
  }
  for (
    const { records } of [
      await room.history(),
      await server.hub.topic("room").history(),
    ]
  ) {
    const messages: unknown[] = records.map((record) =>
      record.kind === "record" && record.message
    );
    assertEquals(messages, [twice, price]);
  }
});

Deno.test("a record of an earlier contract: a schema passes it on as it is stored, a type guard refuses it", async () => {
  await using server = serve({ port: 0, page: false });
  const isPrice = (value: unknown): value is { cents: number } =>
    typeof (value as { cents?: unknown }).cents === "number";
  const contract = defineMessages({
    schema: v.object({ cents: v.number() }),
    guard: isPrice,
  });
  const url = `ws://127.0.0.1:${server.addr.port}/ws`;
  await using client = connect(url, { contract });
  const invalid: unknown[] = [];
  client.addEventListener(
    "invalid",
    ({ message }) => invalid.push(message),
  );
  const room = client.topic("room");
  const arrived = new Promise((resolve) => room.on("schema", resolve));
  await room.subscribed();
  const stored = server.hub.topic("room");
  await stored.publish({ type: "guard", price: 1 });
  await stored.publish({ type: "schema", price: 1 });
  assertEquals(await arrived, { type: "schema", price: 1 });
  assertEquals(invalid, [{ type: "guard", price: 1 }]);
});

Deno.test("a reply and its request are transformed once, and so is presence data", async () => {
  await using server = serve({ port: 0, page: false, contract });
  server.hub.handle("twice", ({ n }) => String(n));
  const url = `ws://127.0.0.1:${server.addr.port}/ws`;
  await using client = connect(url, { contract });
  const room = client.topic("room");
  const joined = new Promise<unknown>((resolve) =>
    room.presence.on(({ join }) => resolve(join[0]?.data))
  );
  assertEquals(await client.request("twice", { n: 4 }), 8);
  await room.presence.set({ n: 5 });
  assertEquals(await joined, { n: 10 });
});

/** The compiler runs this: publishing takes the schema's input type, and handlers receive its output type. */
export function types(): void {
  const client = connect("ws://hub.test", { contract });
  const room = client.topic("room");
  void room.publish({ type: "price", cents: "120" });
  void client.publish("room", { type: "price", cents: "120", currency: "CHF" });
  // @ts-expect-error: a price takes text
  void room.publish({ type: "price", cents: 120 });
  // @ts-expect-error: the contract does not name this type
  void room.publish({ type: "dance" });
  room.on("price", (message) => {
    message.cents satisfies number;
    message.currency satisfies string;
  });
  void room.presence.set({ n: 1 });
  const { hub } = serve({ contract });
  void hub.broadcast({ type: "price", cents: "120" });
  // @ts-expect-error: a price takes text
  void hub.topic("room").publish({ type: "price", cents: 120 });
  hub.handle("twice", ({ n }) => {
    n satisfies number;
    return "120";
  });
  // @ts-expect-error: the reply takes text
  hub.handle("twice", () => 120);
  void client.request("twice", { n: 1 }).then((reply) =>
    reply satisfies number
  );
}

/** The compiler runs this: literals, unions and tuples of a reply need no `as const`. */
export function replies(): void {
  const replying = defineMessages({}, {
    requests: {
      status: {
        data: v.unknown(),
        reply: v.object({ status: v.picklist(["ok", "no"]) }),
      },
      result: {
        data: v.unknown(),
        reply: v.union([
          v.object({ ok: v.literal(true), value: v.number() }),
          v.object({ ok: v.literal(false), error: v.string() }),
        ]),
      },
      pair: { data: v.unknown(), reply: v.tuple([v.string(), v.number()]) },
    },
  });
  const { hub } = serve({ contract: replying });
  hub.handle("status", () => ({ status: "ok" }));
  hub.handle("status", async () => {
    await Promise.resolve();
    return { status: "no" };
  });
  hub.handle("result", () => ({ ok: true, value: 1 }));
  hub.handle(
    "result",
    (data) =>
      data === null ? { ok: false, error: "none" } : { ok: true, value: 1 },
  );
  hub.handle("pair", () => ["a", 1]);
  // @ts-expect-error: "maybe" is not a status
  hub.handle("status", () => ({ status: "maybe" }));
}
