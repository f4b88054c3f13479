import { MemoryStore } from "../../../adapters/store_memory.ts";
import { SqliteStore } from "../../../adapters/sqlite/store.ts";
import { storeConformance } from "../store_conformance.ts";
import { Workplace } from "./worker_pair.ts";

storeConformance("a worker's store", async ({ clock, sessionMs }) => {
  const place = new Workplace(new MemoryStore(clock, { sessionMs }), clock, {
    sessionMs,
  });
  return {
    store: await place.worker(),
    async advance(ms: number) {
      await place.arrived();
      clock.advance(ms);
    },
    cleanUp: () => place[Symbol.asyncDispose](),
  };
});

storeConformance("a worker's store that is on disk", async (
  { clock, sessionMs },
) => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/drumbeat.sqlite`;
  const open = () =>
    new Workplace(new SqliteStore(path, clock, { sessionMs }), clock, {
      sessionMs,
    });
  let place = open();
  const store = await place.worker();
  return {
    store,
    async advance(ms: number) {
      await place.arrived();
      clock.advance(ms);
    },
    async reopen() {
      await store[Symbol.asyncDispose]();
      await place[Symbol.asyncDispose]();
      place = open();
      return await place.worker();
    },
    async cleanUp() {
      await place[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
});
