import { isWellFormed } from "../common/platform.ts";
import { utf8Length } from "./utf8.ts";

/**
 * The message types that no peer and no program can publish. In the plain dialect a message is a whole frame, so a message
 * and a frame of the same type could be confused. In drumbeat.v1 messages are nested in frames: its other frame types are
 * not reserved.
 *
 * | types                                 | reason                                                               |
 * | ------------------------------------- | -------------------------------------------------------------------- |
 * | `start`, `pong`, `error`, `gap`       | The hub sends these frames to plain peers: a message could forge them |
 * | `ping`                                | The hub answers it: a plain peer could not publish it                |
 * | `hello`, `renew`, `request`, `publish` | A client that sends these frames without the subprotocol must get an error. Otherwise the hub would publish its session, its token, or the data for another receiver, to the lobby |
 */
export const RESERVED_TYPES: ReadonlySet<string> = new Set([
  "start",
  "ping",
  "pong",
  "error",
  "gap",
  "hello",
  "renew",
  "request",
  "publish",
]);

/** The topic that plain peers, and clients whose hello names no topics, are subscribed to. */
export const LOBBY = "lobby";

/** Maximum length of a topic's name in UTF-8 bytes. */
export const MAX_TOPIC_NAME_BYTES = 255;

const MESSAGE_TYPE = /^[A-Za-z][\w.:-]{0,63}$/;
// deno-lint-ignore no-control-regex
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

/**
 * Checks the `type` of a message: a string of 1 to 64 letters, digits, `_`, `.`, `:` or `-` that starts with a letter and
 * is not one of {@linkcode RESERVED_TYPES}.
 *
 * @param type the value of the message's `type`.
 * @returns the cause why it cannot be published, as a sentence, or `undefined` if it can.
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { messageTypeProblem } from "./names.ts";
 *
 * assertEquals(messageTypeProblem("chat"), undefined);
 * assertEquals(messageTypeProblem("pong"), "The type 'pong' is reserved");
 * ```
 */
export function messageTypeProblem(type: unknown): string | undefined {
  if (typeof type !== "string" || !MESSAGE_TYPE.test(type)) {
    return `A message's type must be a string of 1 to 64 letters, digits, '_', '.', ':' or '-' that starts with a letter, not ${
      shown(type)
    }`;
  }
  if (RESERVED_TYPES.has(type)) {
    return `The type '${type}' is reserved`;
  }
  return undefined;
}

/**
 * Checks the name of a topic that a peer or a program uses: 1 to {@linkcode MAX_TOPIC_NAME_BYTES} bytes of UTF-8, without
 * control characters and lone surrogates. Names that start with `$` are reserved for the hub.
 *
 * @param name the topic's name.
 * @returns the cause why it cannot be used, as a sentence, or `undefined` if it can.
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { topicNameProblem } from "./names.ts";
 *
 * assertEquals(topicNameProblem("room:1"), undefined);
 * assertEquals(topicNameProblem("$hub"), "A topic's name must not start with '$': these names are reserved for the hub");
 * ```
 */
export function topicNameProblem(name: unknown): string | undefined {
  if (typeof name !== "string" || name === "") {
    return `A topic's name must be a string of at least one character, not ${
      shown(name)
    }`;
  }
  // A string has at least as many bytes as UTF-16 units: a very long one need not be measured.
  if (
    name.length > MAX_TOPIC_NAME_BYTES ||
    utf8Length(name) > MAX_TOPIC_NAME_BYTES
  ) {
    return `A topic's name must have at most ${MAX_TOPIC_NAME_BYTES} bytes of UTF-8`;
  }
  if (CONTROL.test(name)) {
    return "A topic's name must not contain control characters";
  }
  // A lone surrogate becomes U+FFFD on the wire, where two different names could then be equal.
  if (!isWellFormed(name)) {
    return "A topic's name must not contain lone surrogates";
  }
  if (name.startsWith("$")) {
    return "A topic's name must not start with '$': these names are reserved for the hub";
  }
  return undefined;
}

/** Shows a wrong value in an error: a string is quoted, escaped and at most 64 units long. */
function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 64));
  return value === null || value === undefined ? `${value}` : typeof value;
}
