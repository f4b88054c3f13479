/**
 * One of the workers of `deno task start --workers N`: the stock server, whose store is in another isolate.
 *
 * @module
 */
import { workerStore } from "../../adapters/worker/store.ts";
import { contract } from "../../static/contract.ts";
import { serve } from "../serve.ts";
import type { Order, Report, WorkerStart } from "./supervised_worker.ts";

globalThis.addEventListener("message", (event) => {
  const { data } = event as MessageEvent<WorkerStart>;
  void run(data);
});

/** What it throws ends the worker, and the main isolate hears of that. */
async function run(
  { settings, store, control }: WorkerStart,
): Promise<void> {
  const report = (message: Report) => control.postMessage(message);
  const factory = await workerStore(store);
  const server = serve({
    ...settings,
    reusePort: true,
    contract,
    store: factory,
    onError: (error, { stage }) => {
      const text = error instanceof Error ? error.stack : undefined;
      report({ type: "error", stage, text: text ?? String(error) });
    },
  });
  control.onmessage = async ({ data }: MessageEvent<Order>) => {
    await server.drain(data.drain);
    report({ type: "drained" });
  };
  report({ type: "listens", addr: server.addr });
  await server.finished;
}
