/**
 * A server with one defence switched off, in a process that can be killed: `broken_server.ts --port 0 --store FILE`
 * acknowledges before it commits, without `--store` it gives its logs the same epoch in each run.
 *
 * @module
 */
import { sqliteStore } from "../../adapters/sqlite/store.ts";
import { serve } from "../../server.ts";
import { HastyStore, OneEpochStore } from "./broken_stores.ts";

/** So long that every kill comes before the commit. */
const DELAY_MS = 3_600_000;

const path = Deno.args[3];
const { addr } = serve({
  port: 0,
  store: (clock, options) =>
    path === undefined
      ? new OneEpochStore(clock, options)
      : new HastyStore(sqliteStore(path)(clock, options), clock, DELAY_MS),
});
console.log(`listens on http://127.0.0.1:${addr.port}`);
