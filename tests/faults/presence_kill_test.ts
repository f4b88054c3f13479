import { assert, assertEquals } from "@std/assert";
import { redisStore } from "../../adapters/redis/store.ts";
import { connect } from "../../client.ts";
import { PROTOCOL } from "../../messages.ts";
import { serve } from "../../server.ts";
import { RedisServer, redisTest } from "../adapters/redis/redis_server.ts";
import { Nodes } from "./scenarios/nodes.ts";

const MEMBERS = 500;

/** A member of `room` that does not reconnect. */
class Member {
  readonly started: Promise<void>;
  id = "";
  session = "";
  readonly #socket: WebSocket;
  readonly #closed = Promise.withResolvers<void>();

  constructor(url: string, session?: string) {
    const socket = this.#socket = new WebSocket(url, PROTOCOL);
    const topics = { room: { presence: true } };
    socket.onopen = () =>
      socket.send(JSON.stringify({ type: "hello", topics, session }));
    socket.onclose = () => this.#closed.resolve();
    this.started = new Promise((resolve) => {
      socket.onmessage = ({ data }) => {
        const frame = JSON.parse(data);
        if (frame.type === "ping") socket.send(`{"type":"pong"}`);
        if (frame.type !== "start") return;
        this.id = frame.peer;
        this.session = frame.session;
        resolve();
      };
    });
  }

  async close(): Promise<void> {
    this.#socket.close();
    await this.#closed.promise;
  }
}

redisTest(
  "after the kill of a node with 500 members the other node removes each once, except the one that reconnected there",
  async () => {
    await using redis = await RedisServer.start();
    await using nodes = await new Nodes(redis.url).start();
    const [a, b] = [nodes.a, nodes.b].map(({ port }) =>
      `ws://127.0.0.1:${port}/ws`
    );
    await using watcher = connect(b!, { lobby: false });
    const { presence } = watcher.topic("room");
    const left: string[] = [];
    let check = () => {};
    presence.on(({ leave }) => {
      left.push(...leave);
      check();
    });
    const reached = (count: number) =>
      new Promise<void>((resolve) => {
        check = () => presence.count === count && resolve();
        check();
      });
    await presence.set("watches");
    const members: Member[] = [];
    for (let n = 0; n < MEMBERS; n++) {
      const member = new Member(a!);
      members.push(member);
      await member.started;
    }
    await reached(MEMBERS + 1);
    // Presence records are only for live nodes: they expire long before those of topics.
    const [key] = await redis.command<string[]>("KEYS", "*presence/*records");
    const ttl = await redis.command<number>("PTTL", key!);
    assert(ttl > 0 && ttl <= 60_000, `${key} expires in ${ttl} ms`);
    await nodes.a.kill();
    const moved = new Member(b!, members[0]!.session);
    await moved.started;
    assertEquals(moved.id, members[0]!.id);
    // The other node removes them 28 s after the last record of the killed one.
    await reached(2);
    assertEquals(
      left.toSorted(),
      members.slice(1).map(({ id }) => id).toSorted(),
    );
    assertEquals(presence.members.has(moved.id), true);
    await Promise.all([...members, moved].map((member) => member.close()));
  },
);

redisTest("a program sends to a peer of another node by its id", async () => {
  await using redis = await RedisServer.start();
  const [a, b] = [0, 1].map(() =>
    serve({ port: 0, store: redisStore(redis.url) })
  );
  await using _a = a!;
  await using _b = b!;
  await using client = connect(`ws://127.0.0.1:${b!.addr.port}/ws`);
  const offsets: number[] = [];
  const received = Promise.withResolvers<void>();
  client.addEventListener("direct", ({ record }) => {
    offsets.push(record.offset);
    if (offsets.length === 3) received.resolve();
  });
  const joined = Promise.withResolvers<void>();
  client.topic("lobby").on("chat", () => joined.resolve());
  await client.topic("lobby").publish({ type: "chat", text: "here" });
  await joined.promise;
  const [peer] = b!.hub.peers;
  for (const { hub } of [a!, a!, b!]) {
    await hub.peer(peer!.id).send({ type: "chat", text: "for you" });
  }
  await received.promise;
  assertEquals(offsets, [0, 1, 2]);
});
