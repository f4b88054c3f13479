import { utf8Length } from "./utf8.ts";

/**
 * The wire's own words: no published message may have one of them as its `type`, or a plain peer could not tell a
 * message from the server's own frames.
 */
export const RESERVED_TYPES: ReadonlySet<string> = new Set([
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
  "update",
  "error",
  "goaway",
]);

/** The topic everybody is in, unless their hello names others. */
export const LOBBY = "lobby";

/** Longest topic name in UTF-8 bytes. */
export const MAX_TOPIC_NAME_BYTES = 255;

const MESSAGE_TYPE = /^[A-Za-z][\w.:-]{0,63}$/;
// deno-lint-ignore no-control-regex
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

/**
 * What is wrong with the `type` of a message that someone wants to publish.
 *
 * @param type the value of the message's `type`.
 * @returns a sentence, or `undefined` when it may be published.
 */
export function messageTypeProblem(type: unknown): string | undefined {
  if (typeof type !== "string" || !MESSAGE_TYPE.test(type)) {
    return "A message is an object with a string type of 1 to 64 letters, digits, '_', '.', ':' or '-', a letter first";
  }
  if (RESERVED_TYPES.has(type)) {
    return `The type '${type}' is one of the protocol's own words`;
  }
  return undefined;
}

/**
 * What is wrong with the name of a topic that someone wants to use.
 *
 * @param name the topic's name: 1 to 255 bytes, no control characters, no lone surrogates, not starting with `$`.
 * @returns a sentence, or `undefined` when the name is good.
 */
export function topicNameProblem(name: unknown): string | undefined {
  if (typeof name !== "string" || name === "") {
    return "A topic's name is a string that is not empty";
  }
  if (
    name.length > MAX_TOPIC_NAME_BYTES ||
    utf8Length(name) > MAX_TOPIC_NAME_BYTES
  ) {
    return `A topic's name has at most ${MAX_TOPIC_NAME_BYTES} bytes`;
  }
  if (CONTROL.test(name)) return "A topic's name has no control characters";
  // A lone surrogate becomes U+FFFD on the wire: two different names would be one there.
  if (!name.isWellFormed()) return "A topic's name has no lone surrogates";
  if (name.startsWith("$")) {
    return "Topics whose name starts with '$' are the hub's";
  }
  return undefined;
}
