import { assertEquals } from "@std/assert";
import { PROTOCOL } from "../../../messages.ts";
import { RawPeer } from "../../raw_peer.ts";
import { WirePeer } from "../wire_peer.ts";
import { underAttack } from "./under_attack.ts";

/** Sends 10,000 frames with ids from 1, 250 from each of 40 peers of one address. Returns the number of each answer. */
async function sendMany(
  port: number,
  frame: (id: number) => object,
  between: () => Promise<void>,
): Promise<Map<string, number>> {
  const answers = new Map<string, number>();
  for (let id = 1; id <= 10_000;) {
    const peer = await WirePeer.v1(port, { topics: {} });
    await peer.next();
    for (const end = id + 250; id < end; id++) peer.send(frame(id));
    for (let answered = 0; answered < 250;) {
      const { type, code = type } = await peer.next();
      // The hub probes whether the peer reads its answers.
      if (type === "ping") peer.send({ type: "pong" });
      else {
        answered++;
        answers.set(code, (answers.get(code) ?? 0) + 1);
      }
    }
    await peer[Symbol.asyncDispose]();
    if (id % 2_000 === 1) await between();
  }
  return answers;
}

// The topic of the bystanders counts for the same address.
underAttack(
  "subscribing to 10,000 unknown topics",
  async (port, bystanders) => {
    const answers = await sendMany(
      port,
      (id) => ({ type: "subscribe", id, topic: `unknown:${id}` }),
      () => bystanders.chat(),
    );
    assertEquals([...answers], [["subscribed", 999], ["limit", 9_001]]);
  },
);

underAttack("publishing to 10,000 unknown topics", async (port, bystanders) => {
  const answers = await sendMany(
    port,
    (id) => ({
      type: "publish",
      id,
      topic: `unknown:${id}`,
      message: { type: "load" },
    }),
    () => bystanders.chat(),
  );
  assertEquals(answers.get("ack"), 999);
  assertEquals(answers.get("limit"), 9_001);
});

underAttack(
  "keys and names with a meaning in JavaScript",
  async (port) => {
    const plain = await WirePeer.plain(port);
    const v1 = await WirePeer.v1(
      port,
      JSON.parse(
        '{"topics":{"__proto__":{},"lobby":{},"constructor":{"__proto__":{"last":5}}},"__proto__":{"session":"x"}}',
      ),
    );
    const start = await v1.next();
    assertEquals(Object.keys(start.topics), [
      "__proto__",
      "lobby",
      "constructor",
    ]);
    const message =
      '{"type":"constructor","__proto__":{"polluted":1},"toString":1}';
    plain.send(message);
    assertEquals(JSON.stringify(await plain.next()), message);
    v1.send(
      `{"type":"publish","id":1,"topic":"__proto__","message":${message}}`,
    );
    const frames = await v1.until(({ topic }) => topic === "__proto__");
    assertEquals(JSON.stringify(frames.at(-1).messages[0].message), message);
    v1.send('{"type":"__proto__","id":2}');
    assertEquals(
      (await v1.until(({ type }) => type === "error")).at(-1).code,
      "unsupported",
    );
    for (const peer of [plain, v1]) await peer[Symbol.asyncDispose]();
  },
);

underAttack("JSON with 30,000 nesting levels", async (port) => {
  const deep = "[".repeat(30_000) + "]".repeat(30_000);
  using plain = await RawPeer.connect(port);
  assertEquals((await plain.json()).type, "start");
  await plain.send(`{"type":"chat","text":"x","a":${deep}}`);
  assertEquals((await plain.json()).code, "invalid");
  using v1 = await RawPeer.connect(port, { protocol: PROTOCOL });
  await v1.sendJson({ type: "hello", topics: {} });
  assertEquals((await v1.json()).type, "start");
  for (
    const fields of [
      `"type":"publish","id":1,"topic":"a","message":{"type":"a","a":${deep}}`,
      `"type":"request","id":1,"method":"a","data":${deep}`,
      `"type":"subscribe","id":1,"topic":"a","presence":true,"data":${deep}`,
    ]
  ) {
    await v1.send(`{${fields}}`);
    const { id, code } = await v1.json();
    assertEquals([id, code], [1, "invalid"]);
  }
});
