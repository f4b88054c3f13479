import { assert, assertEquals, assertMatch } from "@std/assert";
import fc from "fast-check";
import { PROTOCOL } from "../../messages.ts";
import { encodeFrame, rawHttp, RawPeer } from "../raw_peer.ts";
import { SpawnedServer, startOver } from "./spawned.ts";
import { test } from "./transports.ts";
import { type AnyFrame, WirePeer } from "./wire_peer.ts";

const MIB = 1024 * 1024;

/** What a refusal may close with: docs/protocol.md, "Close codes"; and what the runtime closes with before we see it. */
const CLOSES = [1002, 1005, 1006, 1007, 1009, 4002, 4500];

/** Two peers that talk to each other in a topic of their own, and must not notice what happens elsewhere. */
class Bystanders implements AsyncDisposable {
  readonly #a: WirePeer;
  readonly #b: WirePeer;
  #next = 0;

  constructor(a: WirePeer, b: WirePeer) {
    this.#a = a;
    this.#b = b;
  }

  static async in({ port }: SpawnedServer): Promise<Bystanders> {
    const topics = { quiet: {} };
    const [a, b] = [
      await WirePeer.v1(port, { topics }),
      await WirePeer.v1(port, { topics }),
    ];
    for (const peer of [a, b]) await peer.next();
    return new Bystanders(a, b);
  }

  /** One says something; both hear it, and nothing else has come to them meanwhile. */
  async talk(): Promise<void> {
    const n = this.#next++;
    this.#a.send({
      type: "publish",
      id: n + 1,
      topic: "quiet",
      message: { type: "chat", text: `${n}` },
    });
    for (const peer of [this.#a, this.#b]) {
      const frames = await peer.until(({ type }) => type === "batch");
      const records = frames.filter(({ type }) =>
        type !== "ping" && type !== "ack"
      );
      assertEquals(
        records.map((
          { offset, messages }: AnyFrame,
        ) => [offset, messages.length, messages[0].message.text]),
        [
          [n, 1, `${n}`],
        ],
      );
      peer.send({ type: "ack", frames: n + 1 });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const peer of [this.#a, this.#b]) await peer[Symbol.asyncDispose]();
  }
}

/**
 * Runs an attack on a server in a process of its own, with bystanders who talk before and after it: over each transport.
 */
function underAttack(
  words: string,
  attack: (port: number, bystanders: Bystanders) => Promise<void>,
): void {
  test(`${words}: the process lives, and others notice nothing`, async ({ transport }) => {
    await using server = await SpawnedServer.start(startOver(transport));
    await using bystanders = await Bystanders.in(server);
    await bystanders.talk();
    await attack(server.port, bystanders);
    await bystanders.talk();
    const health = await fetch(`http://127.0.0.1:${server.port}/healthz`);
    assertEquals(await health.text(), "ok\n");
    server.signal("SIGTERM");
    const { code, stderr } = await server.ended;
    assertEquals([code, stderr], [0, ""]);
  });
}

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
  let others = 0;
  // What one of them may send at once.
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
      } else others++;
    }
    await peer[Symbol.asyncDispose]();
  }
  assert(errors > 500 && others > 100);
});

underAttack(
  "random text and bytes, drumbeat.v1, a connection each",
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
      // If it is a frame, it is answered; then this is one too many.
      peer.send({ type: "hello" });
      peer.send({ type: "hello" });
      return (await peer.closed).code;
    }));
    assertEquals(codes.filter((code) => code !== 4500), []);
  },
);

underAttack("bytes that are no WebSocket frames", async (port) => {
  const noise = fc.sample(
    fc.uint8Array({ minLength: 21, maxLength: 300, size: "max" }),
    { numRuns: 40, seed: 3 },
  ).map((bytes) => new Uint8Array(bytes));
  const broken = [
    Uint8Array.of(0xff, 0xff, 0xff),
    // A reserved bit, a reserved opcode, a close frame of one byte, a ping of 126 bytes, a frame of 2^63 bytes.
    Uint8Array.of(0xc1, 0x80, 0, 0, 0, 0),
    encodeFrame(3, new Uint8Array(0)),
    encodeFrame(8, Uint8Array.of(3)),
    encodeFrame(9, new Uint8Array(126)),
    Uint8Array.of(
      0x82,
      0xff,
      0x7f,
      0xff,
      0xff,
      0xff,
      0xff,
      0xff,
      0xff,
      0xff,
      1,
      2,
      3,
      4,
    ),
    // Text that is no UTF-8, and a continuation of nothing.
    encodeFrame(1, Uint8Array.of(0xff, 0xfe)),
    encodeFrame(0, new Uint8Array(3)),
  ];
  for (const [i, bytes] of [...broken, ...noise].entries()) {
    using peer = await RawPeer.connect(
      port,
      i % 2 === 0 ? {} : { protocol: PROTOCOL },
    );
    await peer.write(bytes);
    // Some bytes happen to be the beginning of a frame: an end of the stream is all that can follow.
    if (i >= broken.length) peer.drop();
    else assert(CLOSES.includes(await peer.closeCode()), `frame ${i}`);
  }
});

underAttack("requests that are no HTTP", async (port) => {
  for (
    const request of [
      "\r\n\r\n",
      "GET\r\n\r\n",
      `GET /${"x".repeat(100_000)} HTTP/1.1\r\n\r\n`,
      "\0\0\0\0\r\n\r\n",
      "GET / HTTP/9.9\r\n\r\n",
    ]
  ) {
    await rawHttp(port, request).catch(() => "");
  }
  assertMatch(
    await rawHttp(
      port,
      "GET / HTTP/1.1\r\nHost: %%%\r\nConnection: close\r\n\r\n",
    ),
    /^HTTP\/1.1 400/,
  );
});

for (const protocol of [undefined, PROTOCOL]) {
  const options = protocol === undefined ? {} : { protocol };
  const dialect = protocol ?? "plain";

  underAttack(`a frame of 1 MiB, ${dialect}`, async (port) => {
    for (const opcode of [1, 2]) {
      using peer = await RawPeer.connect(port, options);
      await peer.write(encodeFrame(opcode, new Uint8Array(MIB).fill(97)));
      assertEquals(await peer.closeCode(), 1009);
    }
  });

  underAttack(`1 MiB in fragments, ${dialect}`, async (port) => {
    using peer = await RawPeer.connect(port, options);
    const part = new Uint8Array(64 * 1024).fill(97);
    for (let i = 0; i < 16; i++) {
      await peer.write(encodeFrame(i === 0 ? 1 : 0, part, i === 15));
    }
    assertEquals(await peer.closeCode(), 1009);
  });
}

/** Sends 10,000 frames with ids from 1 on, 250 from each of 40 peers of one address. @returns how many had which answer. */
async function fromMany(
  port: number,
  frame: (id: number) => object,
  talk: () => Promise<void>,
): Promise<Map<string, number>> {
  const answers = new Map<string, number>();
  for (let id = 1; id <= 10_000;) {
    const peer = await WirePeer.v1(port, { topics: {} });
    await peer.next();
    for (const end = id + 250; id < end; id++) peer.send(frame(id));
    for (let answered = 0; answered < 250;) {
      const { type, code = type } = await peer.next();
      // The hub asks whether all that is taken in.
      if (type === "ping") peer.send({ type: "pong" });
      else {
        answered++;
        answers.set(code, (answers.get(code) ?? 0) + 1);
      }
    }
    await peer[Symbol.asyncDispose]();
    if (id % 2_000 === 1) await talk();
  }
  return answers;
}

// The bystanders' topic, of the same address, counts.
underAttack(
  "subscribing to 10,000 unknown topics",
  async (port, bystanders) => {
    const answers = await fromMany(
      port,
      (id) => ({ type: "subscribe", id, topic: `unknown:${id}` }),
      () => bystanders.talk(),
    );
    assertEquals([...answers], [["subscribed", 999], ["limit", 9_001]]);
  },
);

underAttack("publishing to 10,000 unknown topics", async (port, bystanders) => {
  const answers = await fromMany(
    port,
    (id) => ({
      type: "publish",
      id,
      topic: `unknown:${id}`,
      message: { type: "load" },
    }),
    () => bystanders.talk(),
  );
  assertEquals(answers.get("ack"), 999);
  assertEquals(answers.get("limit"), 9_001);
});

underAttack(
  "keys and names that mean something to JavaScript",
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

underAttack("JSON that nests 30,000 deep", async (port) => {
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

underAttack("peers that vanish in the middle of everything", async (port) => {
  for (let i = 0; i < 60; i++) {
    const peer = await RawPeer.connect(
      port,
      i % 2 === 0 ? {} : { protocol: PROTOCOL },
    );
    if (i % 3 === 0) await peer.sendJson({ type: "hello" });
    if (i % 4 === 0) {
      await peer.write(encodeFrame(1, new Uint8Array(1_000)).subarray(0, 100));
    }
    if (i % 5 === 0) await peer.close(1000);
    peer.drop();
  }
});
