import type { Client, Topic } from "../../client.ts";
import type { Ledger, Published, Stream, Told } from "./ledger.ts";

/** Says how a message with this number looks. */
export interface Letter {
  /** Bytes of padding. */
  readonly padBytes?: number;
  /** Whether it is published as bytes. */
  readonly binary?: boolean;
}

/** What identifies a message, wherever it turns up. */
export function bodyOf(message: unknown): string {
  if (message instanceof Uint8Array) {
    return `bytes ${new TextDecoder().decode(message)}`;
  }
  const { publisher, seq, pad } = message as Record<string, unknown>;
  return `${publisher}#${seq}${pad === undefined ? "" : `#${pad}`}`;
}

/** Makes a message. */
export function messageOf(
  publisher: string,
  seq: number,
  { padBytes = 0, binary = false }: Letter = {},
): { readonly type: "ledger" } | Uint8Array<ArrayBuffer> {
  const pad = padBytes === 0 ? undefined : "é".repeat(padBytes / 2);
  if (!binary) {
    return { type: "ledger", publisher, seq, pad } as { type: "ledger" };
  }
  return new TextEncoder().encode(`${publisher}#${seq}${pad ?? ""}`);
}

/**
 * Writes down what a topic's subscriber hears. To be called in the same turn in which the topic was made.
 *
 * @param subscriber its name in the ledger.
 */
export function follow(
  ledger: Ledger,
  topic: Topic,
  subscriber: string,
): Stream {
  const stream = ledger.stream(subscriber, topic.name);
  topic.joined().then(() => stream.joined(topic.position!), () => {});
  topic.onAny((message, { offset, from }) =>
    stream.record(topic.position!.epoch, offset, from, bodyOf(message))
  );
  topic.onBinary((payload, { offset, from }) =>
    stream.record(topic.position!.epoch, offset, from, bodyOf(payload))
  );
  topic.onGap(({ from, to }) => stream.gap(from, to, topic.position!));
  return stream;
}

/** Publishes through a client, and writes down what it sends and what it is told. */
export class Publisher {
  readonly name: string;
  readonly #ledger: Ledger;
  readonly #topic: Topic;
  readonly #pending = new Set<Promise<Told>>();

  constructor(ledger: Ledger, client: Client, topic: Topic, name: string) {
    this.#ledger = ledger;
    this.#topic = topic;
    this.name = name;
    client.addEventListener("open", () => ledger.peer(name, client.peer!));
    if (client.peer !== undefined) ledger.peer(name, client.peer);
  }

  /** Publishes that nobody has told the outcome of. */
  get pending(): number {
    return this.#pending.size;
  }

  /** Publishes one message. @returns its outcome when it was told, whatever it is. */
  publish(letter: Letter = {}): Promise<Told> {
    let message: ReturnType<typeof messageOf> | undefined;
    const entry: Published = this.#ledger.publish(
      this.name,
      this.#topic.name,
      (seq) => bodyOf(message = messageOf(this.name, seq, letter)),
    );
    const told = this.#topic.publish(message!).then(
      (offset) => ({ offset, epoch: this.#topic.position?.epoch }),
      (error) => ({ code: codeOf(error) }),
    ).then((outcome) => entry.told = outcome).finally(() =>
      this.#pending.delete(told)
    );
    this.#pending.add(told);
    return told;
  }

  /** Waits until fewer than `most` are without an outcome. */
  async room(most: number): Promise<void> {
    while (this.#pending.size >= most) await Promise.race(this.#pending);
  }

  /** Waits until every outcome was told. */
  async settled(): Promise<void> {
    await Promise.all(this.#pending);
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error
    ? String(error.code)
    : `an exception: ${error}`;
}
