import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { root, runDeno, SpawnedServer } from "./spawned.ts";
import { type AnyFrame, WirePeer } from "./wire_peer.ts";

/** What `deno task start` runs, but with a folder of the test's own in place of the one it is started in. */
async function startIn(folder: string): Promise<string[]> {
  const { tasks } = JSON.parse(
    await Deno.readTextFile(new URL("deno.json", root)),
  );
  const [deno, ...args] = tasks.start.command.split(" ");
  assertEquals(deno, "deno");
  return args.map((arg: string) =>
    arg.replace(/^(--allow-(read|write))=\.$/, `$1=${folder}`)
  );
}

/** A folder with a store in it, and servers on it. */
class Place implements AsyncDisposable {
  readonly folder: string = Deno.makeTempDirSync();
  readonly file: string = `${this.folder}/drumbeat.db`;

  async args(...more: string[]): Promise<string[]> {
    const start = await startIn(this.folder);
    return [...start, "--port", "0", "--store", this.file, ...more];
  }

  async serve(...more: string[]): Promise<SpawnedServer> {
    return SpawnedServer.start(await this.args(...more));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

const chat = (id: number) => ({
  type: "publish",
  id,
  topic: "lobby",
  message: { type: "chat", text: `${id}` },
});

/** Publishes messages with these ids. @returns their offsets. */
async function publish(peer: WirePeer, ...ids: number[]): Promise<number[]> {
  for (const id of ids) peer.send(chat(id));
  const offsets = new Map<number, number>();
  while (offsets.size < ids.length) {
    const frame = await peer.next();
    if (frame.type === "ack") offsets.set(frame.id, frame.offset);
  }
  return ids.map((id) => offsets.get(id)!);
}

/** Reads the texts of so many records. */
async function texts(peer: WirePeer, count: number): Promise<string[]> {
  const all: string[] = [];
  while (all.length < count) {
    const frame = await peer.next();
    if (frame.type !== "batch") continue;
    for (const { message } of frame.messages) all.push(message.text);
  }
  return all;
}

/** Ends a server, waits for it, and starts the next. */
async function restart(
  place: Place,
  server: SpawnedServer,
  signal: Deno.Signal,
  ...more: string[]
): Promise<SpawnedServer> {
  server.signal(signal);
  await server.ended;
  return await place.serve(...more);
}

for (const signal of ["SIGTERM", "SIGKILL"] as const) {
  Deno.test(`with --store, ${signal} and a new start keep the epoch, the records and the session, and store nothing twice`, async () => {
    await using place = new Place();
    await using before = await place.serve();
    const peer = await WirePeer.v1(before.port);
    const start = await peer.next();
    const { epoch } = start.topics.lobby;
    assertEquals(await publish(peer, 1, 2, 3), [0, 1, 2]);
    await using after = await restart(place, before, signal);
    await peer.closed;
    await using back = await WirePeer.v1(after.port, {
      session: start.session,
      topics: { lobby: { epoch, offset: 1 } },
    });
    const again = await back.next();
    assertEquals([again.resumed, again.peer], [true, start.peer]);
    assertEquals(again.topics.lobby, {
      epoch,
      offset: 1,
      recovered: true,
      head: 3,
    });
    assertEquals(await texts(back, 2), ["2", "3"]);
    assertEquals(await publish(back, 2, 3, 4), [1, 2, 3]);
  });
}

Deno.test("without --store, a new start is a new epoch and a new session", async () => {
  await using place = new Place();
  const args = [...await startIn(place.folder), "--port", "0"];
  const seen: AnyFrame[] = [];
  for (let round = 0; round < 2; round++) {
    await using server = await SpawnedServer.start(args);
    const hello = seen.length === 0 ? {} : {
      session: seen[0].session,
      topics: { lobby: { epoch: seen[0].topics.lobby.epoch, offset: 0 } },
    };
    await using peer = await WirePeer.v1(server.port, hello);
    seen.push(await peer.next());
  }
  const [first, second] = seen;
  assertNotEquals(second.topics.lobby.epoch, first.topics.lobby.epoch);
  assertEquals([second.resumed, second.topics.lobby.recovered], [false, false]);
});

Deno.test("--durability relaxed: after SIGTERM the epoch goes on, after SIGKILL it is a new one with all records", async () => {
  await using place = new Place();
  const relaxed = ["--durability", "relaxed"];
  await using first = await place.serve(...relaxed);
  const epochs: string[] = [];
  const look = async (server: SpawnedServer, last: number) => {
    await using peer = await WirePeer.v1(server.port, {
      topics: { lobby: { last: 100 } },
    });
    const { epoch, head } = (await peer.next()).topics.lobby;
    epochs.push(epoch);
    assertEquals(head, last);
    await publish(peer, 1);
  };
  await look(first, 0);
  await using second = await restart(place, first, "SIGTERM", ...relaxed);
  await look(second, 1);
  await using third = await restart(place, second, "SIGKILL", ...relaxed);
  await look(third, 2);
  assertEquals(epochs[1], epochs[0]);
  assertNotEquals(epochs[2], epochs[1]);
});

Deno.test("a second process with the same file is one line, and exit code 1; the first one serves on", async () => {
  await using place = new Place();
  await using server = await place.serve();
  await using peer = await WirePeer.v1(server.port);
  await peer.next();
  assertEquals(await publish(peer, 1), [0]);
  const { code, stdout, stderr } = await runDeno(await place.args());
  assertEquals([code, stdout, stderr], [
    1,
    "",
    `Cannot open the store '${place.file}': another process has it open\n`,
  ]);
  assertEquals(await publish(peer, 2), [1]);
});

Deno.test("a file that is no store is one line, and exit code 1", async () => {
  await using place = new Place();
  const damages: [string, () => void][] = [
    [
      "file is not a database",
      () => Deno.writeTextFileSync(place.file, "Dear diary,\n".repeat(999)),
    ],
    ["unable to open database file", () => {
      Deno.removeSync(place.file);
      Deno.mkdirSync(place.file);
    }],
  ];
  for (const [why, damage] of damages) {
    damage();
    const { code, stdout, stderr } = await runDeno(await place.args());
    const [line, ...more] = stderr.split("\n");
    assertEquals([code, stdout, more], [1, "", [""]]);
    assert(
      line!.startsWith(`Cannot open the store '${place.file}': ${why}`),
      line,
    );
  }
});

Deno.test("a file outside the folder that may be written is one line, and exit code 1", async () => {
  await using place = new Place();
  await using elsewhere = new Place();
  const args = await place.args();
  const { code, stdout, stderr } = await runDeno(
    args.map((arg) => arg === place.file ? elsewhere.file : arg),
  );
  assertEquals([code, stdout, stderr.trimEnd().split("\n").length], [1, "", 1]);
  assert(
    stderr.startsWith(`Cannot open the store '${elsewhere.file}'`),
    stderr,
  );
});
