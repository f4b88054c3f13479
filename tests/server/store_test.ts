import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { root, runDeno, SpawnedServer } from "./spawned.ts";
import { type AnyFrame, WirePeer } from "./wire_peer.ts";

/** Returns the arguments of `deno task start`, with permissions for a folder of the test in place of the working directory. */
async function startArgs(folder: string): Promise<string[]> {
  const { tasks } = JSON.parse(
    await Deno.readTextFile(new URL("deno.json", root)),
  );
  const [deno, ...args] = tasks.start.command.split(" ");
  assertEquals(deno, "deno");
  return args.map((arg: string) =>
    arg.replace("--allow-read=.", `--allow-read=${folder}`)
      .replace("--allow-write=.", `--allow-write=${folder}`)
  );
}

/** A folder with the file of a store, and its servers. */
class StoreFolder implements AsyncDisposable {
  readonly path: string = Deno.makeTempDirSync();
  readonly file: string = `${this.path}/drumbeat.db`;

  async args(...more: string[]): Promise<string[]> {
    const start = await startArgs(this.path);
    return [...start, "--port", "0", "--store", this.file, ...more];
  }

  async serve(...more: string[]): Promise<SpawnedServer> {
    return SpawnedServer.start(await this.args(...more));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}

const chat = (id: number) => ({
  type: "publish",
  id,
  topic: "lobby",
  message: { type: "chat", text: `${id}` },
});

/** Publishes messages with these ids and returns their offsets. */
async function publish(peer: WirePeer, ...ids: number[]): Promise<number[]> {
  for (const id of ids) peer.send(chat(id));
  const offsets = new Map<number, number>();
  while (offsets.size < ids.length) {
    const frame = await peer.next();
    if (frame.type === "ack") offsets.set(frame.id, frame.offset);
  }
  return ids.map((id) => offsets.get(id)!);
}

/** Reads the texts of a number of records. */
async function texts(peer: WirePeer, count: number): Promise<string[]> {
  const all: string[] = [];
  while (all.length < count) {
    const frame = await peer.next();
    if (frame.type !== "batch") continue;
    for (const { message } of frame.messages) all.push(message.text);
  }
  return all;
}

/** Ends a server and starts the next one. */
async function restart(
  folder: StoreFolder,
  server: SpawnedServer,
  signal: Deno.Signal,
  ...more: string[]
): Promise<SpawnedServer> {
  server.signal(signal);
  await server.ended;
  return await folder.serve(...more);
}

for (const signal of ["SIGTERM", "SIGKILL"] as const) {
  Deno.test(`--store keeps the epoch, the records and the session after ${signal}, and stores no record twice`, async () => {
    await using folder = new StoreFolder();
    await using before = await folder.serve();
    const peer = await WirePeer.v1(before.port);
    const start = await peer.next();
    const { epoch } = start.topics.lobby;
    assertEquals(await publish(peer, 1, 2, 3), [0, 1, 2]);
    await using after = await restart(folder, before, signal);
    await peer.closed;
    await using resumed = await WirePeer.v1(after.port, {
      session: start.session,
      topics: { lobby: { epoch, offset: 1 } },
    });
    const again = await resumed.next();
    assertEquals([again.resumed, again.peer], [true, start.peer]);
    assertEquals(again.topics.lobby, {
      epoch,
      offset: 1,
      recovered: true,
      head: 3,
    });
    assertEquals(await texts(resumed, 2), ["2", "3"]);
    assertEquals(await publish(resumed, 2, 3, 4), [1, 2, 3]);
  });
}

Deno.test("without --store, a restart has a new epoch and a new session", async () => {
  await using folder = new StoreFolder();
  const args = [...await startArgs(folder.path), "--port", "0"];
  const starts: AnyFrame[] = [];
  for (let round = 0; round < 2; round++) {
    await using server = await SpawnedServer.start(args);
    const hello = starts.length === 0 ? {} : {
      session: starts[0].session,
      topics: { lobby: { epoch: starts[0].topics.lobby.epoch, offset: 0 } },
    };
    await using peer = await WirePeer.v1(server.port, hello);
    starts.push(await peer.next());
  }
  const [first, second] = starts;
  assertNotEquals(second.topics.lobby.epoch, first.topics.lobby.epoch);
  assertEquals([second.resumed, second.topics.lobby.recovered], [false, false]);
});

Deno.test("--durability relaxed keeps the epoch after SIGTERM, and starts a new one with all records after SIGKILL", async () => {
  await using folder = new StoreFolder();
  const relaxed = ["--durability", "relaxed"];
  await using first = await folder.serve(...relaxed);
  const epochs: string[] = [];
  const visit = async (server: SpawnedServer, last: number) => {
    await using peer = await WirePeer.v1(server.port, {
      topics: { lobby: { last: 100 } },
    });
    const { epoch, head } = (await peer.next()).topics.lobby;
    epochs.push(epoch);
    assertEquals(head, last);
    await publish(peer, 1);
  };
  await visit(first, 0);
  await using second = await restart(folder, first, "SIGTERM", ...relaxed);
  await visit(second, 1);
  await using third = await restart(folder, second, "SIGKILL", ...relaxed);
  await visit(third, 2);
  assertEquals(epochs[1], epochs[0]);
  assertNotEquals(epochs[2], epochs[1]);
});

Deno.test("a second process with the same file prints one line and exits with 1, and the first one continues", async () => {
  await using folder = new StoreFolder();
  await using server = await folder.serve();
  await using peer = await WirePeer.v1(server.port);
  await peer.next();
  assertEquals(await publish(peer, 1), [0]);
  const { code, stdout, stderr } = await runDeno(await folder.args());
  assertEquals([code, stdout, stderr], [
    1,
    "",
    `Cannot open the store '${folder.file}': another process has it open\n`,
  ]);
  assertEquals(await publish(peer, 2), [1]);
});

Deno.test("a file that is not a store prints one line and exits with 1", async () => {
  await using folder = new StoreFolder();
  const damages: [string, () => void][] = [
    [
      "file is not a database",
      () => Deno.writeTextFileSync(folder.file, "Dear diary,\n".repeat(999)),
    ],
    ["unable to open database file", () => {
      Deno.removeSync(folder.file);
      Deno.mkdirSync(folder.file);
    }],
  ];
  for (const [reason, damage] of damages) {
    damage();
    const { code, stdout, stderr } = await runDeno(await folder.args());
    const [line, ...more] = stderr.split("\n");
    assertEquals([code, stdout, more], [1, "", [""]]);
    assert(
      line!.startsWith(`Cannot open the store '${folder.file}': ${reason}`),
      line,
    );
  }
});

Deno.test("a file outside the permitted folder prints one line with a command that may open it, and exits with 1", async () => {
  await using folder = new StoreFolder();
  await using other = new StoreFolder();
  const args = await folder.args();
  const { code, stdout, stderr } = await runDeno(
    args.map((arg) => arg === folder.file ? other.file : arg),
  );
  assertEquals([code, stdout, stderr.trimEnd().split("\n").length], [1, "", 1]);
  assert(
    stderr.startsWith(`Cannot open the store '${other.file}'`),
    stderr,
  );
  const [, command] = /Run: deno (.*)\n$/.exec(stderr)!;
  await using server = await SpawnedServer.start([
    ...command!.split(" "),
    "--port",
    "0",
  ]);
  assert(server.port > 0);
});
