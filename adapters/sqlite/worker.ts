/**
 * The worker of a {@linkcode SqliteWorkerStore}: it has the file open, and waits for the disk.
 *
 * @module
 */
import { WebClock } from "../clock_web.ts";
import type { HostEvent, Port } from "../worker/messages.ts";
import { SqliteStore } from "./loop_store.ts";
import type { SqliteOptions } from "./options.ts";
import { ServedStore } from "./served_store.ts";

/** The first message to the worker. */
export interface WorkerStart {
  readonly path: string;
  readonly options: SqliteOptions;
}

// The global object of a worker is a port. TypeScript takes it for a window here.
const port = globalThis as unknown as Port;

port.onmessage = ({ data }: MessageEvent<WorkerStart>) => {
  const { path, options } = data;
  const clock = new WebClock();
  const closed = () => {
    clock.close();
    port.close();
  };
  let store: SqliteStore;
  try {
    store = new SqliteStore(path, clock, options);
  } catch (error) {
    const events: HostEvent[] = [["closed", (error as Error).message]];
    port.postMessage(events);
    return closed();
  }
  new ServedStore({ store, clock, port, closed });
};

// The main isolate closes the file then, and lets this isolate open it.
port.postMessage("loaded");
