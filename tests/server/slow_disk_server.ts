/**
 * A server with a SQLite store and ephemeral topics. It has its own process, whose disk a test slows.
 *
 * @module
 */
import { sqliteStore } from "../../adapters/sqlite/store.ts";
import { serve } from "../../server/serve.ts";

const [file = ""] = Deno.args;
const server = serve({
  port: 0,
  hostname: "127.0.0.1",
  store: sqliteStore(file, { worker: true }),
  topics: { "cursor:*": { durable: false } },
});
console.log(`http://localhost:${server.addr.port}`);
