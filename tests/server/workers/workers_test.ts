import {
  assert,
  assertEquals,
  assertMatch,
  assertNotEquals,
  assertRejects,
} from "@std/assert";
import { type Client, connect } from "../../../client.ts";
import { RawPeer, RefusedError } from "../../raw_peer.ts";
import { root, runDeno, SpawnedServer } from "../spawned.ts";
import { WirePeer } from "../wire_peer.ts";

/** Returns the arguments of `deno task start`, with a free port. */
async function startArgs(...more: readonly string[]): Promise<string[]> {
  const { tasks } = JSON.parse(
    await Deno.readTextFile(new URL("deno.json", root)),
  );
  const [, ...args] = tasks.start.command.split(" ");
  return [...args, "--port", "0", ...more];
}

const chat = (text: string) => ({ type: "chat", text });

/** Records the chat messages of the lobby, and fails on a gap. */
class Recorder {
  readonly received: [offset: number, text: string][] = [];
  #wake: (() => void) | undefined;

  constructor(client: Client) {
    const lobby = client.topic("lobby");
    lobby.on("chat", ({ text }, { offset }) => {
      this.received.push([offset, text as string]);
      this.#wake?.();
    });
    lobby.onGap((gap) => {
      throw new Error(`Gap: ${JSON.stringify(gap)}`);
    });
  }

  async until(count: number): Promise<void> {
    while (this.received.length < count) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }
}

Deno.test("--workers 2: concurrent publishes at both workers have one order, and each client receives each once", async () => {
  await using server = await SpawnedServer.start(
    await startArgs("--workers", "2"),
  );
  assertMatch(server.stdout, /^Drumbeat listens on http:\/\/localhost:\d+\n$/);
  const url = `ws://127.0.0.1:${server.port}/ws`;
  const clients = Array.from({ length: 16 }, () => connect(url));
  const recorders = clients.map((client) => new Recorder(client));
  await Promise.all(clients.map((client) => client.opened()));
  const offsets = await Promise.all(
    clients.flatMap((client, publisher) =>
      Array.from(
        { length: 25 },
        (_, n) => client.topic("lobby").publish(chat(`${publisher}/${n}`)),
      )
    ),
  );
  assertEquals(
    offsets.toSorted((a, b) => a - b),
    Array.from({ length: 400 }, (_, offset) => offset),
  );
  for (const recorder of recorders) {
    await recorder.until(400);
    assertEquals(recorder.received, recorders[0]!.received);
    assertEquals(
      recorder.received.map(([offset]) => offset),
      Array.from({ length: 400 }, (_, offset) => offset),
    );
  }
  await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()));
});

Deno.test("--workers 2: SIGINT drains every worker and exits with 0", async () => {
  await using server = await SpawnedServer.start(
    await startArgs("--workers", "2"),
  );
  const peers = await Promise.all(
    Array.from({ length: 8 }, () => WirePeer.v1(server.port)),
  );
  for (const peer of peers) await peer.next();
  server.signal("SIGINT");
  for (const peer of peers) {
    assertEquals((await peer.next()).type, "goaway");
    assertEquals((await peer.closed).code, 1012);
  }
  const { code, stderr } = await server.ended;
  assertEquals([code, stderr], [0, ""]);
});

Deno.test("--workers 2: a refused page is printed once, whichever worker refuses it", async () => {
  await using server = await SpawnedServer.start(
    await startArgs("--workers", "2"),
  );
  const headers = { origin: "http://localhost:5173" };
  for (let n = 0; n < 8; n++) {
    const { status } = await assertRejects(
      () => RawPeer.connect(server.port, { headers }),
      RefusedError,
    );
    assertEquals(status, 403);
  }
  server.signal("SIGINT");
  const { stderr } = await server.ended;
  assertMatch(
    stderr,
    /^A page of http:\/\/localhost:5173 was refused[^\n]*\n$/,
  );
});

Deno.test("--workers 2 with --store: acknowledged records survive SIGKILL, at every worker", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const all = await startArgs(
      "--workers",
      "2",
      "--store",
      `${folder}/file.db`,
    );
    const args = all.map((arg) =>
      arg.replace(/^--allow-(read|write)=\.$/, `$&,${folder}`)
    );
    const killed = await SpawnedServer.start(args);
    const peer = await WirePeer.v1(killed.port);
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
    killed.signal("SIGKILL");
    await killed.ended;
    await peer.closed;
    await using restarted = await SpawnedServer.start(args);
    for (let round = 0; round < 4; round++) {
      await using peer = await WirePeer.v1(restarted.port, {
        session,
        topics: { lobby: { epoch, offset: 1 } },
      });
      const start = await peer.next();
      assertEquals(start.resumed, true);
      assertEquals(start.topics.lobby, {
        epoch,
        offset: 1,
        recovered: true,
        head: 3,
      });
      const [batch] = (await peer.until(({ type }) => type === "batch"))
        .slice(-1);
      assertEquals([batch.offset, batch.messages.length], [1, 2]);
      peer.send({ type: "publish", id: 3, topic: "lobby", message: chat("3") });
      const acks = await peer.until(({ type }) => type === "ack");
      assertEquals(acks.at(-1).offset, 2);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("--workers without --unstable-net prints one line and exits with 2", async () => {
  const args = (await startArgs("--workers", "2"))
    .filter((arg) => arg !== "--unstable-net");
  const { code, stdout, stderr } = await runDeno(args);
  assertEquals([code, stdout, stderr], [
    2,
    "",
    "--workers needs the flag --unstable-net, to share the port\n",
  ]);
});

Deno.test("a port of other workers counts as in use: prints one line and exits with 1", async () => {
  await using server = await SpawnedServer.start(
    await startArgs("--workers", "2"),
  );
  const { code, stderr } = await runDeno([
    ...await startArgs("--workers", "2"),
    "--port",
    `${server.port}`,
  ]);
  assertEquals(code, 1);
  assertEquals(
    stderr,
    `Port ${server.port} is in use. Choose another one with --port.\n`,
  );
});

/** A client of the server with failing workers. It records the ids of the workers that it was connected to. */
class Visitor {
  readonly client: Client;
  readonly recorder: Recorder;
  readonly #seen: string[] = [];
  #wake: (() => void) | undefined;

  constructor(port: number) {
    this.client = connect(`ws://127.0.0.1:${port}/ws`);
    this.recorder = new Recorder(this.client);
    this.client.addEventListener("direct", ({ record }) => {
      if (record.kind !== "record") return;
      this.#seen.push(record.message.id as string);
      this.#wake?.();
    });
  }

  /** Resolves with the id of its nth worker. */
  async worker(nth = 0): Promise<string> {
    while (this.#seen.length <= nth) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    return this.#seen[nth]!;
  }
}

Deno.test("a worker that fails is replaced: its peers reconnect, and no peer misses a record", async () => {
  await using server = await SpawnedServer.start([
    "run",
    "--allow-all",
    "--unstable-net",
    "tests/server/workers/failing_server.ts",
  ]);
  const visitors: Visitor[] = [];
  const workers = new Set<string>();
  // The kernel distributes the connections.
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
  const failed = await first.client.request("fail", null) as string;
  assertEquals(failed, await first.worker());
  await publish("during");
  // The peers of the failed worker reconnect to another one.
  assertNotEquals(await first.worker(1), failed);
  for (const other of others) {
    if (await other.worker() === failed) {
      assertNotEquals(await other.worker(1), failed);
    }
  }
  await publish("after");
  const count = 3 * visitors.length;
  for (const { recorder } of visitors) {
    await recorder.until(count);
    assertEquals(
      recorder.received.map(([offset]) => offset),
      Array.from({ length: count }, (_, offset) => offset),
    );
  }
  assertMatch(
    server.stdout,
    /^worker: Error: Uncaught Error: failed on request$/m,
  );
  // The replacement accepts connections.
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

Deno.test("workers that cannot start are an error, and the process ends", async () => {
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

Deno.test("deno serve --parallel has one hub per isolate, as in docs/scaling.md", async () => {
  await using server = await SpawnedServer.start(
    [
      ...["serve", "--parallel", "--allow-net", "--host", "127.0.0.1"],
      ...["--port", "0", "server.ts"],
    ],
    { DENO_JOBS: "2" },
  );
  const epochs = new Set<string>();
  // The kernel distributes the connections.
  while (epochs.size < 2) {
    await using peer = await WirePeer.v1(server.port);
    epochs.add((await peer.next()).topics.lobby.epoch);
  }
});
