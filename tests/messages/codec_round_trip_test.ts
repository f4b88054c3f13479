import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  type ClientFrame,
  decodeClientFrame,
  decodeServerFrame,
  encode,
  encodeBinary,
  type ServerFrame,
} from "../../messages.ts";

const bytes = fc.uint8Array({ maxLength: 200 }).map((bytes) =>
  new Uint8Array(bytes)
);
const count = fc.nat();
const name = fc.string({ unit: "grapheme" });
const object = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 1 }));
/** Returns a frame as JSON carries it: without `-0`, and with `__proto__` as an own property. */
const clean = <T>(frame: T): T => JSON.parse(JSON.stringify(frame));
const start = fc.oneof(
  fc.constant({}),
  fc.record({ last: count }),
  fc.record({ epoch: name, offset: count }),
  fc.record({ last: count, presence: fc.boolean() }),
);

const clientFrame: fc.Arbitrary<ClientFrame> = fc.oneof(
  fc.record({
    type: fc.constant("hello" as const),
    topics: fc.dictionary(name, start),
    session: name,
    token: name,
  }, { requiredKeys: ["type"] }),
  fc.record({
    type: fc.constantFrom("ping" as const, "pong" as const),
    time: count,
    frames: count,
  }, { requiredKeys: ["type"] }),
  fc.record({
    type: fc.constant("publish" as const),
    id: count,
    topic: name,
    message: object,
  }),
  fc.record({ type: fc.constant("ack" as const), frames: count }),
  fc.tuple(
    fc.record({
      type: fc.constant("subscribe" as const),
      id: count,
      topic: name,
    }),
    start,
  ).map(([frame, start]) => ({ ...frame, ...start })),
  fc.record({
    type: fc.constant("unsubscribe" as const),
    id: count,
    topic: name,
  }),
  fc.record({
    type: fc.constant("renew" as const),
    id: count,
    token: name,
  }),
  fc.record({
    type: fc.constant("request" as const),
    id: count,
    method: name,
    data: fc.jsonValue(),
  }),
  fc.record({
    type: fc.constant("presence" as const),
    id: count,
    topic: name,
    data: fc.jsonValue(),
  }),
  fc.record({
    type: fc.constant("history" as const),
    id: count,
    topic: name,
    from: count,
    limit: count,
  }),
);

const place = {
  epoch: name,
  offset: count,
  recovered: fc.boolean(),
  head: count,
};
const record = fc.record({ from: name, at: count, message: object });

const serverFrame: fc.Arbitrary<ServerFrame> = fc.oneof(
  fc.record({
    type: fc.constant("start" as const),
    time: count,
    peer: name,
    session: name,
    resumed: fc.boolean(),
    heartbeat: fc.record({ intervalMs: count, timeoutMs: count }),
    limits: fc.record({
      messageBytes: count,
      windowBytes: count,
      inflight: count,
      messagesPerSecond: count,
      bytesPerSecond: count,
      topicsPerPeer: count,
    }),
    topics: fc.dictionary(
      name,
      fc.oneof(
        fc.record(place),
        fc.record({ error: fc.constant("forbidden" as const) }),
      ),
    ),
  }),
  fc.record({ type: fc.constant("ping" as const), time: count }),
  fc.record({ type: fc.constant("pong" as const), time: count }, {
    requiredKeys: ["type"],
  }),
  fc.record({
    type: fc.constant("ack" as const),
    id: count,
    offset: count,
    expiresMs: count,
  }, { requiredKeys: ["type", "id"] }),
  fc.record({
    type: fc.constant("unsubscribed" as const),
    topic: name,
    code: fc.constant("forbidden" as const),
  }),
  fc.record({
    type: fc.constant("batch" as const),
    topic: name,
    offset: count,
    messages: fc.array(record, { minLength: 1 }),
  }),
  fc.record({
    type: fc.constant("gap" as const),
    topic: name,
    from: count,
    to: count,
  }),
  fc.record({
    type: fc.constant("subscribed" as const),
    id: count,
    topic: name,
    ...place,
  }),
  fc.record({
    type: fc.constant("reply" as const),
    id: count,
    data: fc.jsonValue(),
  }),
  fc.record({
    type: fc.constant("error" as const),
    id: count,
    code: fc.constant("invalid" as const),
    message: name,
  }, { requiredKeys: ["type", "code", "message"] }),
  fc.record({ type: fc.constant("goaway" as const), afterMs: count }),
);

Deno.test("a server decodes each frame of a client to an equal frame", () => {
  fc.assert(
    fc.property(clientFrame, (frame) => {
      assertEquals(decodeClientFrame(encode(frame)), {
        ok: true,
        frame: clean(frame),
      });
    }),
    { numRuns: 500 },
  );
});

Deno.test("a client decodes each frame of a server to an equal frame", () => {
  fc.assert(
    fc.property(serverFrame, (frame) => {
      assertEquals(decodeServerFrame(encode(frame)), {
        ok: true,
        frame: clean(frame),
      });
    }),
    { numRuns: 500 },
  );
});

Deno.test("decodes a binary publish and a binary batch with their payload", () => {
  fc.assert(
    fc.property(count, name, bytes, (id, topic, payload) => {
      const publish = { type: "publish", id, topic } as const;
      assertEquals(decodeClientFrame(encodeBinary(publish, payload)), {
        ok: true,
        frame: publish,
        payload,
      });
      const batch = {
        type: "batch",
        topic,
        offset: id,
        messages: [{ from: "a", at: 1 }],
      } as const;
      assertEquals(decodeServerFrame(encodeBinary(batch, payload)), {
        ok: true,
        frame: batch,
        payload,
      });
      assertEquals(
        encodeBinary(encode(batch), payload),
        encodeBinary(batch, payload),
      );
    }),
  );
});

Deno.test("decodes a binary frame within a larger buffer", () => {
  const frame = encodeBinary(
    '{"type":"publish","id":1,"topic":"a"}',
    Uint8Array.of(7, 8),
  );
  const larger = new Uint8Array(frame.length + 20);
  larger.set(frame, 10);
  const decoded = decodeClientFrame(larger.subarray(10, 10 + frame.length));
  assert(decoded.ok);
  assertEquals(decoded.payload, Uint8Array.of(7, 8));
});
