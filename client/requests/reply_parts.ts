import { DrumbeatError, type ReplyFrame } from "../../messages.ts";

/** The parts of replies that are still arriving: docs/protocol.md, "Requests". */
export class ReplyParts {
  readonly #texts = new Map<number, string[]>();

  /**
   * Adds a frame of a reply.
   *
   * @param frame the frame.
   * @returns the whole reply, or `undefined` while parts are missing.
   * @throws {DrumbeatError} `failed` if the joined parts are not JSON.
   */
  add(frame: ReplyFrame): ReplyFrame | undefined {
    const { id, part, more = false } = frame;
    if (part === undefined) return frame;
    const texts = this.#texts.get(id) ?? [];
    texts.push(part);
    if (more) {
      this.#texts.set(id, texts);
      return undefined;
    }
    this.#texts.delete(id);
    try {
      return { type: "reply", id, data: JSON.parse(texts.join("")) };
    } catch (cause) {
      throw new DrumbeatError("failed", "Reply is not JSON", { cause });
    }
  }

  /** Drops the parts of a reply that nothing waits for. */
  forget(id: number): void {
    this.#texts.delete(id);
  }
}
