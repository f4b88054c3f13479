import { nestingProblem } from "./nesting.ts";
import type { ClientFrame, ErrorCode, Frame, ServerFrame } from "./wire.ts";

/** What {@linkcode decodeClientFrame} and {@linkcode decodeServerFrame} return: never an exception, for any bytes. */
export type Decoded<F> =
  | {
    readonly ok: true;
    readonly frame: F;
    readonly payload?: Uint8Array<ArrayBuffer>;
  }
  | {
    readonly ok: false;
    /** `malformed`: not the protocol at all. `unknown`: a type of another version. `invalid`: a wrong field. */
    readonly code: Extract<ErrorCode, "malformed" | "invalid" | "unsupported">;
    readonly message: string;
    /** The id of the refused frame, where it had one. */
    readonly id?: number;
  };

/** The outcome of {@linkcode parseObject}. */
export type ParsedObject =
  | {
    readonly ok: true;
    readonly value: { readonly type: string; readonly [key: string]: unknown };
  }
  | { readonly ok: false; readonly message: string };

/** A binary frame starts with the length of its JSON header, 4 bytes big-endian. */
const HEADER_LENGTH_BYTES = 4;

const utf8 = new TextEncoder();
const strictUtf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Encodes a frame as the text of a WebSocket frame.
 *
 * @param frame any frame of drumbeat.v1. Its keys keep their order; `type` must be the first.
 * @returns JSON text.
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { encode } from "./codec.ts";
 *
 * assertEquals(encode({ type: "ack", frames: 40 }), '{"type":"ack","frames":40}');
 * ```
 */
export function encode(frame: Frame): string {
  return JSON.stringify(frame);
}

/**
 * Encodes a `publish`, or a `batch` of one, with a binary payload: a 4-byte big-endian length, that many bytes of JSON,
 * then the payload.
 *
 * @param header the frame without `message`, as an object or as ready JSON text.
 * @param payload the bytes to carry.
 * @returns the bytes of a binary WebSocket frame.
 */
export function encodeBinary(
  header: Frame | string,
  payload: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const json = utf8.encode(
    typeof header === "string" ? header : encode(header),
  );
  const bytes = new Uint8Array(
    HEADER_LENGTH_BYTES + json.length + payload.length,
  );
  new DataView(bytes.buffer).setUint32(0, json.length);
  bytes.set(json, HEADER_LENGTH_BYTES);
  bytes.set(payload, HEADER_LENGTH_BYTES + json.length);
  return bytes;
}

/**
 * Parses text that must be one JSON object with a string `type`.
 *
 * @param text any text.
 * @returns the object, or what is wrong with it. Never throws.
 */
export function parseObject(text: string): ParsedObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, message: "Not JSON" };
  }
  if (!isObject(value)) return { ok: false, message: "Not a JSON object" };
  if (typeof value.type !== "string") {
    return { ok: false, message: "No string 'type'" };
  }
  return { ok: true, value: value as { type: string } };
}

/**
 * Decodes what a client sent.
 *
 * @param data the data of a WebSocket message.
 * @param maxDepth how deep arrays and objects may stand inside one another, the frame itself included. Default: any depth.
 * @returns the frame, with its payload where it was binary, or why it is refused. Never throws.
 */
export function decodeClientFrame(
  data: string | Uint8Array<ArrayBuffer>,
  maxDepth: number = Infinity,
): Decoded<ClientFrame> {
  return decodeAs<ClientFrame>(data, clientShapes, maxDepth);
}

/**
 * Decodes what a server sent. The records of a batch are checked one by one by whoever reads them.
 *
 * @param data the data of a WebSocket message.
 * @returns the frame, with its payload where it was binary, or why it is refused. Never throws.
 */
export function decodeServerFrame(
  data: string | Uint8Array<ArrayBuffer>,
): Decoded<ServerFrame> {
  return decodeAs<ServerFrame>(data, serverShapes);
}

/** A check answers with what is wrong, or nothing. */
type Check = (value: unknown) => string | undefined;
type Fields = Readonly<Record<string, unknown>>;
type Shape = (
  frame: Fields,
  payload: Uint8Array | undefined,
) => string | undefined;

/** A frame's id, where no array and no object stands before it. */
const ID_BEFORE_ANY_DEPTH = /^\{[^{[]*?"id":(\d+)/;

function decodeAs<F extends Frame>(
  data: string | Uint8Array<ArrayBuffer>,
  shapes: ReadonlyMap<string, Shape>,
  maxDepth = Infinity,
): Decoded<F> {
  let text: string;
  let payload: Uint8Array<ArrayBuffer> | undefined;
  if (typeof data === "string") text = data;
  else {
    const split = splitBinary(data);
    if (split === undefined) {
      return {
        ok: false,
        code: "malformed",
        message: "Not a binary frame with a JSON header",
      };
    }
    ({ text, payload } = split);
  }
  // Before it is parsed: that is where 30,000 brackets cost milliseconds.
  const tooDeep = nestingProblem(text, maxDepth);
  if (tooDeep !== undefined) {
    const id = Number(ID_BEFORE_ANY_DEPTH.exec(text)?.[1]);
    const refusal = { ok: false, code: "invalid", message: tooDeep } as const;
    return isCount(id) ? { ...refusal, id } : refusal;
  }
  const parsed = parseObject(text);
  if (!parsed.ok) {
    return { ok: false, code: "malformed", message: parsed.message };
  }
  const frame: Fields = parsed.value;
  const shape = shapes.get(parsed.value.type);
  let problem: string | undefined;
  let code: "invalid" | "unsupported" = "invalid";
  if (shape === undefined) {
    code = "unsupported";
    problem = "Unknown frame type";
  } else if (
    payload !== undefined && frame.type !== "publish" && frame.type !== "batch"
  ) {
    problem = `A '${frame.type}' frame is text`;
  } else problem = shape(frame, payload);
  if (problem !== undefined) {
    return {
      ok: false,
      code,
      message: problem,
      ...(isCount(frame.id) ? { id: frame.id } : {}),
    };
  }
  const decoded = frame as unknown as F;
  return payload === undefined
    ? { ok: true, frame: decoded }
    : { ok: true, frame: decoded, payload };
}

function splitBinary(
  bytes: Uint8Array<ArrayBuffer>,
): { text: string; payload: Uint8Array<ArrayBuffer> } | undefined {
  if (bytes.length < HEADER_LENGTH_BYTES) return undefined;
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  const end = HEADER_LENGTH_BYTES + length;
  if (end > bytes.length) return undefined;
  try {
    return {
      text: strictUtf8.decode(bytes.subarray(HEADER_LENGTH_BYTES, end)),
      payload: bytes.subarray(end),
    };
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a value is a non-negative integer that a double holds exactly. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

const count: Check = (value) =>
  isCount(value) ? undefined : "must be a non-negative integer";
const number: Check = (value) =>
  Number.isFinite(value) ? undefined : "must be a finite number";
const string: Check = (value) =>
  typeof value === "string" ? undefined : "must be a string";
const boolean: Check = (value) =>
  typeof value === "boolean" ? undefined : "must be true or false";
const object: Check = (value) =>
  isObject(value) ? undefined : "must be an object";
const list: Check = (value) =>
  Array.isArray(value) ? undefined : "must be an array";
const optional = (check: Check): Check => (value) =>
  value === undefined ? undefined : check(value);

function fields(checks: Readonly<Record<string, Check>>): Shape {
  const entries = Object.entries(checks);
  return (frame) => {
    for (const [name, check] of entries) {
      // Own keys only: nothing that a frame inherits counts as sent.
      const problem = check(
        Object.hasOwn(frame, name) ? frame[name] : undefined,
      );
      if (problem !== undefined) return `'${name}' ${problem}`;
    }
    return undefined;
  };
}

/**
 * What is wrong with a place to start: `last` alone, or `epoch` and `offset` together, or none of them.
 *
 * @param start a value of hello's `topics`, or a subscribe frame.
 * @returns a sentence, or `undefined`.
 */
export function startProblem(start: unknown): string | undefined {
  if (!isObject(start)) return "A topic's start must be an object";
  const { last, epoch, offset, presence } = start;
  if (last !== undefined && !isCount(last)) {
    return "'last' must be a non-negative integer";
  }
  if (epoch !== undefined && typeof epoch !== "string") {
    return "'epoch' must be a string";
  }
  if (offset !== undefined && !isCount(offset)) {
    return "'offset' must be a non-negative integer";
  }
  if ((epoch === undefined) !== (offset === undefined)) {
    return "'epoch' and 'offset' go together";
  }
  if (last !== undefined && epoch !== undefined) {
    return "'last' does not go with 'epoch' and 'offset'";
  }
  if (presence !== undefined && typeof presence !== "boolean") {
    return "'presence' must be true or false";
  }
  return undefined;
}

const topicFields = fields({ id: count, topic: string });
const batchFields = fields({
  topic: string,
  offset: count,
  messages: list,
  next: optional(count),
});
const pingPong = fields({ time: optional(number), frames: optional(count) });

const clientShapes: ReadonlyMap<string, Shape> = new Map<
  ClientFrame["type"],
  Shape
>([
  // A topic's start is checked by itself: one that is wrong refuses that topic, not the hello.
  [
    "hello",
    fields({
      topics: optional(object),
      session: optional(string),
      token: optional(string),
    }),
  ],
  ["ping", pingPong],
  ["pong", pingPong],
  ["ack", fields({ frames: count })],
  ["publish", (frame, payload) => {
    const problem = topicFields(frame, payload);
    if (problem !== undefined) return problem;
    if (payload === undefined) {
      return object(frame.message) === undefined
        ? undefined
        : "'message' must be an object";
    }
    return frame.message === undefined
      ? undefined
      : "A binary frame has no 'message'";
  }],
  [
    "subscribe",
    (frame, payload) => topicFields(frame, payload) ?? startProblem(frame),
  ],
  ["unsubscribe", topicFields],
  ["presence", topicFields],
  ["renew", fields({ id: count, token: string })],
  ["request", fields({ id: count, method: string })],
  ["history", fields({ id: count, topic: string, from: count, limit: count })],
]);

const serverShapes: ReadonlyMap<string, Shape> = new Map<
  ServerFrame["type"],
  Shape
>([
  [
    "start",
    fields({
      time: number,
      peer: string,
      session: string,
      resumed: boolean,
      heartbeat: object,
      limits: object,
      topics: object,
      expiresMs: optional(number),
    }),
  ],
  ["ping", pingPong],
  ["pong", pingPong],
  [
    "ack",
    fields({ id: count, offset: optional(count), expiresMs: optional(number) }),
  ],
  ["batch", (frame, payload) => {
    const problem = batchFields(frame, payload);
    if (problem !== undefined) return problem;
    if (payload === undefined) return undefined;
    return (frame.messages as unknown[]).length === 1
      ? undefined
      : "A binary batch has one record";
  }],
  ["gap", fields({ topic: string, from: count, to: count })],
  [
    "subscribed",
    fields({
      id: optional(count),
      topic: string,
      epoch: string,
      offset: count,
      recovered: boolean,
      head: count,
    }),
  ],
  ["unsubscribed", fields({ topic: string, code: string })],
  ["reply", fields({ id: count })],
  [
    "presence",
    fields({
      topic: string,
      snapshot: optional(boolean),
      join: optional(list),
      leave: optional(list),
      count: optional(count),
    }),
  ],
  ["error", fields({ id: optional(count), code: string, message: string })],
  ["goaway", fields({ afterMs: count })],
]);
