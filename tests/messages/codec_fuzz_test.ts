import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  decodeClientFrame,
  decodeServerFrame,
  encodeBinary,
  isCount,
} from "../../messages.ts";

const CODES = ["malformed", "invalid", "unsupported"];

type Data = string | Uint8Array<ArrayBuffer>;

/** Decodes data in both directions, and checks the shape of the results. */
function assertDecodes(data: Data): void {
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

Deno.test("never throws for any text", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), assertDecodes));
});

Deno.test("never throws for any bytes", () => {
  fc.assert(fc.property(bytes, assertDecodes));
});

Deno.test("never throws for any JSON", () => {
  fc.assert(
    fc.property(
      fc.jsonValue(),
      (value) => assertDecodes(JSON.stringify(value)),
    ),
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
  "expiresMs",
  "last",
  "epoch",
  "offset",
  "from",
  "to",
  "messages",
  "code",
  "afterMs",
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
/** Objects with a known type, known keys and any values. */
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

Deno.test("never throws for known types and fields with any values, as text and as binary frames", () => {
  fc.assert(
    fc.property(frameLike, bytes, (text, payload) => {
      assertDecodes(text);
      assertDecodes(encodeBinary(text, payload));
    }),
    { numRuns: 1_000 },
  );
});

Deno.test("does not pollute a prototype", () => {
  assertDecodes(
    '{"type":"hello","__proto__":{"polluted":1},"topics":{"__proto__":{"polluted":1}}}',
  );
  assertEquals(({} as { polluted?: number }).polluted, undefined);
});

Deno.test("ignores fields that a frame would inherit", () => {
  // JSON.parse creates an own property `__proto__`, so the frame inherits nothing from it.
  const decoded = decodeClientFrame('{"type":"ack","__proto__":{"frames":1}}');
  assert(!decoded.ok && decoded.code === "invalid");
});
