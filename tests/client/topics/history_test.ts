import { assertEquals, assertRejects } from "@std/assert";
import { DrumbeatError } from "../../../client.ts";
import { defineMessages } from "../../../messages.ts";
import { type AnyFrame, handshake, harness, record } from "../harness.ts";

const chat = { from: "you", at: 1, message: { type: "chat", text: "a" } };

Deno.test("history returns records and the offset of the next part", async () => {
  using h = harness();
  const lobby = h.client.topic("lobby");
  handshake(h.net.last);
  const [part, more] = [lobby.history(), lobby.history({ from: 7, limit: 2 })];
  assertEquals(h.net.last.take(), [
    { type: "history", id: 1, topic: "lobby", from: 0, limit: 100 },
    { type: "history", id: 2, topic: "lobby", from: 7, limit: 2 },
  ]);
  const records = [chat, { from: "you", at: 2, binary: "AQI=" }];
  h.net.last.emit({
    type: "reply",
    id: 1,
    data: { epoch: "e1", offset: 5, tail: 5, head: 9, records },
  });
  h.net.last.emit({
    type: "reply",
    id: 2,
    data: { epoch: "e1", offset: 7, tail: 5, head: 9, records: [] },
  });
  assertEquals(await part, {
    ...{ epoch: "e1", offset: 5, tail: 5, head: 9, next: 7 },
    records: [
      { kind: "record", topic: "lobby", ...chat, offset: 5, own: false },
      {
        kind: "binary",
        topic: "lobby",
        from: "you",
        at: 2,
        offset: 6,
        own: false,
        payload: new Uint8Array([1, 2]),
      },
    ],
  } as AnyFrame);
  assertEquals([(await more).next, (await more).records], [7, []]);
  assertEquals(lobby.position, { epoch: "e1", offset: 0 });
});

Deno.test("history omits a record that the contract refuses, and dispatches an invalid event", async () => {
  const contract = defineMessages({
    chat: (value): value is { text: string } =>
      typeof (value as { text?: unknown }).text === "string",
  });
  using h = harness({ contract });
  const invalid = record(h.client, "invalid");
  handshake(h.net.last);
  const part = h.client.topic("lobby").history();
  const records = [{ from: "you", at: 1, message: { type: "old" } }, chat];
  h.net.last.emit({
    type: "reply",
    id: 1,
    data: { epoch: "e1", offset: 0, tail: 0, head: 2, records },
  });
  assertEquals(
    [(await part).records.length, (await part).next, invalid.length],
    [1, 2, 1],
  );
});

for (
  const [what, data] of [
    ["nothing", undefined],
    ["no object", 5],
    ["no epoch", { offset: 0, tail: 0, head: 0, records: [] }],
    ["no offset", { epoch: "e", tail: 0, head: 0, records: [] }],
    ["no tail", { epoch: "e", offset: 0, head: 0, records: [] }],
    ["a negative head", {
      epoch: "e",
      offset: 0,
      tail: 0,
      head: -1,
      records: [],
    }],
    ["no records", { epoch: "e", offset: 0, tail: 0, head: 0 }],
    ["a record that is null", {
      epoch: "e",
      offset: 0,
      tail: 0,
      head: 1,
      records: [null],
    }],
    ["bytes that are not base64", {
      ...{ epoch: "e", offset: 0, tail: 0, head: 1 },
      records: [{ from: "you", at: 1, binary: "%" }],
    }],
  ] as const
) {
  Deno.test(`rejects an answer with ${what} as malformed`, async () => {
    using h = harness();
    handshake(h.net.last);
    const part = h.client.topic("lobby").history();
    h.net.last.emit({ type: "reply", id: 1, data });
    assertEquals(
      (await assertRejects(() => part, DrumbeatError)).code,
      "malformed",
    );
  });
}
