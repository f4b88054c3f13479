/**
 * Frames that break the protocol, with the answer of docs/protocol.md to each.
 *
 * @module
 */
import { encodeBinary, RESERVED_TYPES } from "../../../messages.ts";

/** The answer to a frame: an error, with the frame's id if it had one, or a close. */
export type Answer =
  | { readonly error: string; readonly id?: number }
  | { readonly close: number };

/** One case. */
export interface Case {
  readonly name: string;
  /** The sender: a plain peer, a drumbeat.v1 peer before its hello, or one after its hello, subscribed to `here`. */
  readonly sender: "plain" | "before hello" | "started";
  readonly data: string | Uint8Array<ArrayBuffer>;
  readonly expected: Answer;
}

const NOT_FRAMES = [
  "",
  " ",
  "{",
  "}",
  "[]",
  "[{}]",
  "null",
  "true",
  "1",
  '"x"',
  "{}",
  '{"type":1}',
  '{"type":null}',
  '{"type":["ping"]}',
  '{"Type":"ping"}',
  '{"type":"ping"',
  '{"type":"ping"} {}',
  '{"__proto__":{"type":"ping"}}',
  "\ufeff{}",
  "\0",
];

/** Values that are wrong for each kind of field. */
const WRONG = {
  count: ["-1", "1.5", '"1"', "null", "true", "[]", "{}", "1e300"],
  text: ["1", "null", "true", "[]", "{}"],
  number: ['"1"', "null", "true", "[]"],
  object: ["1", '"x"', "null", "[]", "true"],
  flag: ["1", '"true"', "null", "{}"],
} as const;

type Kind = keyof typeof WRONG;

/** Each frame of a client: its fields, each with a valid value and its kind. */
const FRAMES: Readonly<
  Record<string, Readonly<Record<string, readonly [string, Kind]>>>
> = {
  publish: {
    id: ["5", "count"],
    topic: ['"room"', "text"],
    message: ['{"type":"chat"}', "object"],
  },
  subscribe: {
    id: ["5", "count"],
    topic: ['"room"', "text"],
    last: ["1", "count"],
    presence: ["true", "flag"],
  },
  unsubscribe: { id: ["5", "count"], topic: ['"here"', "text"] },
  presence: { id: ["5", "count"], topic: ['"here"', "text"] },
  request: { id: ["5", "count"], method: ['"x"', "text"] },
  history: {
    id: ["5", "count"],
    topic: ['"room"', "text"],
    from: ["0", "count"],
    limit: ["1", "count"],
  },
  ack: { frames: ["0", "count"] },
  ping: { time: ["1", "number"], frames: ["0", "count"] },
};

/** Yields each field of each frame with each wrong value. */
function* wrongFields(): Iterable<Case> {
  for (const [type, fields] of Object.entries(FRAMES)) {
    for (const [field, [, kind]] of Object.entries(fields)) {
      for (const value of WRONG[kind]) {
        const others = Object.entries(fields).map(([name, [right]]) =>
          `"${name}":${name === field ? value : right}`
        );
        const hasId = "id" in fields && field !== "id";
        yield {
          name: `${type} with ${field} ${value}`,
          sender: "started",
          data: `{"type":"${type}",${others.join(",")}}`,
          expected: hasId ? { error: "invalid", id: 5 } : { error: "invalid" },
        };
      }
    }
  }
}

function started(
  name: string,
  frame: object | Uint8Array<ArrayBuffer>,
  expected: Answer,
): Case {
  const data = frame instanceof Uint8Array ? frame : JSON.stringify(frame);
  return { name, sender: "started", data, expected };
}

/** The reserved types, which no message may have. */
const RESERVED = [...RESERVED_TYPES];
const TYPES = ["", "1a", "a b", "ü", "-", "a".repeat(65), "__proto__"];

function publishOf(message: unknown, topic = "room") {
  return { type: "publish", id: 5, topic, message };
}

const invalid = { error: "invalid", id: 5 };
const bytes = new Uint8Array([1, 2, 3]);

/** Every case. */
export const MALFORMED: readonly Case[] = [
  ...NOT_FRAMES.map((data): Case => ({
    name: `before hello: ${data}`,
    sender: "before hello",
    data,
    expected: { close: 4500 },
  })),
  ...[
    '{"type":"publish","id":1,"topic":"a","message":{"type":"a"}}',
    '{"type":"ping"}',
    '{"type":"nothing"}',
    '{"type":"hello","topics":[]}',
    '{"type":"hello","topics":"lobby"}',
    '{"type":"hello","topics":null}',
    '{"type":"hello","session":1}',
    '{"type":"hello","session":null}',
    '{"type":"hello","token":{}}',
  ].map((data): Case => ({
    name: `before hello: ${data}`,
    sender: "before hello",
    data,
    expected: { close: 4500 },
  })),
  ...NOT_FRAMES.map((data): Case => ({
    name: `plain: ${data}`,
    sender: "plain",
    data,
    expected: { error: "malformed" },
  })),
  ...RESERVED.filter((type) => type !== "ping").map((type): Case => ({
    name: `plain: the reserved type ${type}`,
    sender: "plain",
    data: JSON.stringify({ type }),
    expected: { error: "invalid" },
  })),
  ...TYPES.map((type): Case => ({
    name: `plain: the type ${type}`,
    sender: "plain",
    data: JSON.stringify({ type }),
    expected: { error: "invalid" },
  })),
  ...wrongFields(),
  ...RESERVED.map((type) =>
    started(
      `publishing the reserved type ${type}`,
      publishOf({ type }),
      invalid,
    )
  ),
  ...TYPES.map((type) =>
    started(`publishing the type ${type}`, publishOf({ type }), invalid)
  ),
  started("publishing without a type", publishOf({}), invalid),
  started(
    "publishing a type that is a number",
    publishOf({ type: 1 }),
    invalid,
  ),
  ...["", "a".repeat(256), "ü".repeat(128), "a\n", "\u0000", "\u007f", "\ud800"]
    .map((topic) =>
      started(
        `a topic named ${JSON.stringify(topic.slice(0, 9))}`,
        publishOf({ type: "chat" }, topic),
        invalid,
      )
    ),
  ...["$hub", "$", "$peer/AAAAAAAAAAAA"].map((topic) =>
    started(
      `the hub's topic ${topic}`,
      { type: "subscribe", id: 5, topic },
      { error: "forbidden", id: 5 },
    )
  ),
  started("an epoch without an offset", {
    type: "subscribe",
    id: 5,
    topic: "room",
    epoch: "e",
  }, invalid),
  started("an offset without an epoch", {
    type: "subscribe",
    id: 5,
    topic: "room",
    offset: 1,
  }, invalid),
  started("last with an epoch", {
    type: "subscribe",
    id: 5,
    topic: "room",
    epoch: "e",
    offset: 1,
    last: 1,
  }, invalid),
  started("a topic twice", { type: "subscribe", id: 5, topic: "here" }, {
    error: "already",
    id: 5,
  }),
  started("a topic without a subscription", {
    type: "unsubscribe",
    id: 5,
    topic: "elsewhere",
  }, { error: "absent", id: 5 }),
  started("presence in a topic without a subscription", {
    type: "presence",
    id: 5,
    topic: "elsewhere",
    data: 1,
  }, { error: "absent", id: 5 }),
  started("a request without a handler", {
    type: "request",
    id: 5,
    method: "toString",
  }, { error: "unsupported", id: 5 }),
  ...["nothing", "start", "batch", "__proto__", "toString"].map((type) =>
    started(`the frame ${type}`, { type, id: 5 }, {
      error: "unsupported",
      id: 5,
    })
  ),
  started("an unknown frame without an id", { type: "x" }, {
    error: "unsupported",
  }),
  started("bytes of another frame", encodeBinary('{"type":"ping"}', bytes), {
    error: "invalid",
  }),
  started(
    "bytes with a message as well",
    encodeBinary(JSON.stringify(publishOf({ type: "chat" })), bytes),
    invalid,
  ),
  ...[
    new Uint8Array(0),
    new Uint8Array([0, 0, 1]),
    new Uint8Array([0, 0, 0, 9, 123]),
    new Uint8Array([255, 255, 255, 255, 123, 125]),
    new Uint8Array([0, 0, 0, 2, 255, 254]),
    new Uint8Array([0, 0, 0, 2, 91, 93]),
  ].map((data, n) =>
    started(`bytes without a header, ${n}`, data, {
      close: 4500,
    })
  ),
  ...NOT_FRAMES.map((data): Case => ({
    name: `after start: ${data}`,
    sender: "started",
    data,
    expected: { close: 4500 },
  })),
  started("a second hello", { type: "hello" }, { close: 4500 }),
  started("more frames than were sent", { type: "ack", frames: 9 }, {
    close: 4500,
  }),
  started("more frames than were sent, in a ping", {
    type: "ping",
    frames: 9,
  }, { close: 4500 }),
];
