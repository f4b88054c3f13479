/**
 * A worker that sends its id to each peer, and fails on the request `fail`.
 *
 * @module
 */
import { workerStore } from "../../../adapters/worker/store.ts";
import { serve } from "../../../server/serve.ts";
import type {
  WorkerCommand,
  WorkerStart,
} from "../../../server/workers/messages.ts";

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
  server.hub.handle("fail", () => {
    setTimeout(() => {
      throw new Error("failed on request");
    });
    return id;
  });
  control.onmessage = async ({ data }: MessageEvent<WorkerCommand>) => {
    await server.drain(data.drain);
    control.postMessage({ type: "drained" });
  };
  control.postMessage({ type: "listening" });
});
