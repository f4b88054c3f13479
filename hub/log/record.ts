import { utf8Length } from "../../messages.ts";

/** The bytes of a record around its body: `{"message":},`. */
const OVERHEAD_BYTES = 13;
/** `"from":"",` without the id. */
const FROM_BYTES = 10;
/** `"at":1700000000000,`. */
const AT_BYTES = 19;

/** The `from` of what the hub itself publishes. Peers' ids never start with `$`. */
export const HUB = "$hub";

/** One record of a topic's log: encoded once, shared by all who get it. Its offset is its place in the log. */
export class LogRecord {
  /** The public id of the publisher. */
  readonly from: string;
  /** When the hub took it in, ms since 1970: what people read. */
  readonly at: number;
  /** The same moment on the monotonic clock: what age is measured by. */
  readonly since: number;
  /** The message as JSON text, or a binary payload. */
  readonly body: string | Uint8Array<ArrayBuffer>;
  /** In a topic that keeps the latest: what it replaces. */
  readonly key: string | undefined;
  /** Its size in bytes as the first of a batch: the most that it can have. */
  readonly bytes: number;

  /**
   * Counts the bytes.
   *
   * @param from the publisher's public id.
   * @param at ms since 1970.
   * @param since monotonic ms.
   * @param body JSON text or a binary payload.
   * @param key what it replaces, in a topic that keeps the latest.
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
    this.body = body;
    this.key = key;
    this.bytes = OVERHEAD_BYTES + FROM_BYTES + AT_BYTES + from.length +
      (typeof body === "string" ? utf8Length(body) : body.length);
  }

  /** Its size in bytes in a batch, after a record whose `from` and `at` it need not repeat. */
  bytesAfter(before: LogRecord): number {
    return this.bytes -
      (this.from === before.from ? FROM_BYTES + this.from.length : 0) -
      (this.at === before.at ? AT_BYTES : 0);
  }
}
