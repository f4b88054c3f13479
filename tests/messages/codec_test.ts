import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  type ClientFrame,
  decodeClientFrame,
  decodeServerFrame,
  encode,
  encodeBinary,
  isCount,
  parseObject,
  type ServerFrame,
  startProblem,
} from "../../messages.ts";

const CODES = ["malformed", "invalid", "unsupported"];

type Data = string | Uint8Array<ArrayBuffer>;

/** Decoding in either direction answers, whatever it is given. */
function answers(data: Data): void {
  for (const decode of [decodeClientFrame, decodeServerFrame]) {
    const decoded = decode(data);
    if (decoded.ok) {
      assertEquals(typeof decoded.frame.type, "string");
      assertEquals(decoded.payload !== undefined, typeof data !== "string");
    } else {
      assert(CODES.includes(decoded.code));
      assert(decoded.message.length > 0);
      assert(decoded.id === undefined || isCount(decoded.id));
    }
  }
}

const bytes = fc.uint8Array({ maxLength: 200 }).map((bytes) =>
  new Uint8Array(bytes)
);

Deno.test("decoding any text answers and never throws", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), answers));
});

Deno.test("decoding any bytes answers and never throws", () => {
  fc.assert(fc.property(bytes, answers));
});

Deno.test("decoding any JSON answers and never throws", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => answers(JSON.stringify(value))),
  );
});

const TYPES = [
  "hello",
  "start",
  "ping",
  "pong",
  "publish",
  "ack",
  "batch",
  "gap",
  "subscribe",
  "subscribed",
  "unsubscribe",
  "unsubscribed",
  "renew",
  "request",
  "reply",
  "presence",
  "history",
  "error",
  "goaway",
  "__proto__",
  "toString",
  "dance",
];
const FIELDS = [
  "id",
  "topic",
  "message",
  "frames",
  "time",
  "topics",
  "session",
  "token",
  "expires",
  "last",
  "epoch",
  "offset",
  "from",
  "to",
  "messages",
  "code",
  "after",
  "method",
  "data",
  "head",
  "recovered",
  "presence",
  "join",
  "leave",
  "count",
  "limit",
  "__proto__",
];
const value = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom(0, 1, -1, 0.5, 1e300, 2 ** 53, true, "lobby", {}, [], null),
);
/** Objects that look like frames: a known type, known keys, any values. */
const frameLike = fc.tuple(
  fc.constantFrom(...TYPES),
  fc.uniqueArray(fc.tuple(fc.constantFrom(...FIELDS), value), {
    maxLength: 8,
    selector: ([name]) => name,
  }),
).map(([type, fields]) =>
  `{"type":${JSON.stringify(type)}${
    fields.map(([name, value]) => `,"${name}":${JSON.stringify(value)}`).join(
      "",
    )
  }}`
);

Deno.test("decoding what looks like a frame answers and never throws, as text and as bytes", () => {
  fc.assert(
    fc.property(frameLike, bytes, (text, payload) => {
      answers(text);
      answers(encodeBinary(text, payload));
    }),
    { numRuns: 1_000 },
  );
});

Deno.test("decoding pollutes no prototype", () => {
  answers(
    '{"type":"hello","__proto__":{"polluted":1},"topics":{"__proto__":{"polluted":1}}}',
  );
  assertEquals(({} as { polluted?: number }).polluted, undefined);
});

Deno.test("a field that is only inherited was not sent", () => {
  // JSON.parse makes an own key of it, so nothing is inherited in the first place.
  const decoded = decodeClientFrame('{"type":"ack","__proto__":{"frames":1}}');
  assert(!decoded.ok && decoded.code === "invalid");
});

const count = fc.nat();
const name = fc.string({ unit: "grapheme" });
const object = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 1 }));
/** What JSON text brings back of it: no `-0`, no `__proto__` that was a prototype. */
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

Deno.test("what a client encodes a server decodes to the same", () => {
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

Deno.test("what a server encodes a client decodes to the same", () => {
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

Deno.test("a binary publish, and a binary batch, come back with their payload", () => {
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

Deno.test("a binary frame within a larger buffer is decoded where it lies", () => {
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

/** Text that is no frame at all. */
const MALFORMED = [
  "",
  "{",
  "nonsense",
  "null",
  "5",
  "[]",
  "{}",
  '{"type":5}',
  "\ufeff{}",
  '{"type":"ping"}x',
];

for (const text of MALFORMED) {
  Deno.test(`${JSON.stringify(text)} is malformed`, () => {
    const decoded = decodeClientFrame(text);
    assert(!decoded.ok);
    assertEquals([decoded.code, decoded.id], ["malformed", undefined]);
    assertEquals(parseObject(text).ok, false);
  });
}

/** Bytes that are no binary frame. */
const NO_HEADER: readonly (readonly [string, Uint8Array<ArrayBuffer>])[] = [
  ["no bytes", new Uint8Array(0)],
  ["three bytes", new Uint8Array(3)],
  ["a header that is longer than the frame", Uint8Array.of(0, 0, 0, 2, 123)],
  ["the longest length there is", Uint8Array.of(255, 255, 255, 255)],
  ["a header that is no UTF-8", Uint8Array.of(0, 0, 0, 1, 255)],
  ["a header that is no JSON", Uint8Array.of(0, 0, 0, 1, 123)],
  ["an empty header", new Uint8Array(4)],
];

for (const [words, data] of NO_HEADER) {
  Deno.test(`${words} is malformed`, () => {
    for (const decode of [decodeClientFrame, decodeServerFrame]) {
      const decoded = decode(data);
      assert(!decoded.ok);
      assertEquals(decoded.code, "malformed");
    }
  });
}

/** Frames of servers that a client refuses. */
const WRONG: readonly object[] = [
  { type: "start" },
  {
    type: "start",
    time: "now",
    peer: "a",
    session: "b",
    resumed: false,
    heartbeat: {},
    limits: {},
    topics: {},
  },
  { type: "ack" },
  { type: "ack", id: 1, offset: -1 },
  { type: "batch", topic: "a", offset: 0, messages: {} },
  { type: "batch", topic: "a", offset: -1, messages: [] },
  { type: "gap", topic: "a", from: 1 },
  {
    type: "subscribed",
    id: 1,
    topic: "a",
    epoch: 5,
    offset: 0,
    recovered: true,
    head: 0,
  },
  { type: "error", code: 5, message: "" },
  { type: "goaway", afterMs: "soon" },
  { type: "reply" },
];

for (const frame of WRONG) {
  Deno.test(`a client refuses ${JSON.stringify(frame)}`, () => {
    const decoded = decodeServerFrame(JSON.stringify(frame));
    assert(!decoded.ok);
    assertEquals(decoded.code, "invalid");
  });
}

Deno.test("a binary batch has one record", () => {
  for (const messages of [[], [{ from: "a", at: 1 }, { from: "a", at: 2 }]]) {
    const header = JSON.stringify({
      type: "batch",
      topic: "a",
      offset: 0,
      messages,
    });
    const decoded = decodeServerFrame(encodeBinary(header, new Uint8Array(1)));
    assert(!decoded.ok);
    assertEquals(decoded.code, "invalid");
  }
});

Deno.test("each direction knows its own frames only", () => {
  const toServer = decodeClientFrame(
    '{"type":"gap","topic":"a","from":0,"to":1,"id":3}',
  );
  assert(!toServer.ok);
  assertEquals([toServer.code, toServer.id], ["unsupported", 3]);
  const toClient = decodeServerFrame(
    '{"type":"publish","id":3,"topic":"a","message":{}}',
  );
  assert(!toClient.ok);
  assertEquals([toClient.code, toClient.id], ["unsupported", 3]);
});

Deno.test("a place to start is last alone, or epoch and offset together, or nothing", () => {
  for (
    const start of [{}, { last: 0 }, { last: 5 }, { epoch: "", offset: 0 }, {
      presence: true,
    }]
  ) {
    assertEquals(startProblem(start), undefined);
  }
  const wrong = [
    null,
    [],
    "x",
    { last: -1 },
    { last: 1.5 },
    { last: "5" },
    { epoch: "a" },
    { offset: 1 },
    { epoch: 1, offset: 1 },
    { epoch: "a", offset: -1 },
    { epoch: "a", offset: 2 ** 53 },
    { last: 1, epoch: "a", offset: 1 },
    { presence: "yes" },
  ];
  for (const start of wrong) {
    assert(startProblem(start) !== undefined, JSON.stringify(start));
  }
});

Deno.test("a count is a whole number from 0 that a double holds exactly", () => {
  for (const count of [0, 1, 2 ** 53 - 1]) assert(isCount(count));
  for (
    const other of [-1, 0.5, 2 ** 53, NaN, Infinity, "1", null, undefined, {}]
  ) assert(!isCount(other));
});
