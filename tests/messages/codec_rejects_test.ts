import { assert, assertEquals } from "@std/assert";
import {
  decodeClientFrame,
  decodeServerFrame,
  encodeBinary,
  isCount,
  parseObject,
  startProblem,
} from "../../messages.ts";

/** Texts without a JSON object that has a string `type`. */
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
  Deno.test(`rejects ${JSON.stringify(text)} as malformed`, () => {
    const decoded = decodeClientFrame(text);
    assert(!decoded.ok);
    assertEquals([decoded.code, decoded.id], ["malformed", undefined]);
    assertEquals(parseObject(text).ok, false);
  });
}

/** Bytes without the header of a binary frame. */
const NO_HEADER: readonly (readonly [string, Uint8Array<ArrayBuffer>])[] = [
  ["no bytes", new Uint8Array(0)],
  ["three bytes", new Uint8Array(3)],
  ["a header that is longer than the frame", Uint8Array.of(0, 0, 0, 2, 123)],
  ["the longest length there is", Uint8Array.of(255, 255, 255, 255)],
  ["a header with invalid UTF-8", Uint8Array.of(0, 0, 0, 1, 255)],
  ["a header with invalid JSON", Uint8Array.of(0, 0, 0, 1, 123)],
  ["an empty header", new Uint8Array(4)],
];

for (const [name, data] of NO_HEADER) {
  Deno.test(`rejects ${name} as malformed`, () => {
    for (const decode of [decodeClientFrame, decodeServerFrame]) {
      const decoded = decode(data);
      assert(!decoded.ok);
      assertEquals(decoded.code, "malformed");
    }
  });
}

/** Frames of a server with a missing or a wrong field. */
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
  Deno.test(`a client rejects ${JSON.stringify(frame)}`, () => {
    const decoded = decodeServerFrame(JSON.stringify(frame));
    assert(!decoded.ok);
    assertEquals(decoded.code, "invalid");
  });
}

Deno.test("rejects a binary batch that does not have exactly one record", () => {
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

Deno.test("rejects frames of the other direction as unsupported, with their id", () => {
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

Deno.test("accepts a start with last alone, with epoch and offset together, or with none of them", () => {
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

Deno.test("accepts counts from 0 to 2^53 - 1", () => {
  for (const count of [0, 1, 2 ** 53 - 1]) assert(isCount(count));
  for (
    const other of [-1, 0.5, 2 ** 53, NaN, Infinity, "1", null, undefined, {}]
  ) assert(!isCount(other));
});
