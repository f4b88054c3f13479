import { DrumbeatError } from "../../../client.ts";
import type {
  Body,
  MessageSender,
  OutgoingMessage,
  SendResult,
} from "../../../client/publish/outgoing_message.ts";
import {
  Outbox,
  type OutboxParameters,
} from "../../../client/publish/outbox.ts";
import { PendingReplies } from "../../../client/requests/pending_replies.ts";
import { FakeClock } from "../fake_clock.ts";

/** An outbox, its clock, and the recorded outcomes of its messages. */
export interface Fixture {
  readonly clock: FakeClock;
  readonly outbox: Outbox;
  readonly pending: PendingReplies;
  /** Enqueues a message and records its outcome. */
  enqueue(body: Body | Promise<Body>, more?: Partial<OutgoingMessage>): void;
  /** Acknowledges the message of an id. */
  ack(id: number, offset: number): boolean;
  readonly outcomes: string[];
  readonly dropped: string[];
}

/** Creates an outbox whose messages have 10 bytes by default. */
export function fixture(
  settings: Partial<OutboxParameters["outbox"]> = {},
): Fixture {
  const clock = new FakeClock();
  const pending = new PendingReplies();
  const outcomes: string[] = [];
  const dropped: string[] = [];
  const outbox = new Outbox({
    outbox: {
      maxCount: 1_000,
      maxBytes: 1_000,
      maxAgeMs: 60_000,
      ...settings,
    },
    clock,
    pending,
    dropped: ({ message }, reason) => dropped.push(`${message} ${reason}`),
  });
  return {
    clock,
    outbox,
    pending,
    outcomes,
    dropped,
    ack: (id, offset) => pending.settle({ type: "ack", id, offset }),
    enqueue(body, more = {}) {
      const message = more.message ??
        (typeof body === "string" ? body : "blob");
      outbox.enqueue({
        topic: "t",
        message,
        body,
        bytes: 10,
        resolve: (offset) => outcomes.push(`${message} @${offset}`),
        reject: (error, isRefused) => {
          const code = error instanceof DrumbeatError
            ? error.code
            : String(error);
          outcomes.push(`${message} ${code}${isRefused ? " refused" : ""}`);
        },
        ...more,
      });
    },
  };
}

/** A connection that records what is sent, with ids from `first` on. */
export function connection(
  first = 1,
  inflight = 256,
): MessageSender & { readonly sent: string[] } {
  let next = first;
  const sent: string[] = [];
  return {
    inflight,
    sent,
    send(_topic, body, id): SendResult {
      id ??= next++;
      sent.push(`${id}:${body}`);
      return id;
    },
  };
}
