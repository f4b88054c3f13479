import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { WebClock } from "../../../adapters/clock_web.ts";
import {
  RedisStore,
  type RedisStoreOptions,
} from "../../../adapters/redis/store.ts";
import { sessionHash } from "../../../adapters/redis/keys.ts";
import type { Clock } from "../../../hub/clock.ts";
import { LogRecord } from "../../../hub/log/record.ts";
import type { Entry, Outcome } from "../../../hub/log/store.ts";
import { FaultProxy } from "../../faults/proxy.ts";
import { FakeClock } from "../../hub/fake_clock.ts";
import { RedisServer, redisTest } from "./redis_server.ts";
import { bodies, StoreRecorder } from "../store_recorder.ts";

const SESSION = "AAAAAAAAAAAA.BBBBBBBBBBBBBBBBBBBBBBBB";

function entry(body: string, id?: number, topic = "room"): Entry {
  const record = new LogRecord("AAAAAAAAAAAA", 1, performance.now(), body);
  return id === undefined
    ? { topic, record }
    : { topic, record, session: SESSION, id };
}

/** A node: a store, and what it told. */
class Node implements AsyncDisposable {
  readonly clock: Clock;
  readonly store: RedisStore;
  readonly sink: StoreRecorder = new StoreRecorder();

  constructor(
    url: string,
    options: RedisStoreOptions = {},
    clock: Clock = new WebClock(),
  ) {
    this.clock = clock;
    this.store = new RedisStore(url, clock, options);
    this.store.connect(this.sink);
  }

  async open(topic = "room"): Promise<void> {
    this.store.open(topic);
    await this.sink.until(() => this.sink.bounds.has(topic));
  }

  /** Appends entries. @returns their outcomes: an offset, or the code of an error. */
  async append(...entries: Entry[]): Promise<(number | string)[]> {
    this.store.append(entries);
    return await this.outcomes(...entries);
  }

  async outcomes(...entries: Entry[]): Promise<(number | string)[]> {
    await this.sink.until(() =>
      entries.every((entry) => this.sink.outcomes.has(entry))
    );
    return entries.map((entry) => shown(this.sink.outcomes.get(entry)!));
  }

  /** Resolves when the log of a topic has so many records. */
  async has(count: number, topic = "room"): Promise<void> {
    await this.sink.until(() => this.sink.logs.get(topic)?.size === count);
  }

  /** Resolves when it is in another epoch. */
  async moved(epoch: string, topic = "room"): Promise<void> {
    await this.sink.until(() => this.epoch(topic) !== epoch);
  }

  epoch(topic = "room"): string {
    return this.sink.bounds.get(topic)!.epoch;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.store[Symbol.asyncDispose]();
    this.clock.close();
  }
}

function shown(outcome: Outcome): number | string {
  return "offset" in outcome ? outcome.offset : outcome.code;
}

/** A Redis behind a network that fails. */
class Wire implements AsyncDisposable {
  readonly redis: RedisServer;
  readonly proxy: FaultProxy;

  constructor(redis: RedisServer) {
    this.redis = redis;
    this.proxy = new FaultProxy({ port: redis.port });
  }

  static async start(...args: string[]): Promise<Wire> {
    return new Wire(await RedisServer.start(...args));
  }

  get url(): string {
    return `redis://127.0.0.1:${this.proxy.port}`;
  }

  /** Resolves when Redis, asked again and again, answers so. */
  async until(expected: unknown, ...command: string[]): Promise<void> {
    while (await this.redis.command(...command) !== expected);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.proxy[Symbol.asyncDispose]();
    await this.redis[Symbol.asyncDispose]();
  }
}

const RECORDS = "drumbeat:{room}:records";
const LOG = "drumbeat:{room}:log";

redisTest(
  "an append whose answer was lost with the connection is sent again, and lands once",
  async () => {
    await using wire = await Wire.start();
    await using node = new Node(wire.url);
    await node.open();
    assertEquals(await node.append(entry("a")), [0]);
    for (const { down } of wire.proxy.links) down.freeze();
    const [b, c] = [entry("b"), entry("c", 7)];
    node.store.append([b, c]);
    await wire.until(3, "XLEN", RECORDS);
    wire.proxy.disconnectAll();
    assertEquals(await node.outcomes(b, c), [1, 2]);
    assertEquals(await node.append(entry("d"), entry("c again", 7)), [3, 2]);
    assertEquals(await wire.redis.command("XLEN", RECORDS), 4);
    assertEquals(
      bodies(node.sink.logs.get("room")).map(([, body]) => body),
      ["a", "b", "c", "d"],
    );
    // They are the records that were given to it, not copies.
    assertEquals(node.sink.logs.get("room")!.get(1), b.record);
    assert(node.sink.logs.get("room")!.get(1) === b.record);
  },
);

redisTest(
  "what was sent and not answered in time ends with unknown, what was never sent with unavailable, and what landed is told",
  async () => {
    await using wire = await Wire.start();
    await using node = new Node(wire.url, { waitMs: 400, hangMs: 1e6 });
    await node.open();
    await node.append(entry("a"));
    for (const link of wire.proxy.links) link.down.freeze();
    const [sent, unsent] = [entry("sent"), entry("unsent")];
    node.store.append([sent]);
    await wire.until(2, "XLEN", RECORDS);
    node.store.append([unsent]);
    assertEquals(await node.outcomes(sent, unsent), [
      "indeterminate",
      "unavailable",
    ]);
    wire.proxy.disconnectAll();
    await node.has(2);
    assertEquals(await node.append(entry("b")), [2]);
    assertEquals(
      bodies(node.sink.logs.get("room")).map(([, body]) => body),
      ["a", "sent", "b"],
    );
  },
);

redisTest(
  "a server that hangs is found out: its connection is made anew, and what waited goes on",
  async () => {
    await using wire = await Wire.start();
    await using node = new Node(wire.url, { hangMs: 600, waitMs: 30_000 });
    await node.open();
    for (const link of wire.proxy.links) link.freeze();
    assertEquals(await node.append(entry("a")), [0]);
    assertEquals(node.sink.failures.length, 1);
    assert(`${node.sink.failures[0]}`.includes("No answer for 600 ms"));
  },
);

redisTest(
  "a database that was emptied is another log, and nothing of the old one is in it",
  async () => {
    await using wire = await Wire.start();
    await using node = new Node(wire.url);
    await using other = new Node(wire.url);
    for (const one of [node, other]) await one.open();
    await node.append(entry("a"), entry("b"));
    const epoch = node.epoch();
    await wire.redis.command("FLUSHALL");
    // The first one of a session may be one that is sent again, and was in the log that is gone.
    const outcomes = await node.append(entry("c", 1), entry("d"));
    assertEquals(outcomes, ["indeterminate", 0]);
    assertNotEquals(node.epoch(), epoch);
    await other.moved(epoch);
    assertEquals(other.epoch(), node.epoch());
    const { records } = await other.store.read("room", 0, 1e6);
    assertEquals(records.map(({ body }) => body), ["d"]);
  },
);

redisTest(
  "a log that nobody publishes to is found to be another one, too",
  async () => {
    await using wire = await Wire.start();
    await using node = new Node(wire.url);
    await node.open();
    const epoch = node.epoch();
    await wire.redis.command("FLUSHALL");
    await node.moved(epoch);
  },
);

redisTest(
  "a Redis that was killed and comes back empty is another log; what waited meanwhile is in it",
  async () => {
    await using redis = await RedisServer.start();
    await using node = new Node(redis.url, { waitMs: 30_000 });
    await node.open();
    await node.append(entry("a"));
    const epoch = node.epoch();
    await redis.kill();
    await node.sink.until(() => !node.store.healthy);
    const waiting = entry("b", undefined, "other");
    node.store.append([waiting]);
    await redis.start();
    assertEquals(await node.outcomes(waiting), [0]);
    await node.moved(epoch);
    assertEquals(await node.append(entry("c")), [0]);
    assertNotEquals(node.epoch(), epoch);
  },
);

for (const durability of ["relaxed", "full"] as const) {
  redisTest(
    `a Redis that kept everything over its end: with durability ${durability} the logs are ${
      durability === "full" ? "the same" : "new"
    }, and so are the sessions`,
    async () => {
      await using redis = await RedisServer.start(
        ...["--appendonly", "yes", "--appendfsync", "always"],
      );
      await using node = new Node(redis.url, { durability });
      await node.open();
      node.store.begin(SESSION);
      assertEquals(await node.append(entry("a", 1)), [0]);
      const epoch = node.epoch();
      await redis.kill();
      await redis.start();
      const isFull = durability === "full";
      await using other = new Node(redis.url, { durability });
      await other.open();
      assertEquals(other.epoch() === epoch, isFull);
      assertEquals(await other.store.claim(SESSION), isFull);
      // How it ended is known, but not that it is in this log.
      assertEquals(await other.append(entry("a", 1)), [
        isFull ? 0 : "indeterminate",
      ]);
      assertEquals(other.sink.logs.has("room"), false);
      if (!isFull) await node.moved(epoch);
      else {
        await node.append(entry("b"));
        assertEquals(node.epoch(), epoch);
      }
    },
  );
}

redisTest(
  "a head that went back is another log: no offset is given twice",
  async () => {
    await using wire = await Wire.start();
    await using node = new Node(wire.url);
    await node.open();
    await node.append(entry("a"), entry("b"), entry("c"));
    const epoch = node.epoch();
    await wire.redis.command("XTRIM", RECORDS, "MAXLEN", "1");
    await wire.redis.command("HSET", LOG, "head", "1");
    assertEquals(await node.append(entry("d", 1)), ["indeterminate"]);
    assertNotEquals(node.epoch(), epoch);
    assertEquals(await node.append(entry("e")), [0]);
  },
);

redisTest(
  "a node whose subscription was cut reads what it was not told, in order",
  async () => {
    await using wire = await Wire.start();
    await using node = new Node(wire.redis.url);
    await using follower = new Node(wire.url);
    await node.open();
    await follower.open();
    await node.append(entry("a"));
    await follower.has(1);
    for (let i = 0; i < 20; i++) {
      if (i % 5 === 0) {
        await wire.redis.command("CLIENT", "KILL", "TYPE", "pubsub");
      }
      await node.append(entry(`${i}`), entry(`${i}!`));
    }
    await follower.has(41);
    assertEquals(
      bodies(follower.sink.logs.get("room")),
      bodies(node.sink.logs.get("room")),
    );
  },
);

redisTest(
  "an append is for the log that its node knows, and for no other",
  async () => {
    await using redis = await RedisServer.start();
    await using node = new Node(redis.url);
    await node.open();
    await node.append(entry("a"));
    // Another node found that the log was lost, and this one has not heard of it.
    await redis.command("HSET", LOG, "epoch", "another", "head", "9");
    assertEquals(await node.append(entry("b", 1), entry("c")), [
      "indeterminate",
      9,
    ]);
    assertEquals(node.epoch(), "another");
  },
);

redisTest(
  "records whose news was lost are read when others come after them",
  async () => {
    await using redis = await RedisServer.start();
    await using node = new Node(redis.url);
    // Its time stands still: nothing is looked for, but what the test waits for.
    const clock = new FakeClock();
    await using follower = new Node(redis.url, { hangMs: 1e9 }, clock);
    await node.open();
    await follower.open();
    await node.append(entry("a"));
    await follower.has(1);
    // The first look is behind it, and the next one 5 seconds away.
    clock.advance(1_000);
    await follower.store.claim(SESSION);
    await redis.command("HSET", LOG, "head", "2");
    await redis.command("XADD", RECORDS, "2-0", "r", '["x",1]\nuntold');
    assertEquals(await node.append(entry("b")), [2]);
    // It may hear of it only after the time was moved on.
    while (follower.sink.logs.get("room")!.size < 3 && clock.now() < 6_000) {
      clock.advance(100);
      await redis.command("PING");
    }
    assertEquals(
      bodies(follower.sink.logs.get("room")).map(([, body]) => body),
      ["a", "untold", "b"],
    );
  },
);

redisTest(
  "a new connection begins with a look at what the one before did not tell",
  async () => {
    await using redis = await RedisServer.start();
    await using node = new Node(redis.url);
    const clock = new FakeClock();
    await using follower = new Node(redis.url, { hangMs: 1e9 }, clock);
    await node.open();
    await follower.open();
    await redis.command("CLIENT", "KILL", "TYPE", "pubsub");
    await follower.sink.until(() => follower.sink.failures.length > 0);
    await node.append(entry("a"));
    // The wait before the next connection, and no more.
    clock.advance(50);
    await follower.has(1);
  },
);

redisTest(
  "an old word about a claim does not end a session that came back",
  async () => {
    await using redis = await RedisServer.start();
    await using node = new Node(redis.url);
    await node.open();
    node.store.begin(SESSION);
    assertEquals(await node.store.claim(SESSION), true);
    const hash = sessionHash(SESSION);
    const [channel] = await redis.command<string[]>(
      "PUBSUB",
      "CHANNELS",
      "drumbeat:claims:*",
    );
    const say = (count: number) =>
      redis.command("PUBLISH", channel!, `${count} ${hash}`);
    await say(2);
    await redis.command("PUBLISH", "drumbeat:directMessage", "after it");
    await node.sink.until(() => node.sink.rings.length === 1);
    assertEquals(node.sink.claims, []);
    await say(3);
    await node.sink.until(() => node.sink.claims.length === 1);
  },
);

redisTest("a node that hears nothing looks by itself", async () => {
  await using wire = await Wire.start();
  await using node = new Node(wire.redis.url);
  await using follower = new Node(wire.url);
  await node.open();
  await follower.open();
  // Only the channel is lost: nobody tells the follower that its connection hears nothing.
  await wire.redis.command(
    ..."CLIENT KILL TYPE pubsub".split(" "),
  );
  await node.append(entry("a"));
  await follower.has(1);
});

redisTest(
  "a node that fell off the log goes on at its end, and what it missed can be read as far as it is there",
  async () => {
    await using wire = await Wire.start();
    await using node = new Node(wire.redis.url, { maxRecords: 5 });
    await using follower = new Node(wire.url, { maxRecords: 5 });
    await node.open();
    await follower.open();
    await node.append(entry("a"));
    await follower.has(1);
    const { epoch } = follower.sink.bounds.get("room")!;
    wire.proxy.refusing = true;
    wire.proxy.disconnectAll();
    for (let i = 0; i < 20; i++) await node.append(entry(`${i}`));
    wire.proxy.refusing = false;
    await follower.sink.until(() => follower.sink.bounds.get("room")!.head > 0);
    assertEquals(follower.sink.bounds.get("room"), {
      epoch,
      tail: 16,
      head: 21,
    });
    const { offset, records } = await follower.store.read("room", 1, 1e6);
    assertEquals([offset, records.map(({ body }) => body)], [
      16,
      ["15", "16", "17", "18", "19"],
    ]);
  },
);

redisTest(
  "a session is claimed at another node with the outcomes of its publishes, and the node that had it is told",
  async () => {
    await using redis = await RedisServer.start();
    await using a = new Node(redis.url);
    await using b = new Node(redis.url);
    for (const node of [a, b]) await node.open();
    a.store.begin(SESSION);
    assertEquals(await a.append(entry("a", 3)), [0]);
    assertEquals(await b.store.claim(SESSION), true);
    await a.sink.until(() => a.sink.claims.length === 1);
    assertEquals([a.sink.claims, b.sink.claims], [[SESSION], []]);
    assertEquals(await b.append(entry("again", 3), entry("b", 4)), [0, 1]);
    // And back: the word about the first time is old by then.
    assertEquals(await a.store.claim(SESSION), true);
    await b.sink.until(() => b.sink.claims.length === 1);
    assertEquals(a.sink.claims.length, 1);
  },
);

redisTest(
  "a node that did not hear that its session was claimed finds out when it says that it holds it",
  async () => {
    await using wire = await Wire.start();
    await using a = new Node(wire.url, { sessionMs: 3_000 });
    await using b = new Node(wire.redis.url, { sessionMs: 3_000 });
    await a.open();
    a.store.begin(SESSION);
    assertEquals(await a.append(entry("a", 3)), [0]);
    // It is said while nobody hears it.
    const key =
      (await wire.redis.command<string[]>("KEYS", "drumbeat:session:*"))[0]!;
    const [, , run] = (await wire.redis.command<string>("GET", key)).split(" ");
    await wire.redis.command("SET", key, `2 elsewhere ${run}`, "PX", "60000");
    await a.sink.until(() => a.sink.claims.length === 1);
    assertEquals(await b.store.claim(SESSION), true);
  },
);

redisTest(
  "the sessions of a node that was killed can be claimed for their time to live, and then no more",
  async () => {
    await using redis = await RedisServer.start();
    await using heir = new Node(redis.url);
    await heir.open();
    {
      await using killed = new Node(redis.url);
      await killed.open();
      killed.store.begin(SESSION);
      await killed.append(entry("a", 1));
    }
    await redis.age("drumbeat:session:", 115_000);
    assertEquals(await heir.store.claim(SESSION), true);
    await redis.age("drumbeat:session:", 190_000);
    assertEquals(await heir.store.claim(SESSION), false);
  },
);

redisTest(
  "logs are trimmed by count exactly, by bytes and by age about, and the nodes are told",
  async () => {
    await using redis = await RedisServer.start();
    await using counted = new Node(redis.url, { maxRecords: 10 });
    await counted.open();
    for (let i = 0; i < 25; i++) await counted.append(entry(`${i}`));
    assertEquals(await redis.command("XLEN", RECORDS), 10);
    assertEquals(counted.sink.tails.get("room"), 15);

    await using sized = new Node(redis.url, {
      prefix: "sized:",
      maxBytes: 64_000,
    });
    await sized.open();
    for (let i = 0; i < 200; i++) await sized.append(entry("x".repeat(1000)));
    const kept = await redis.command<number>("XLEN", "sized:{room}:records");
    assert(kept >= 60 && kept <= 64, `${kept}`);
    assertEquals(sized.sink.tails.get("room"), 200 - kept);

    await using aged = new Node(redis.url, {
      prefix: "aged:",
      maxAgeMs: 64_000,
    });
    await aged.open();
    await aged.append(entry("old"));
    await aged.append(entry("young"));
    // A mark for each, and the second one is as old as a record may be.
    const marks = "aged:{room}:marks";
    const [first] = await redis.command<string[]>("LRANGE", marks, "0", "-1");
    const [, , since] = first!.split(" ");
    await redis.command("RPUSH", marks, `1 40 ${Number(since) - 64_000}`);
    await aged.append(entry("new"));
    assertEquals(await redis.command("XLEN", "aged:{room}:records"), 2);
    assertEquals(aged.sink.tails.get("room"), 1);
    const left = await redis.command<number>("PTTL", "aged:{room}:records");
    assert(left > 0 && left <= 64_000);
  },
);

redisTest(
  "a Redis without memory refuses publishes, which leaves no trace, and takes them again",
  async () => {
    await using redis = await RedisServer.start();
    await using node = new Node(redis.url);
    await node.open();
    assertEquals(await node.append(entry("a")), [0]);
    await redis.command("CONFIG", "SET", "maxmemory", "1");
    assertEquals(await node.append(entry("b"), entry("c", 1)), [
      "unavailable",
      "unavailable",
    ]);
    assertEquals(node.store.healthy, false);
    assert(`${node.sink.failures[0]}`.includes("OOM"));
    // What is there can be read.
    assertEquals((await node.store.read("room", 0, 100)).records.length, 1);
    await redis.command("CONFIG", "SET", "maxmemory", "0");
    assertEquals(await node.append(entry("d"), entry("c", 1)), [1, 2]);
    assert(node.store.healthy);
    assertEquals(node.sink.failures.length, 1);
  },
);

redisTest("a password that was changed is asked for again", async () => {
  await using redis = await RedisServer.start();
  let password = "old";
  await redis.command("CONFIG", "SET", "requirepass", password);
  await using node = new Node(redis.url, {
    waitMs: 30_000,
    credentials: () => ({ password }),
  });
  await node.open();
  await redis.command("CONFIG", "SET", "requirepass", "new");
  await redis.command("CLIENT", "KILL", "TYPE", "pubsub");
  await redis.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
  await node.sink.until(() =>
    node.sink.failures.some((failure) => `${failure}`.includes("WRONGPASS"))
  );
  assertEquals(node.store.healthy, false);
  assert(!node.sink.failures.some((failure) => /old|new/.test(`${failure}`)));
  password = "new";
  assertEquals(await node.append(entry("a")), [0]);
});

redisTest(
  "while Redis is away, what waits is bounded: the next publish is refused at once",
  async () => {
    await using redis = await RedisServer.start();
    await using node = new Node(redis.url, {
      maxQueueBytes: 10_000,
      waitMs: 60_000,
    });
    await node.open();
    await redis.kill();
    await node.sink.until(() => !node.store.healthy);
    const entries = Array.from(
      { length: 20 },
      () => entry("x".repeat(1000), undefined, "other"),
    );
    node.store.append(entries);
    const refused = entries.filter((entry) => node.sink.outcomes.has(entry));
    assertEquals(refused.length, 11);
    await redis.start();
    const outcomes = await node.outcomes(...entries);
    assertEquals(outcomes.filter((outcome) => typeof outcome === "number"), [
      ...Array(9).keys(),
    ]);
    // There is room again.
    assertEquals(await node.append(entry("y", undefined, "other")), [9]);
  },
);

redisTest(
  "a record in a peer's own log is directMessage at every node, whoever has the log open; the hub's other topics are like any",
  async () => {
    await using redis = await RedisServer.start();
    await using a = new Node(redis.url);
    await using b = new Node(redis.url);
    await a.open("$peer/x");
    await b.open("$presence/room");
    await a.append(entry("hello", undefined, "$peer/x"));
    await b.sink.until(() => b.sink.rings.length > 0);
    assertEquals(b.sink.rings, ["$peer/x"]);
    assertEquals(await b.append(entry("+", undefined, "$presence/room")), [0]);
    assertEquals(b.sink.rings.length, 1);
  },
);

redisTest(
  "closing settles what it has: what Redis took with its offset",
  async () => {
    await using redis = await RedisServer.start();
    await using node = new Node(redis.url);
    await node.open();
    const entries = Array.from({ length: 50 }, (_, i) => entry(`${i}`));
    for (const one of entries) node.store.append([one]);
    await node.store[Symbol.asyncDispose]();
    assertEquals(await node.outcomes(...entries), [...entries.keys()]);
  },
);

redisTest("closing while Redis is away does not wait for it", async () => {
  await using redis = await RedisServer.start();
  await using node = new Node(redis.url);
  await node.open();
  await redis.kill();
  await node.sink.until(() => !node.store.healthy);
  const waiting = entry("a", undefined, "other");
  node.store.append([waiting]);
  await node.store[Symbol.asyncDispose]();
  assertEquals(await node.outcomes(waiting), ["unavailable"]);
});

redisTest(
  "rediss: speaks TLS with a server whose certificate is signed by who is trusted, and with no other",
  async () => {
    const folder = await Deno.makeTempDir();
    const [cert, key] = [`${folder}/cert.pem`, `${folder}/key.pem`];
    const made = await new Deno.Command("openssl", {
      args: [
        ..."req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost"
          .split(
            " ",
          ),
        ...["-addext", "subjectAltName=DNS:localhost"],
        ...["-keyout", key, "-out", cert],
      ],
      stderr: "null",
    }).output();
    assert(made.success);
    await using redis = await RedisServer.start(
      ...["--tls-port", "0", "--tls-cert-file", cert, "--tls-key-file", key],
      ...["--tls-ca-cert-file", cert, "--tls-auth-clients", "no"],
    );
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    listener.close();
    await redis.command("CONFIG", "SET", "tls-port", `${port}`);
    const url = `rediss://localhost:${port}`;
    await using trusting = new Node(url, {
      tls: { ca: await Deno.readTextFile(cert) },
    });
    await trusting.open();
    assertEquals(await trusting.append(entry("a")), [0]);
    await using other = new Node(url);
    await other.sink.until(() => other.sink.failures.length > 0);
    assert(/certificate|issuer/i.test(`${other.sink.failures[0]}`));
    await Deno.remove(folder, { recursive: true });
  },
);
