import { assert, assertEquals } from "@std/assert";
import { SqliteStore } from "../../../adapters/sqlite/loop_store.ts";
import type { FakeClock } from "../../hub/fake_clock.ts";
import { InMemory } from "../../hub/in_memory.ts";
import { JumpyClock, publish, received, texts } from "./folder.ts";

/** A small disk, where this process may mount one. */
class SmallDisk implements Disposable {
  readonly path: string = Deno.makeTempDirSync();

  static #mount(...args: string[]): boolean {
    try {
      return new Deno.Command("mount", { args, stderr: "null" }).outputSync()
        .success;
    } catch {
      return false;
    }
  }

  /** `true` where this process may mount a disk. */
  static get isPossible(): boolean {
    const path = Deno.makeTempDirSync();
    const isMounted = SmallDisk.#mount("-t", "tmpfs", "tmpfs", path);
    if (isMounted) new Deno.Command("umount", { args: [path] }).outputSync();
    Deno.removeSync(path);
    return isMounted;
  }

  constructor(kibibytes: number) {
    const size = `size=${kibibytes}k`;
    assert(SmallDisk.#mount("-t", "tmpfs", "-o", size, "tmpfs", this.path));
  }

  resize(kibibytes: number): void {
    assert(SmallDisk.#mount("-o", `remount,size=${kibibytes}k`, this.path));
  }

  [Symbol.dispose](): void {
    // Lazily: a failed test still has its files open.
    new Deno.Command("umount", { args: ["-l", this.path] }).outputSync();
    Deno.removeSync(this.path);
  }
}

Deno.test({
  name:
    "answers publishes with unavailable on a full disk, delivers committed records, and stores again with space",
  ignore: !SmallDisk.isPossible,
  async fn() {
    using disk = new SmallDisk(600);
    const file = `${disk.path}/drumbeat.sqlite`;
    const clock = new JumpyClock();
    const make = (clock: FakeClock) =>
      new InMemory(
        clock,
        { topics: { room: { maxRecords: 3 } } },
        (clock) => new SqliteStore(file, clock),
      );
    const hub = make(clock);
    const { peer, start } = await hub.start({ topics: {} });
    const text = (id: number) => `${id}`.padEnd(3_000, "x");
    const acked: [number, number][] = [];
    let failedId = 0;
    for (let id = 1; failedId === 0; id++) {
      peer.send(publish(id, text(id)));
      hub.flush();
      for (const { type, id, offset, code } of peer.read()) {
        if (type === "ack") acked.push([id, offset]);
        else {
          assertEquals(code, "unavailable");
          failedId = id;
        }
      }
    }
    assert(acked.length > 20);
    assert(hub.errors.every(({ stage }) => stage === "store"));
    // A new subscriber receives every committed record, from below the ring too.
    const late = await hub.v1({ topics: { room: { last: 1_000 } } });
    assertEquals(received(hub, late), acked.map(([id]) => text(id)));
    // A session is resumed while no write succeeds.
    peer.far.drop();
    clock.advance(5_000);
    const back = await hub.start({ session: start.session, topics: {} });
    assertEquals(back.start.resumed, true);
    back.peer.send(publish(failedId, text(failedId)));
    hub.flush();
    assertEquals(back.peer.readType("error").map(({ code }) => code), [
      "unavailable",
    ]);
    disk.resize(4_000);
    back.peer.send(publish(failedId, text(failedId)));
    back.peer.send(publish(failedId + 1, text(failedId + 1)));
    hub.flush();
    const acks = back.peer.readType("ack");
    assertEquals(acks.map(({ id, offset }) => [id, offset]), [
      [failedId, acked.length],
      [failedId + 1, acked.length + 1],
    ]);
    assertEquals(received(hub, late), [text(failedId), text(failedId + 1)]);
    const { epoch } = hub.hub.topic("room").bounds!;
    await hub[Symbol.asyncDispose]();
    await using after = make(clock.next());
    const all = await after.start({
      session: start.session,
      topics: { room: { epoch, offset: 0 } },
    });
    assertEquals([all.start.resumed, all.start.topics.room.recovered], [
      true,
      true,
    ]);
    assertEquals(
      received(after, all.peer),
      texts(failedId + 1, 1).map((n) => n.padEnd(3_000, "x")),
    );
  },
});
