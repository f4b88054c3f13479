import { MemoryStore } from "../../../adapters/store_memory.ts";
import { SqliteStore } from "../../../adapters/sqlite/loop_store.ts";
import { storeConformance } from "../store_conformance.ts";
import { HostRig } from "./host_rig.ts";

storeConformance("WorkerStore", async ({ clock, sessionMs }) => {
  const rig = new HostRig(new MemoryStore(clock, { sessionMs }), clock, {
    sessionMs,
  });
  return {
    store: await rig.worker(),
    async advance(ms: number) {
      await rig.handled();
      clock.advance(ms);
    },
    cleanUp: () => rig[Symbol.asyncDispose](),
  };
});

storeConformance("WorkerStore on disk", async (
  { clock, sessionMs },
) => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/drumbeat.sqlite`;
  const open = () =>
    new HostRig(new SqliteStore(path, clock, { sessionMs }), clock, {
      sessionMs,
    });
  let rig = open();
  const store = await rig.worker();
  return {
    store,
    async advance(ms: number) {
      await rig.handled();
      clock.advance(ms);
    },
    async reopen() {
      await store[Symbol.asyncDispose]();
      await rig[Symbol.asyncDispose]();
      rig = open();
      return await rig.worker();
    },
    async cleanUp() {
      await rig[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
});
