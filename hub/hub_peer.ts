import type { AnyMessages, MessageInput, MessageMap } from "../messages.ts";
import type { Core } from "./core.ts";

/**
 * A peer that the program addresses by its id, connected or not, to any of the hubs that share the store. It has no state:
 * `hub.peer(id)` always returns an equal object.
 *
 * @typeParam M the message types.
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { connect, serve } from "../mod.ts";
 *
 * await using server = serve({ port: 0 });
 * await using client = connect(`ws://127.0.0.1:${server.addr.port}/ws`);
 * const received = new Promise((resolve) =>
 *   client.addEventListener("direct", ({ record }) => resolve(record), { once: true })
 * );
 * await client.opened();
 * const offset = await server.hub.peer(client.peer!).send({ type: "chat", text: "only you" });
 * assertEquals(offset, 0);
 * await received;
 * ```
 */
export class HubPeer<M extends MessageMap = AnyMessages> {
  /** The peer's public id. */
  readonly id: string;
  readonly #core: Core;

  /** Use `hub.peer(id)`. */
  constructor(core: Core, id: string) {
    this.#core = core;
    this.id = id;
  }

  /**
   * Sends a message to this peer only. The messages to a peer are a log of their own: they arrive in order, and a resume
   * delivers those that the peer missed. The hub does not check that the peer exists: a record that no peer reads is dropped
   * when it is too old (`topics: { "$peer/*": … }`).
   *
   * @typeParam T the message's type.
   * @param message a message that the contract accepts, or a binary payload.
   * @returns the record's offset in the peer's log, once the record is committed. An ignored rejection goes to `onError`.
   * @throws {DrumbeatError} (as a rejection) when the hub refuses the message; `limit` when the logs of too many peers are in
   * use.
   */
  send<T extends keyof M & string>(
    message: MessageInput<M, T> | Uint8Array<ArrayBuffer>,
  ): Promise<number> {
    return this.#core.send(this.id, message);
  }
}
