import type { ClientFrame, ServerFrame } from "./frames.ts";

/** Returns the cause why a value is wrong, or `undefined`. */
type Check = (value: unknown) => string | undefined;
/** A JSON object. */
export type Fields = Readonly<Record<string, unknown>>;
/** The check of the fields of one frame type. @returns the cause why the frame is wrong, or `undefined`. */
export type Shape = (
  frame: Fields,
  payload: Uint8Array | undefined,
) => string | undefined;

/** Returns `true` for a JSON object. */
export function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Returns true for an integer from 0 to 2^53 - 1, the range in which a double is exact.
 *
 * @param value any value.
 * @returns true if the value is such an integer.
 * @example
 * ```ts
 * import { assert, assertFalse } from "@std/assert";
 * import { isCount } from "./frame_checks.ts";
 *
 * assert(isCount(0));
 * assertFalse(isCount(2 ** 53));
 * ```
 */
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
      // An inherited property, such as `constructor`, must not count as a field.
      const problem = check(
        Object.hasOwn(frame, name) ? frame[name] : undefined,
      );
      if (problem !== undefined) return `'${name}' ${problem}`;
    }
    return undefined;
  };
}

/**
 * Checks the requested start of a subscription: `last` alone, `epoch` and `offset` together, or none of them.
 *
 * @param start a value of hello's `topics`, or a subscribe frame.
 * @returns the cause why it is rejected, as a sentence, or `undefined`.
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { startProblem } from "./frame_checks.ts";
 *
 * assertEquals(startProblem({ last: 10 }), undefined);
 * assertEquals(startProblem({ offset: 10 }), "'epoch' and 'offset' must be given together");
 * ```
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
    return "'epoch' and 'offset' must be given together";
  }
  if (last !== undefined && epoch !== undefined) {
    return "'last' must not be combined with 'epoch' and 'offset'";
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

export const clientShapes: ReadonlyMap<string, Shape> = new Map<
  ClientFrame["type"],
  Shape
>([
  // The hub checks each topic's start alone: a wrong one must reject that topic, not the hello.
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
      : "A binary publish must not have a 'message'";
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

export const serverShapes: ReadonlyMap<string, Shape> = new Map<
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
      : "A binary batch must have exactly one record";
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
  [
    "reply",
    fields({ id: count, part: optional(string), more: optional(boolean) }),
  ],
  [
    "presence",
    fields({
      topic: string,
      snapshot: optional(boolean),
      part: optional(count),
      more: optional(boolean),
      join: optional(list),
      leave: optional(list),
      count: optional(count),
    }),
  ],
  ["error", fields({ id: optional(count), code: string, message: string })],
  ["goaway", fields({ afterMs: count })],
]);
