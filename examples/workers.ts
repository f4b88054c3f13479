/**
 * A server on two cores: a hub in each worker, on the same port, and one store for both.
 *
 *     deno run --unstable-net --allow-net --allow-read examples/workers.ts [port]
 *
 * @module
 */
import { hostStore, workerStore } from "../adapters/worker/store.ts";
import { serve } from "../mod.ts";

/** Runs in the main isolate. It has the store, and replaces a worker that has crashed. */
function main(): void {
  const host = hostStore();
  const port = Number(Deno.args[0] ?? 8000);
  const start = (name: string) => {
    const worker = new Worker(import.meta.url, { type: "module", name });
    const { port1, port2 } = new MessageChannel();
    const detach = host.attach(port1);
    worker.postMessage({ port, store: port2 }, [port2]);
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      detach();
      setTimeout(start, 1_000, name);
    });
  };
  for (const name of ["ada", "grace"]) start(name);
}

/** Runs in a worker. A contract, hooks and handlers belong here, because functions cannot be sent to a worker. */
function work(): void {
  globalThis.addEventListener("message", async (event) => {
    const { port, store } = (event as MessageEvent).data;
    serve({ port, reusePort: true, store: await workerStore(store) });
    console.log(`${self.name} listens on http://localhost:${port}`);
  });
}

if (self.name === "") main();
else work();
