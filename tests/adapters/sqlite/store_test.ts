import { SqliteStore } from "../../../adapters/sqlite/loop_store.ts";
import { storeConformance } from "../store_conformance.ts";

storeConformance(
  "SqliteStore",
  async ({ clock, sessionMs, sessions }) => {
    const folder = await Deno.makeTempDir();
    const path = `${folder}/drumbeat.sqlite`;
    const store = new SqliteStore(path, clock, { sessionMs, sessions });
    return {
      store,
      sessions,
      async reopen() {
        await store[Symbol.asyncDispose]();
        return new SqliteStore(path, clock, { sessionMs, sessions });
      },
      cleanUp: () => Deno.remove(folder, { recursive: true }),
    };
  },
);
