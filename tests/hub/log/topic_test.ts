import {
  assert,
  assertEquals,
  assertNotStrictEquals,
  assertStrictEquals,
} from "@std/assert";
import { DEFAULT_TOPIC } from "../../../hub/log/topic_options.ts";
import { Topic } from "../../../hub/log/topic.ts";
import { records } from "./records.ts";

/** A topic whose log has records 10 to 19. */
function topicOf10To19(deep = false): Topic {
  const topic = new Topic(
    "room",
    { ...DEFAULT_TOPIC, maxRecords: 10 },
    deep,
    0,
  );
  topic.open({ epoch: "now", tail: 0, head: 0 });
  topic.append(records(..."abcdefghijklmnopqrst"), 0);
  topic.ring.trim(topic.settings, 0);
  return topic;
}

/** docs/protocol.md, "Topics". */
const STARTS = [
  ["nothing asked for: from now", {}, 20, true],
  ["the last 3", { last: 3 }, 17, true],
  ["the last 0: from now", { last: 0 }, 20, true],
  ["the last 10: all there is", { last: 10 }, 10, true],
  ["the last 50, with 10 there: all there is", { last: 50 }, 10, true],
  ["the same epoch, in the middle", { epoch: "now", offset: 15 }, 15, true],
  ["the same epoch, at the tail", { epoch: "now", offset: 10 }, 10, true],
  ["the same epoch, at the head", { epoch: "now", offset: 20 }, 20, true],
  ["the same epoch, one below the tail", { epoch: "now", offset: 9 }, 9, false],
  ["the same epoch, at 0", { epoch: "now", offset: 0 }, 0, false],
  ["the same epoch, above the head", { epoch: "now", offset: 21 }, 10, false],
  ["another epoch", { epoch: "then", offset: 15 }, 10, false],
  ["another epoch, below the tail", { epoch: "then", offset: 2 }, 10, false],
  ["another epoch, above the head", { epoch: "then", offset: 99 }, 10, false],
] as const;

for (const [words, start, offset, recovered] of STARTS) {
  Deno.test(`starts a cursor ${words}`, () => {
    assertEquals(topicOf10To19().startOf(start), {
      epoch: "now",
      offset,
      recovered,
      head: 20,
    });
  });
}

Deno.test("starts a cursor below the ring, if the store has the records", () => {
  const topic = topicOf10To19(true);
  assertEquals(topic.log.tail, 0);
  assertEquals(topic.startOf({ epoch: "now", offset: 2 }).recovered, true);
  assertEquals(topic.startOf({ last: 15 }).offset, 5);
  topic.log.trimmed(4);
  assertEquals(topic.startOf({ epoch: "now", offset: 2 }).recovered, false);
  assertEquals(topic.startOf({ epoch: "then", offset: 2 }).offset, 4);
});

Deno.test("starts a cursor in a log that was trimmed to empty", () => {
  const topic = topicOf10To19();
  topic.ring.trim(topic.settings, 1e9);
  assertEquals([topic.log.tail, topic.ring.head], [20, 20]);
  const at = (offset: number) => topic.startOf({ epoch: "now", offset });
  assertEquals([at(20).offset, at(20).recovered], [20, true]);
  assertEquals([at(19).offset, at(19).recovered], [19, false]);
  assertEquals(topic.startOf({ last: 5 }).offset, 20);
});

Deno.test("cursors at the same offset share one encoded batch", () => {
  const topic = topicOf10To19();
  assertStrictEquals(topic.batch(12), topic.batch(12));
  assertEquals(topic.batch(13).from, 13);
});

Deno.test("encodes a batch again after records were appended", () => {
  const topic = topicOf10To19();
  const before = topic.batch(12);
  topic.append(records("u"), 0);
  assertNotStrictEquals(topic.batch(12), before);
  assertEquals(topic.batch(12).to, 21);
});

Deno.test("runs functions that wait for the log in order, and within the call once it is open", () => {
  const topic = new Topic("room", DEFAULT_TOPIC, false, 0);
  const ran: string[] = [];
  topic.whenOpen(() => ran.push("first"));
  topic.whenOpen(() => ran.push("second"));
  assertEquals(ran, []);
  topic.open({ epoch: "e", tail: 4, head: 4 });
  assertEquals(ran, ["first", "second"]);
  topic.whenOpen(() => ran.push("third"));
  assertEquals(ran, ["first", "second", "third"]);
  assertEquals([topic.log.tail, topic.ring.head, topic.log.epoch], [4, 4, "e"]);
});

Deno.test("opened resolves when the log is open", async () => {
  const topic = new Topic("room", DEFAULT_TOPIC, false, 0);
  const { opened } = topic;
  topic.open({ epoch: "e", tail: 0, head: 0 });
  await opened;
  assert(topic.log.epoch === "e");
});

Deno.test("a record resets the time since which the topic is idle", () => {
  const topic = topicOf10To19();
  topic.append(records("x"), 500);
  assertEquals(topic.idleSince, 500);
});
