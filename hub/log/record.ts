import { utf8Length } from "../../messages.ts";

/** The bytes around a record's body: `{"message":},`. */
const OVERHEAD_BYTES = 13;
/** The bytes of `"from":"",`, without the id. */
const FROM_BYTES = 10;
/** The bytes of `"at":1700000000000,`. */
const AT_BYTES = 19;

/** The `from` of the hub's own messages. Peers' ids never start with `$`. */
export const HUB = "$hub";

/** A record of a topic's log: encoded once, shared by all readers. Its offset is its number in the log. */
export class LogRecord {
  /** The public id of the publisher. */
  readonly from: string;
  /** The time at which the hub received the message, in ms since 1970. */
  readonly at: number;
  /** The same time on the monotonic clock, in ms: the record's age is measured by it. */
  readonly since: number;
  /** The message as JSON text, or a binary payload, whose buffer has at most twice its size. */
  readonly body: string | Uint8Array<ArrayBuffer>;
  /** The record's key in a topic with `lag: "latest"`: it replaces the record with the same key. */
  readonly key: string | undefined;
  /** The size in bytes as the first record of a batch, which is its largest size. */
  readonly bytes: number;

  /**
   * Creates a record, and counts its bytes.
   *
   * @param from the publisher's public id.
   * @param at ms since 1970.
   * @param since monotonic ms.
   * @param body JSON text or a binary payload.
   * @param key the record's key in a topic with `lag: "latest"`. Default: none.
   */
  constructor(
    from: string,
    at: number,
    since: number,
    body: string | Uint8Array<ArrayBuffer>,
    key?: string,
  ) {
    this.from = from;
    this.at = at;
    this.since = since;
    this.body = typeof body === "string" ? body : compact(body);
    this.key = key;
    this.bytes = OVERHEAD_BYTES + FROM_BYTES + AT_BYTES + from.length +
      (typeof body === "string" ? utf8Length(body) : body.length);
  }

  /** Returns the size in bytes after another record in a batch, whose `from` and `at` are not repeated. */
  bytesAfter(before: LogRecord): number {
    return this.bytes -
      (this.from === before.from ? FROM_BYTES + this.from.length : 0) -
      (this.at === before.at ? AT_BYTES : 0);
  }
}

/** Returns bytes that keep at most twice their size in memory: a view keeps the whole frame that it is a part of. */
function compact(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  // Not `slice`, which returns another view for a `Buffer` of Node.
  return bytes.buffer.byteLength > 2 * bytes.length
    ? new Uint8Array(bytes)
    : bytes;
}
