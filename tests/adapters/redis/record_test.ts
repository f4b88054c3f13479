import { Buffer } from "node:buffer";
import { assertEquals } from "@std/assert";
import { RedisKeys, sessionHash } from "../../../adapters/redis/keys.ts";
import {
  packRecord,
  unpackRecord,
  unpackRun,
} from "../../../adapters/redis/record.ts";
import { LogRecord } from "../../../hub/log/record.ts";

const bytes = (packed: string | Buffer) => Buffer.from(packed as string);

Deno.test("unpacks a record as it was packed: text or bytes, with or without a key", () => {
  const bodies = ["", "grüße\n🥁", Uint8Array.of(), Uint8Array.of(10, 0, 255)];
  for (const body of bodies) {
    for (const key of [undefined, "", 'a "key"\nof two lines']) {
      const record = new LogRecord("$hub", 1_700_000_000_000, 5, body, key);
      assertEquals(unpackRecord(bytes(packRecord(record)), 5), record);
    }
  }
});

Deno.test("unpacks an announced run by the lengths of its records in bytes", () => {
  const records = ["grüße", "", "🥁"].map((body) =>
    new LogRecord("AAAAAAAAAAAA", 1, 5, body)
  );
  const packed = records.map((record) => bytes(packRecord(record)));
  const lengths = packed.map(({ length }) => length).join(",");
  const packedRun = Buffer.concat([
    Buffer.from(`writer epoch 7 3 ${lengths}\n`),
    ...packed,
  ]);
  assertEquals(unpackRun(packedRun, 5), {
    writer: "writer",
    epoch: "epoch",
    offset: 7,
    tail: 3,
    records,
  });
});

Deno.test("names the keys of a topic with one hash tag, for any topic name", () => {
  const keys = new RedisKeys("app:");
  const tag = (key: string) => /\{(.*?)\}/.exec(key)?.[1];
  for (const topic of ["room", "a{b}c", "}", "100%7D", "$peer/x"]) {
    const names = [
      keys.log(topic),
      keys.records(topic),
      keys.marks(topic),
      keys.last(topic, "w"),
      keys.outcomes(topic, "AAAAAAAAAAAA.secret"),
      keys.channel(topic),
    ];
    assertEquals(new Set(names.map(tag)).size, 1);
    assertEquals(new Set(names).size, names.length);
  }
  const logs = ["}", "%7D", "%257D"].map((topic) => keys.log(topic));
  assertEquals(new Set(logs).size, 3);
});

Deno.test("keeps the secret of a session out of every key", () => {
  const keys = new RedisKeys("app:");
  const session = "AAAAAAAAAAAA.thesecretofthesession000";
  for (const key of [keys.session(session), keys.outcomes("room", session)]) {
    assertEquals(key.includes("secret"), false);
  }
  assertEquals(sessionHash(session).length, 24);
});
