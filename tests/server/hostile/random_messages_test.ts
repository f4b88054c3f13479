import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { PROTOCOL } from "../../../messages.ts";
import { WirePeer } from "../wire_peer.ts";
import { underAttack } from "./under_attack.ts";

const binary = fc.uint8Array({ maxLength: 300, size: "max" }).map((bytes) =>
  new Uint8Array(bytes)
);
const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 300, size: "max" }),
  fc.json(),
  fc.constantFrom(
    "",
    "{",
    "[]",
    "null",
    "{}",
    '{"type":null}',
    '{"type":"hello"',
    "\0",
    "\ufeff",
    '{"__proto__":{"type":"ping"}}',
    '{"type":"publish","id":1,"topic":"__proto__","message":{"type":"a","__proto__":{"x":1}}}',
  ),
);
const frame = fc.tuple(
  fc.constantFrom(
    "hello",
    "ping",
    "pong",
    "publish",
    "ack",
    "subscribe",
    "unsubscribe",
    "request",
    "presence",
    "history",
    "start",
    "constructor",
  ),
  fc.dictionary(
    fc.constantFrom(
      "id",
      "topic",
      "message",
      "frames",
      "time",
      "last",
      "epoch",
      "offset",
      "data",
      "method",
      "from",
      "limit",
      "__proto__",
    ),
    fc.jsonValue(),
  ),
).map(([type, fields]) => JSON.stringify({ type, ...fields }));

underAttack("random text and bytes, plain", async (port) => {
  const noise = fc.sample(fc.oneof(binary, text, frame), {
    numRuns: 2_000,
    seed: 1,
  });
  let errors = 0;
  let messages = 0;
  // One connection may send 500 at once.
  for (let i = 0; i < noise.length; i += 500) {
    const peer = await WirePeer.plain(port);
    for (const data of noise.slice(i, i + 500)) peer.send(data);
    peer.send({ type: "the.end" });
    for (const frame of await peer.until(({ type }) => type === "the.end")) {
      if (frame.type === "error") {
        assert(
          ["malformed", "invalid", "unsupported", "limit"].includes(frame.code),
          frame.code,
        );
        errors++;
      } else messages++;
    }
    await peer[Symbol.asyncDispose]();
  }
  assert(errors > 500 && messages > 100);
});

underAttack(
  "random text and bytes, drumbeat.v1, one per connection",
  async (port) => {
    const noise = fc.sample(fc.oneof(binary, text, frame), {
      numRuns: 150,
      seed: 2,
    });
    const codes = await Promise.all(noise.map(async (data, i) => {
      const peer = await WirePeer.open(`ws://127.0.0.1:${port}/ws`, PROTOCOL);
      if (i % 2 === 0) {
        peer.send({ type: "hello", topics: {} });
        await peer.next();
      }
      peer.send(data);
      // A valid frame is answered. A second hello closes the connection.
      peer.send({ type: "hello" });
      peer.send({ type: "hello" });
      return (await peer.closed).code;
    }));
    assertEquals(codes.filter((code) => code !== 4500), []);
  },
);
