/**
 * A program decides by the code of a rejected publish alone whether it may publish again: with every code but
 * `indeterminate`, the server has not stored the message.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { ConnectOptions, DrumbeatError, Topic } from "../../../client.ts";
import { defineMessages } from "../../../messages.ts";
import { handshake, type Harness, harness, settle } from "../harness.ts";

/** One way in which a publish fails. */
interface Case {
  readonly code: DrumbeatError["code"];
  readonly options?: ConnectOptions;
  /** Publishes and lets it fail. */
  readonly fail: (h: Harness, topic: Topic) => Promise<unknown>;
}

const chat = { type: "chat", text: "hi" };

/** Publishes on an open connection, so that the frame is sent. */
function sent({ net }: Harness, topic: Topic): Promise<number> {
  handshake(net.last);
  return topic.publish(chat);
}

const CASES: Readonly<Record<string, Case>> = {
  "the contract refuses it": {
    code: "invalid",
    options: {
      contract: defineMessages({
        chat: (value): value is { text: string } => value === undefined,
      }),
    } as unknown as ConnectOptions,
    fail: (_, topic) => topic.publish(chat),
  },
  "the contract does not name its type": {
    code: "unsupported",
    options: { contract: defineMessages({}) } as unknown as ConnectOptions,
    fail: (_, topic) => topic.publish(chat),
  },
  "the outbox is full": {
    code: "limit",
    options: { outbox: { maxCount: 0 } },
    fail: (_, topic) => topic.publish(chat),
  },
  "it is larger than the server's limit": {
    code: "large",
    fail({ net }, topic) {
      handshake(net.last, { limits: { messageBytes: 10 } });
      return topic.publish(chat);
    },
  },
  "its Blob cannot be read": {
    code: "dropped",
    fail(_, topic) {
      class Broken extends Blob {
        override arrayBuffer(): Promise<ArrayBuffer> {
          return Promise.reject(new Error("deleted"));
        }
      }
      return topic.publish(new Broken());
    },
  },
  "there was no connection in time": {
    code: "timeout",
    fail({ clock }, topic) {
      const publish = topic.publish(chat, { timeoutMs: 10 });
      clock.tick(10);
      return publish;
    },
  },
  "the connection accepted nothing in time": {
    code: "timeout",
    fail(h, topic) {
      handshake(h.net.last);
      h.net.last.readyState = 2;
      const publish = topic.publish(chat, { timeoutMs: 10 });
      h.clock.tick(10);
      return publish;
    },
  },
  "the rates allowed no frame in time": {
    code: "timeout",
    fail(h, topic) {
      handshake(h.net.last, {
        limits: { messagesPerSecond: 1, inflight: 8 },
      });
      const other = { type: "chat", text: "other" };
      const first = Array.from({ length: 9 }, () => topic.publish(other));
      for (const publish of first) publish.catch(() => {});
      const publish = topic.publish(chat, { timeoutMs: 10 });
      h.clock.tick(10);
      return publish;
    },
  },
  "the client closed before it was sent": {
    code: "closed",
    fail({ client }, topic) {
      const publish = topic.publish(chat);
      client.close();
      return publish;
    },
  },
  "the client was closed": {
    code: "closed",
    fail({ client }, topic) {
      client.close();
      return topic.publish(chat);
    },
  },
  "the topic was closed": {
    code: "closed",
    fail(_, topic) {
      void topic.close();
      return topic.publish(chat);
    },
  },
  "the server refused the topic": {
    code: "forbidden",
    fail({ net }, topic) {
      handshake(net.last, { topics: { "room:1": { error: "forbidden" } } });
      return topic.publish(chat);
    },
  },
  "the server refused it": {
    code: "unavailable",
    fail(h, topic) {
      const publish = sent(h, topic);
      const code = "unavailable";
      h.net.last.emit({ type: "error", id: 1, code, message: "no" });
      return publish;
    },
  },
  "the outcome is unknown to the server": {
    code: "indeterminate",
    fail(h, topic) {
      const publish = sent(h, topic);
      const code = "indeterminate";
      h.net.last.emit({ type: "error", id: 1, code, message: "no" });
      return publish;
    },
  },
  "the server did not answer in time": {
    code: "indeterminate",
    options: { outbox: { maxAgeMs: 10 } },
    fail(h, topic) {
      const publish = sent(h, topic);
      h.clock.tick(10);
      return publish;
    },
  },
  "the connection closed, and did not return in time": {
    code: "indeterminate",
    options: { outbox: { maxAgeMs: 10 } },
    fail(h, topic) {
      const publish = sent(h, topic);
      h.net.last.drop();
      h.clock.tick(10);
      return publish;
    },
  },
  "the session was not resumed": {
    code: "indeterminate",
    fail(h, topic) {
      const publish = sent(h, topic);
      h.net.last.drop();
      h.clock.tick(500);
      handshake(h.net.last, { resumed: false });
      return publish;
    },
  },
  "the client closed before the server answered": {
    code: "indeterminate",
    fail(h, topic) {
      const publish = sent(h, topic);
      h.client.close();
      return publish;
    },
  },
  "the server closed the client before it answered": {
    code: "indeterminate",
    fail(h, topic) {
      const publish = sent(h, topic);
      h.net.last.drop(4503);
      return publish;
    },
  },
  "a listener of raw frames closed the client when the frame was out": {
    code: "indeterminate",
    fail(h, topic) {
      handshake(h.net.last);
      h.client.addEventListener("frame", () => h.client.close());
      return topic.publish(chat);
    },
  },
  "the server refuses the message when it is sent again": {
    code: "indeterminate",
    fail(h, topic) {
      const publish = sent(h, topic);
      h.net.last.drop();
      h.clock.tick(500);
      handshake(h.net.last, { resumed: true });
      const code = "forbidden";
      h.net.last.emit({ type: "error", id: 1, code, message: "no" });
      return publish;
    },
  },
  "the server that resumes has a lower limit": {
    code: "indeterminate",
    fail(h, topic) {
      const publish = sent(h, topic);
      h.net.last.drop();
      h.clock.tick(500);
      handshake(h.net.last, { resumed: true, limits: { messageBytes: 10 } });
      return publish;
    },
  },
};

for (const [name, { code, options, fail }] of Object.entries(CASES)) {
  Deno.test(`a publish fails with ${code} where ${name}`, async () => {
    using h = harness({ heartbeat: false, ...options });
    let isSent = false;
    h.client.addEventListener("frame", ({ direction, data }) => {
      isSent ||= direction === "out" && `${data}`.includes(chat.text);
    });
    const publish = fail(h, h.client.topic("room:1")).then(
      () => assert(false, "It was stored"),
      (error: DrumbeatError) => error,
    );
    await settle();
    assertEquals((await publish)!.code, code);
    // Only `indeterminate`, and the codes with which the server refuses, stand for a message that was sent.
    assertEquals(isSent, code === "indeterminate" || code === "unavailable");
  });
}
