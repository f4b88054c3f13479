import { utf8Length } from "../messages.ts";

/** The bytes of a record around its body: `{"from":"","at":1700000000000,"message":},`. */
const OVERHEAD_BYTES = 42;

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
  /** Its size in a batch, in bytes. */
  readonly bytes: number;

  /**
   * Counts the bytes.
   *
   * @param from the publisher's public id.
   * @param at ms since 1970.
   * @param since monotonic ms.
   * @param body JSON text or a binary payload.
   */
  constructor(
    from: string,
    at: number,
    since: number,
    body: string | Uint8Array<ArrayBuffer>,
  ) {
    this.from = from;
    this.at = at;
    this.since = since;
    this.body = body;
    this.bytes = OVERHEAD_BYTES + from.length +
      (typeof body === "string" ? utf8Length(body) : body.length);
  }
}
