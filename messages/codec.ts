import { nestingProblem } from "./nesting.ts";
import { numberProblem } from "./numbers.ts";
import {
  clientShapes,
  type Fields,
  isCount,
  isObject,
  serverShapes,
  type Shape,
} from "./frame_checks.ts";
import type { ClientFrame, Frame, ServerFrame } from "./frames.ts";
import type { ErrorCode } from "./wire.ts";

/**
 * The result of {@linkcode decodeClientFrame} and {@linkcode decodeServerFrame}, which never throw.
 *
 * @typeParam F the frames of one direction.
 */
export type Decoded<F> =
  | {
    readonly ok: true;
    readonly frame: F;
    /** The payload of a binary frame: a view of the decoded bytes. */
    readonly payload?: Uint8Array<ArrayBuffer>;
  }
  | {
    readonly ok: false;
    /** `malformed`: not a JSON object with a type. `unsupported`: an unknown frame type. `invalid`: a wrong field. */
    readonly code: Extract<ErrorCode, "malformed" | "invalid" | "unsupported">;
    /** The cause, for people. */
    readonly message: string;
    /** The id of the rejected frame, if it had a valid one. */
    readonly id?: number;
  };

/** The result of {@linkcode parseObject}. */
export type ParsedObject =
  | {
    readonly ok: true;
    readonly value: { readonly type: string; readonly [key: string]: unknown };
  }
  | { readonly ok: false; readonly message: string };

/** A binary frame starts with the length of its JSON header: 4 bytes, big-endian. */
const HEADER_LENGTH_BYTES = 4;

const utf8 = new TextEncoder();
const strictUtf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Encodes a frame as the text of a WebSocket frame.
 *
 * @param frame any frame of drumbeat.v1. Its keys keep their order, and `type` must be the first.
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
 * Encodes a `publish`, or a `batch` of one record, with a binary payload: a 4-byte big-endian length, that many bytes of
 * JSON, then the payload.
 *
 * @param header the frame without `message`, as an object or as JSON text.
 * @param payload the payload; it is copied.
 * @returns the bytes of a binary WebSocket frame.
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { decodeClientFrame, encodeBinary } from "./codec.ts";
 *
 * const header = { type: "publish", id: 1, topic: "lobby" } as const;
 * const payload = new Uint8Array([1, 2]);
 * const decoded = decodeClientFrame(encodeBinary(header, payload));
 * assertEquals(decoded, { ok: true, frame: header, payload });
 * ```
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
 * Parses text as one JSON object with a string `type`. It never throws.
 *
 * @param text any text.
 * @returns the object, or the cause why the text is not one.
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseObject } from "./codec.ts";
 *
 * assertEquals(parseObject('{"type":"chat"}'), { ok: true, value: { type: "chat" } });
 * assertEquals(parseObject("[]"), { ok: false, message: "Not a JSON object" });
 * ```
 */
export function parseObject(text: string): ParsedObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, message: "Invalid JSON" };
  }
  if (!isObject(value)) return { ok: false, message: "Not a JSON object" };
  if (typeof value.type !== "string") {
    return { ok: false, message: "Missing string 'type'" };
  }
  return { ok: true, value: value as { type: string } };
}

/**
 * Decodes a frame from a client. It never throws.
 *
 * @param data the data of a WebSocket message.
 * @param maxDepth the maximum nesting depth of arrays and objects, the frame itself included. Default: unlimited.
 * @returns the frame, with the payload of a binary one, or the cause why it is rejected. Fields that the type does not name
 * are kept; the `Start` of each topic in a hello is not checked (see {@linkcode startProblem}).
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { decodeClientFrame } from "./codec.ts";
 *
 * assertEquals(decodeClientFrame('{"type":"ack","frames":-1}'), {
 *   ok: false,
 *   code: "invalid",
 *   message: "'frames' must be a non-negative integer",
 * });
 * ```
 */
export function decodeClientFrame(
  data: string | Uint8Array<ArrayBuffer>,
  maxDepth: number = Infinity,
): Decoded<ClientFrame> {
  return decodeAs<ClientFrame>(data, clientShapes, maxDepth, numberProblem);
}

/**
 * Decodes a frame from a server. It never throws.
 *
 * @param data the data of a WebSocket message.
 * @returns the frame, with the payload of a binary one, or the cause why it is rejected. The records of a batch and the
 * fields of `limits`, `heartbeat` and `topics` are not checked.
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { decodeServerFrame } from "./codec.ts";
 *
 * const frame = { type: "gap", topic: "lobby", from: 0, to: 5 } as const;
 * assertEquals(decodeServerFrame(JSON.stringify(frame)), { ok: true, frame });
 * ```
 */
export function decodeServerFrame(
  data: string | Uint8Array<ArrayBuffer>,
): Decoded<ServerFrame> {
  return decodeAs<ServerFrame>(data, serverShapes);
}

/** Finds the id of a frame that is not parsed, if no array and no object precedes it. */
const ID_BEFORE_ANY_DEPTH = /^\{[^{[]*?"id":(\d+)/;

function decodeAs<F extends Frame>(
  data: string | Uint8Array<ArrayBuffer>,
  shapes: ReadonlyMap<string, Shape>,
  maxDepth = Infinity,
  valueProblem: (json: string) => string | undefined = () => undefined,
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
        message: "Missing JSON header of a binary frame",
      };
    }
    ({ text, payload } = split);
  }
  // The check precedes the parser, where 30,000 brackets would take milliseconds.
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
    problem = `A '${frame.type}' frame must be text`;
  } else problem = shape(frame, payload) ?? valueProblem(text);
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
