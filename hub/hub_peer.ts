import type { AnyMessages, MessageInput, MessageMap } from "../messages.ts";
import type { Core } from "./core.ts";

/** A peer as the program that owns a hub reaches it by its id alone. It holds nothing: `hub.peer(id)` is as good as keeping it. */
export class HubPeer<M extends MessageMap = AnyMessages> {
  /** Its public id. */
  readonly id: string;
  readonly #core: Core;

  /** Use `hub.peer(id)`. */
  constructor(core: Core, id: string) {
    this.#core = core;
    this.id = id;
  }

  /**
   * Sends a message to this peer alone, through a log of its own: in order, whichever hub of those that share the store it
   * is connected to, and after a cut as soon as it resumes. That it is committed does not say that there is such a peer:
   * what nobody comes for goes with the log, when its records are too old (`topics: { "$peer/*": … }`).
   *
   * @param message a message that the contract accepts, or a binary payload.
   * @returns the record's offset in the peer's log, once it is committed. A rejection that nobody looks at does not end
   * the process.
   * @throws {DrumbeatError} (as a rejection) when it is refused; `limit` when too many peers' logs are in use.
   */
  send<T extends keyof M & string>(
    message: MessageInput<M, T> | Uint8Array<ArrayBuffer>,
  ): Promise<number> {
    return this.#core.send(this.id, message);
  }
}
