import { SqliteStore } from "../../../adapters/sqlite/loop_store.ts";
import { ServedStore } from "../../../adapters/sqlite/served_store.ts";
import { WorkerStore } from "../../../adapters/worker/store.ts";
import type { Store } from "../../../hub/log/store.ts";
import { storeConformance } from "../store_conformance.ts";

storeConformance(
  "ServedStore",
  async ({ clock, sessionMs, sessions }) => {
    const folder = await Deno.makeTempDir();
    const path = `${folder}/drumbeat.sqlite`;
    /** Serves the file over a real port, with the clock of the test at both ends. */
    const open = (): Store => {
      const { port1, port2 } = new MessageChannel();
      new ServedStore({
        store: new SqliteStore(path, clock, { sessionMs, sessions }),
        clock,
        port: port1,
        closed: () => port1.close(),
      });
      const host = { shared: false, reads: true, sessionMs };
      return new WorkerStore(port2, clock, { host, sessionMs });
    };
    const store = open();
    let newest = store;
    return {
      store,
      sessions,
      async advance(ms) {
        // Every earlier request is handled first.
        await newest.claim("unknown");
        clock.advance(ms);
      },
      async reopen() {
        await store[Symbol.asyncDispose]();
        return newest = open();
      },
      cleanUp: () => Deno.remove(folder, { recursive: true }),
    };
  },
);
