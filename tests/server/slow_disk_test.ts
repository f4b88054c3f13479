import { assertEquals } from "@std/assert";
import { canStopDisk, StoppableDisk } from "./slow_disk.ts";
import { SpawnedServer } from "./spawned.ts";
import { type AnyFrame, WirePeer } from "./wire_peer.ts";

const publish = (id: number, topic: string) => ({
  type: "publish",
  id,
  topic,
  message: { type: "chat", text: `${id}` },
});

const acks = (frames: readonly AnyFrame[]) =>
  frames.filter(({ type }) => type === "ack").map(({ id }) => id);

Deno.test({
  name:
    "while the disk stands still, the hub answers pings, accepts peers and delivers ephemeral topics, and a durable publish waits",
  ignore: !canStopDisk(),
  async fn() {
    using disk = new StoppableDisk();
    await using server = await SpawnedServer.start(
      [
        "run",
        "--allow-all",
        "tests/server/slow_disk_server.ts",
        `${disk.path}/drumbeat.db`,
      ],
      disk.env,
    );
    const topics = { lobby: {}, "cursor:a": {} };
    await using peer = await WirePeer.v1(server.port, { topics });
    await peer.until(({ type }) => type === "start");
    // A commit is over: the topics of the hello are in the file.
    peer.send(publish(1, "lobby"));
    await peer.until(({ type }) => type === "ack");
    disk.stop();
    peer.send(publish(2, "lobby"));
    for (let id = 3; id <= 20; id++) {
      peer.send(publish(id, "cursor:a"));
      peer.send(publish(id + 100, "lobby"));
      // Neither waits for the disk; the ids of the durable topic get no answer meanwhile.
      const frames = await peer.until(({ type }) => type === "ack");
      peer.send({ type: "ping" });
      frames.push(...await peer.until(({ type }) => type === "pong"));
      assertEquals(acks(frames), [id]);
    }
    await using other = await WirePeer.open(`ws://127.0.0.1:${server.port}/ws`);
    assertEquals((await other.next()).type, "start");
    disk.continue();
    const frames: AnyFrame[] = [];
    while (acks(frames).length < 19) frames.push(await peer.next());
    assertEquals(
      acks(frames),
      [2, ...Array.from({ length: 18 }, (_, n) => n + 103)],
    );
  },
});
