import {
  assert,
  assertEquals,
  assertLess,
  assertMatch,
  assertNotEquals,
} from "@std/assert";
import { type Client, connect } from "../../../client.ts";
import { root, runDeno, SpawnedServer } from "../spawned.ts";
import { WirePeer } from "../wire_peer.ts";

/** What `deno task start` runs, with a free port. */
async function start(...more: readonly string[]): Promise<string[]> {
  const { tasks } = JSON.parse(
    await Deno.readTextFile(new URL("deno.json", root)),
  );
  const [, ...args] = tasks.start.command.split(" ");
  return [...args, "--port", "0", ...more];
}

const chat = (text: string) => ({ type: "chat", text });

/** What a peer of the lobby hears: offsets and texts. */
class Ear {
  readonly heard: [offset: number, text: string][] = [];
  #wake: (() => void) | undefined;

  constructor(client: Client) {
    const lobby = client.topic("lobby");
    lobby.on("chat", ({ text }, { offset }) => {
      this.heard.push([offset, text as string]);
      this.#wake?.();
    });
    lobby.onGap((gap) => {
      throw new Error(`lost ${JSON.stringify(gap)}`);
    });
  }

  async until(count: number): Promise<void> {
    while (this.heard.length < count) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }
}

Deno.test("--workers 2: publishes raced at both workers have one order, and everybody hears each once", async () => {
  await using server = await SpawnedServer.start(await start("--workers", "2"));
  assertMatch(server.said, /^Drumbeat listens on http:\/\/localhost:\d+\n$/);
  const url = `ws://127.0.0.1:${server.port}/ws`;
  const clients = Array.from({ length: 16 }, () => connect(url));
  const ears = clients.map((client) => new Ear(client));
  await Promise.all(clients.map((client) => client.opened()));
  const offsets = await Promise.all(
    clients.flatMap((client, who) =>
      Array.from(
        { length: 25 },
        (_, n) => client.topic("lobby").publish(chat(`${who}/${n}`)),
      )
    ),
  );
  assertEquals(
    offsets.toSorted((a, b) => a - b),
    Array.from({ length: 400 }, (_, offset) => offset),
  );
  for (const ear of ears) {
    await ear.until(400);
    assertEquals(ear.heard, ears[0]!.heard);
    assertEquals(
      ear.heard.map(([offset]) => offset),
      Array.from({ length: 400 }, (_, offset) => offset),
    );
  }
  await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()));
});

Deno.test("--workers 2: SIGINT says goodbye at every worker and ends with 0", async () => {
  await using server = await SpawnedServer.start(await start("--workers", "2"));
  const peers = await Promise.all(
    Array.from({ length: 8 }, () => WirePeer.v1(server.port)),
  );
  for (const peer of peers) await peer.next();
  const from = performance.now();
  server.signal("SIGINT");
  for (const peer of peers) {
    assertEquals((await peer.next()).type, "goaway");
    assertEquals((await peer.closed).code, 1012);
  }
  const { code, stderr } = await server.ended;
  assertEquals([code, stderr], [0, ""]);
  assertLess(performance.now() - from, 5_000);
});

Deno.test("--workers 2 with --store: what was acknowledged is there after SIGKILL, for whichever worker is asked", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const all = await start("--workers", "2", "--store", `${folder}/file.db`);
    const args = all.map((arg) =>
      arg.replace(/^--allow-(read|write)=\.$/, `$&,${folder}`)
    );
    const said = await SpawnedServer.start(args);
    const peer = await WirePeer.v1(said.port);
    const { session, topics: { lobby: { epoch } } } = await peer.next();
    for (const id of [1, 2, 3]) {
      peer.send({
        type: "publish",
        id,
        topic: "lobby",
        message: chat(`${id}`),
      });
    }
    await peer.until(({ type, id }) => type === "ack" && id === 3);
    said.signal("SIGKILL");
    await said.ended;
    await peer.closed;
    await using again = await SpawnedServer.start(args);
    for (let round = 0; round < 4; round++) {
      await using back = await WirePeer.v1(again.port, {
        session,
        topics: { lobby: { epoch, offset: 1 } },
      });
      const hello = await back.next();
      assertEquals(hello.resumed, true);
      assertEquals(hello.topics.lobby, {
        epoch,
        offset: 1,
        recovered: true,
        head: 3,
      });
      const [batch] = (await back.until(({ type }) => type === "batch"))
        .slice(-1);
      assertEquals([batch.offset, batch.messages.length], [1, 2]);
      back.send({ type: "publish", id: 3, topic: "lobby", message: chat("3") });
      const acks = await back.until(({ type }) => type === "ack");
      assertEquals(acks.at(-1).offset, 2);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("--workers without --unstable-net is one line that says so, and exit code 2", async () => {
  const args = (await start("--workers", "2"))
    .filter((arg) => arg !== "--unstable-net");
  const { code, stdout, stderr } = await runDeno(args);
  assertEquals([code, stdout, stderr], [
    2,
    "",
    "--workers needs the flag --unstable-net, to share the port\n",
  ]);
});

Deno.test("a port that other workers share is in use: one line, and exit code 1", async () => {
  await using server = await SpawnedServer.start(await start("--workers", "2"));
  const { code, stderr } = await runDeno([
    ...await start("--workers", "2"),
    "--port",
    `${server.port}`,
  ]);
  assertEquals(code, 1);
  assertEquals(
    stderr,
    `Port ${server.port} is in use. Choose another one with --port.\n`,
  );
});

/** A client of the server whose workers die, and at which of them it is. */
class Visitor {
  readonly client: Client;
  readonly ear: Ear;
  readonly #seen: string[] = [];
  #wake: (() => void) | undefined;

  constructor(port: number) {
    this.client = connect(`ws://127.0.0.1:${port}/ws`);
    this.ear = new Ear(this.client);
    this.client.addEventListener("direct", ({ record }) => {
      if (record.kind !== "record") return;
      this.#seen.push(record.message.id as string);
      this.#wake?.();
    });
  }

  /** The worker it is at, once it is told; after so many others. */
  async worker(nth = 0): Promise<string> {
    while (this.#seen.length <= nth) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    return this.#seen[nth]!;
  }
}

Deno.test("a worker that dies costs its peers a reconnect, and nobody a record; another one takes its place", async () => {
  await using server = await SpawnedServer.start([
    "run",
    "--allow-all",
    "--unstable-net",
    "tests/server/workers/failing_server.ts",
  ]);
  const visitors: Visitor[] = [];
  const workers = new Set<string>();
  // The kernel decides who comes to which worker.
  while (workers.size < 2 || visitors.length < 4) {
    const visitor = new Visitor(server.port);
    visitors.push(visitor);
    workers.add(await visitor.worker());
  }
  const publish = async (text: string) => {
    await Promise.all(
      visitors.map(({ client }, n) =>
        client.topic("lobby").publish(chat(`${text} ${n}`))
      ),
    );
  };
  await publish("before");
  const [first, ...others] = visitors as [Visitor, ...Visitor[]];
  const dead = await first.client.request("die", null) as string;
  assertEquals(dead, await first.worker());
  await publish("while");
  // Who was there comes back, to a worker that lives.
  assertNotEquals(await first.worker(1), dead);
  for (const other of others) {
    if (await other.worker() === dead) {
      assertNotEquals(await other.worker(1), dead);
    }
  }
  await publish("after");
  const count = 3 * visitors.length;
  for (const { ear } of visitors) {
    await ear.until(count);
    assertEquals(
      ear.heard.map(([offset]) => offset),
      Array.from({ length: count }, (_, offset) => offset),
    );
  }
  assertMatch(server.said, /^worker: Error: Uncaught Error: asked to die$/m);
  // Its place is taken: newcomers meet a worker that was not there before.
  for (;;) {
    const visitor = new Visitor(server.port);
    visitors.push(visitor);
    if (!workers.has(await visitor.worker())) break;
  }
  await Promise.all(
    visitors.map(({ client }) => client[Symbol.asyncDispose]()),
  );
  server.signal("SIGTERM");
  assertEquals((await server.ended).code, 0);
});

Deno.test("workers that cannot start are an error, and nothing is left that would keep the process alive", async () => {
  const { code, stderr } = await runDeno([
    "run",
    "--allow-all",
    "--unstable-net",
    "tests/server/workers/failing_server.ts",
    "no_such_worker.ts",
  ]);
  assertEquals(code, 1);
  assert(stderr.includes("no_such_worker.ts"), stderr);
});

Deno.test("deno serve --parallel is as many hubs as isolates, as docs/scaling.md says", async () => {
  await using server = await SpawnedServer.start(
    [
      ...["serve", "--parallel", "--allow-net", "--host", "127.0.0.1"],
      ...["--port", "0", "server.ts"],
    ],
    { DENO_JOBS: "2" },
  );
  const epochs = new Set<string>();
  // The kernel decides who comes to which isolate.
  while (epochs.size < 2) {
    await using peer = await WirePeer.v1(server.port);
    epochs.add((await peer.next()).topics.lobby.epoch);
  }
});
