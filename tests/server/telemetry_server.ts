/**
 * A server with request handlers and a slow store. The environment configures its telemetry.
 *
 * @module
 */
import { MemoryStore } from "../../adapters/store_memory.ts";
import { telemetry } from "../../adapters/observe/opentelemetry.ts";
import type { Entry } from "../../hub/log/store.ts";
import { DrumbeatError, serve } from "../../mod.ts";

/** A store with a slow disk. */
class SlowStore extends MemoryStore {
  override append(entries: readonly Entry[]): void {
    const until = performance.now() + 20;
    while (performance.now() < until);
    super.append(entries);
  }
}

const { hub, addr } = serve({
  port: 0,
  store: (clock, options) => new SlowStore(clock, options),
});
hub.handle("echo", (data) => data);
hub.handle("refuse", () => {
  throw new DrumbeatError("failed", "No");
});
hub.observe(telemetry());
console.log(`listens on http://127.0.0.1:${addr.port}/`);
