/**
 * A worker of `deno task start --workers N`: the stock server, with its store in the main isolate.
 *
 * @module
 */
import { workerStore } from "../../adapters/worker/store.ts";
import { contract } from "../../static/contract.ts";
import { refusedPages } from "../cli/refused_pages.ts";
import { serve } from "../serve.ts";
import type { WorkerCommand, WorkerReport, WorkerStart } from "./messages.ts";

globalThis.addEventListener("message", (event) => {
  const { data } = event as MessageEvent<WorkerStart>;
  // A rejection ends the worker, and its supervisor receives it.
  void run(data);
});

async function run({ settings, store, control }: WorkerStart): Promise<void> {
  const report = (message: WorkerReport) => control.postMessage(message);
  const server = serve({
    ...settings,
    reusePort: true,
    contract,
    store: await workerStore(store),
    onError: (error, { stage }) => {
      const text = error instanceof Error ? error.stack : undefined;
      report({ type: "error", stage, text: text ?? String(error) });
    },
  });
  server.hub.observe(
    refusedPages((line) => report({ type: "refused", line })),
  );
  control.onmessage = async ({ data }: MessageEvent<WorkerCommand>) => {
    await server.drain(data.drain);
    report({ type: "drained" });
  };
  report({ type: "listening" });
  await server.finished;
}
