import { assertEquals } from "@std/assert";
import { type AnyFrame, handshake, harness, settle } from "./harness.ts";

const NAMES = ["__proto__", "constructor", "toString"];

Deno.test("names from the server are never names of properties: topics, members, limits", async () => {
  using h = harness();
  const topics = NAMES.map((name) => h.client.topic(name));
  const heard: unknown[] = [];
  for (const topic of topics) {
    topic.onAny((message, { topic }) => heard.push([topic, message]));
    topic.presence.on(({ join }) => heard.push(join.map(({ peer }) => peer)));
  }
  handshake(h.net.last, {
    limits: JSON.parse(
      '{"__proto__":{"messagesPerSecond":1},"messagesPerSecond":50}',
    ),
  });
  assertEquals(h.client.limits?.messagesPerSecond, 50);
  for (const topic of NAMES) {
    h.net.last.emit(
      `{"type":"batch","topic":"${topic}","offset":0,"messages":[{"from":"${topic}","at":1,"message":{"type":"a","__proto__":{"polluted":1}}}]}`,
    );
    const join = NAMES.map((peer) => ({ peer, data: 1 }));
    h.net.last.emit({ type: "presence", topic, snapshot: true, join });
  }
  await settle();
  const message = JSON.parse('{"type":"a","__proto__":{"polluted":1}}');
  assertEquals(heard, NAMES.flatMap((name) => [[name, message], NAMES]));
  assertEquals([...topics[0]!.presence.members.keys()], NAMES);
  assertEquals(({} as AnyFrame).polluted, undefined);
});
