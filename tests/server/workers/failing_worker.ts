/**
 * A worker that tells each peer which one it is, and dies when it is asked to.
 *
 * @module
 */
import { workerStore } from "../../../adapters/worker/store.ts";
import { serve } from "../../../server/serve.ts";
import type {
  Order,
  WorkerStart,
} from "../../../server/workers/supervised_worker.ts";

globalThis.addEventListener("message", async (event) => {
  const { settings, store, control } = (event as MessageEvent<WorkerStart>)
    .data;
  const id = crypto.randomUUID();
  const server = serve({
    ...settings,
    reusePort: true,
    store: await workerStore(store),
    onOpen: (peer) => void peer.send({ type: "here", id }),
  });
  server.hub.handle("die", () => {
    setTimeout(() => {
      throw new Error("asked to die");
    });
    return id;
  });
  control.onmessage = async ({ data }: MessageEvent<Order>) => {
    await server.drain(data.drain);
    control.postMessage({ type: "drained" });
  };
  control.postMessage({ type: "listens", addr: server.addr });
});
