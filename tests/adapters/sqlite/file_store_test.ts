import { FileStore } from "../../../adapters/sqlite/file_store.ts";
import { storeConformance } from "../store_conformance.ts";

storeConformance(
  "FileStore",
  async ({ clock, sessionMs, sessions }) => {
    const folder = await Deno.makeTempDir();
    const path = `${folder}/drumbeat.sqlite`;
    const store = new FileStore(path, clock, { sessionMs, sessions });
    return {
      store,
      sessions,
      async reopen() {
        await store[Symbol.asyncDispose]();
        return new FileStore(path, clock, { sessionMs, sessions });
      },
      cleanUp: () => Deno.remove(folder, { recursive: true }),
    };
  },
);
