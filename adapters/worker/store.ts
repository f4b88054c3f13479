/**
 * Several cores: each worker has a hub with its own sockets on the same port, and one isolate hosts the store that they
 * share. A message port connects them.
 *
 * @module
 */
import type { StoreFactory } from "../../hub/log/store.ts";
import type { HostEvent, Port } from "./messages.ts";
import { WorkerStore } from "./worker_store.ts";

export { type HostSettings, StoreHost } from "./host.ts";
export { hostStore, type HostStoreOptions } from "./host_store.ts";
export type { HostInfo, Port } from "./messages.ts";
export { WorkerStore, type WorkerStoreSettings } from "./worker_store.ts";
export type { TopicSettings } from "../../hub/log/topic_options.ts";

/**
 * Connects a worker to the store that another isolate hosts.
 *
 * @param port the other end of the port that `hostStore(…).attach` was given.
 * @returns a promise of the factory for the option `store` of `serve` or `createHub`. It resolves when the host answers.
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createHub } from "../../hub.ts";
 * import { hostStore, workerStore } from "./store.ts";
 *
 * await using host = hostStore();
 * const { port1, port2 } = new MessageChannel();
 * host.attach(port1);
 * // In a worker, which has received the other end:
 * await using hub = createHub({ store: await workerStore(port2) });
 * assertEquals(await hub.broadcast({ type: "chat", text: "shared" }), 0);
 * ```
 */
export function workerStore(port: Port): Promise<StoreFactory<WorkerStore>> {
  return new Promise((resolve) => {
    port.onmessage = ({ data }: MessageEvent<readonly HostEvent[]>) => {
      const [hello] = data;
      if (hello?.[0] !== "hello") return;
      port.onmessage = null;
      resolve((clock, { sessionMs }) => {
        const [, host] = hello;
        return new WorkerStore(port, clock, { host, sessionMs });
      });
    };
  });
}
