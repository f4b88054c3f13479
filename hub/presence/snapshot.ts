import { utf8Length } from "../../messages.ts";

/** The maximum bytes of the members in one frame, which is below 64 KiB with its other keys; one member alone may exceed it. */
const PART_BYTES = 60 * 1024;
/** A list that is overtaken by this many changes starts again. */
const MAX_CHANGED = 1_000;

/** Returns the JSON text of a member that exists. */
type EncodeMember = (peer: string) => string;

/**
 * The list of a topic's members on its way to one watcher, in parts of at most 64 KiB. It holds no copy of the list: it reads
 * the members while it is sent, and the last part has the members that changed meanwhile.
 */
export class Snapshot {
  readonly #members: ReadonlyMap<string, unknown>;
  /** The members that are still to be sent. An iterator of a map also visits the entries that are added meanwhile. */
  #unsent: Iterator<string> | undefined;
  /** The member that did not fit into the last part. */
  #held: string | undefined;
  /** The members that changed since the first part. */
  readonly #changed = new Set<string>();
  #part = 0;

  /** @param members the members of the topic. */
  constructor(members: ReadonlyMap<string, unknown>) {
    this.#members = members;
  }

  /** Notes that a member changed. */
  changed(peer: string): void {
    if (this.#part === 0) return;
    this.#changed.add(peer);
    if (this.#changed.size > MAX_CHANGED) this.restart();
  }

  /** Starts again with the first part. */
  restart(): void {
    this.#part = 0;
    this.#unsent = this.#held = undefined;
    this.#changed.clear();
  }

  /**
   * Encodes the next part.
   *
   * @param topic the topic's name.
   * @param encodeMember returns the JSON text of a member.
   * @returns the frame, its bytes, about, and whether it is the last one.
   */
  next(
    topic: string,
    encodeMember: EncodeMember,
  ): {
    readonly text: string;
    readonly bytes: number;
    readonly isLast: boolean;
  } {
    const join: string[] = [];
    const leave: string[] = [];
    let bytes = 0;
    let peer: string | undefined;
    while ((peer = this.#take()) !== undefined) {
      const isMember = this.#members.has(peer);
      const text = isMember ? encodeMember(peer) : JSON.stringify(peer);
      const added = utf8Length(text) + 1;
      if (bytes > 0 && bytes + added > PART_BYTES) {
        this.#held = peer;
        break;
      }
      bytes += added;
      (isMember ? join : leave).push(text);
    }
    const isLast = peer === undefined;
    const part = this.#part++;
    const text =
      `{"type":"presence","topic":${JSON.stringify(topic)},"snapshot":true` +
      (part === 0 ? "" : `,"part":${part}`) + (isLast ? "" : `,"more":true`) +
      `,"join":[${join.join(",")}]` +
      (leave.length === 0 ? "" : `,"leave":[${leave.join(",")}]`) + "}";
    return { text, bytes, isLast };
  }

  #take(): string | undefined {
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) return held;
    this.#unsent ??= this.#members.keys();
    const { done, value } = this.#unsent.next();
    if (!done) {
      this.#changed.delete(value);
      return value;
    }
    for (const peer of this.#changed) {
      this.#changed.delete(peer);
      return peer;
    }
    return undefined;
  }
}
