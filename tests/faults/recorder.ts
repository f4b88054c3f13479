import type { Client, Topic } from "../../client.ts";
import type { Ledger, Published, PublishOutcome } from "./ledger.ts";
import type { Stream } from "./stream.ts";

/** The shape of a test message. */
export interface MessageShape {
  /** The number of padding bytes. Default: 0. */
  readonly padBytes?: number;
  /** Publishes the message as bytes. Default: `false`. */
  readonly binary?: boolean;
}

/** Returns the text that identifies a message in the ledger. */
export function bodyOf(message: unknown): string {
  if (message instanceof Uint8Array) {
    return `bytes ${new TextDecoder().decode(message)}`;
  }
  const { publisher, seq, pad } = message as Record<string, unknown>;
  return `${publisher}#${seq}${pad === undefined ? "" : `#${pad}`}`;
}

/** Creates a test message. */
export function messageOf(
  publisher: string,
  seq: number,
  { padBytes = 0, binary = false }: MessageShape = {},
): { readonly type: "ledger" } | Uint8Array<ArrayBuffer> {
  const pad = padBytes === 0 ? undefined : "é".repeat(padBytes / 2);
  if (!binary) {
    return { type: "ledger", publisher, seq, pad } as { type: "ledger" };
  }
  return new TextEncoder().encode(`${publisher}#${seq}${pad ?? ""}`);
}

/**
 * Records everything that a topic's subscriber receives. Call it in the turn in which the topic is created: a later call
 * would miss events.
 *
 * @param subscriber the subscriber's name in the ledger.
 */
export function recordTopic(
  ledger: Ledger,
  topic: Topic,
  subscriber: string,
): Stream {
  const stream = ledger.stream(subscriber, topic.name);
  topic.subscribed().then(() => stream.subscribed(topic.position!), () => {});
  topic.onAny((message, { offset, from }) =>
    stream.record(topic.position!.epoch, offset, from, bodyOf(message))
  );
  topic.onBinary((payload, { offset, from }) =>
    stream.record(topic.position!.epoch, offset, from, bodyOf(payload))
  );
  topic.onGap(({ from, to }) => stream.gap(from, to, topic.position!));
  return stream;
}

/** A publisher that records each message and its outcome. */
export class RecordingPublisher {
  readonly name: string;
  readonly #ledger: Ledger;
  readonly #topic: Topic;
  readonly #pending = new Set<Promise<PublishOutcome>>();

  constructor(ledger: Ledger, client: Client, topic: Topic, name: string) {
    this.#ledger = ledger;
    this.#topic = topic;
    this.name = name;
    client.addEventListener("open", () => ledger.peer(name, client.peer!));
    if (client.peer !== undefined) ledger.peer(name, client.peer);
  }

  /** The number of publishes without an outcome. */
  get pending(): number {
    return this.#pending.size;
  }

  /** Publishes one message. @returns its outcome, also of a failed publish. */
  publish(shape: MessageShape = {}): Promise<PublishOutcome> {
    let message: ReturnType<typeof messageOf> | undefined;
    const entry: Published = this.#ledger.publish(
      this.name,
      this.#topic.name,
      (seq) => bodyOf(message = messageOf(this.name, seq, shape)),
    );
    const publishing = this.#topic.publish(message!).then(
      (offset) => ({ offset, epoch: this.#topic.position?.epoch }),
      (error) => ({ code: codeOf(error) }),
    ).then((outcome) => entry.outcome = outcome).finally(() =>
      this.#pending.delete(publishing)
    );
    this.#pending.add(publishing);
    return publishing;
  }

  /** Resolves when fewer than `limit` publishes are pending. */
  async capacity(limit: number): Promise<void> {
    while (this.#pending.size >= limit) await Promise.race(this.#pending);
  }

  /** Resolves when every publish has an outcome. */
  async settled(): Promise<void> {
    await Promise.all(this.#pending);
  }
}

/** Returns the code of a failed publish. An error without a code is a violation, because no code stands for it. */
export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error
    ? String(error.code)
    : `an exception: ${error}`;
}
