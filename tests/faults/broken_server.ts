/**
 * A server with one defect, in a process that can be killed: `broken_server.ts --port 0 --store FILE` acknowledges before it
 * commits. Without `--store`, its logs have the same epoch in each run.
 *
 * @module
 */
import { sqliteStore } from "../../adapters/sqlite/store.ts";
import { serve } from "../../server.ts";
import { ConstantEpochStore, EarlyAckStore } from "./broken_stores.ts";

/** The delay of a commit, in ms: every kill comes before it. */
const DELAY_MS = 3_600_000;

const path = Deno.args[3];
const { addr } = serve({
  port: 0,
  store: (clock, options) =>
    path === undefined
      ? new ConstantEpochStore(clock, options)
      : new EarlyAckStore(sqliteStore(path)(clock, options), clock, DELAY_MS),
});
console.log(`listens on http://127.0.0.1:${addr.port}`);
