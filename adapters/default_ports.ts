import type { HubPorts } from "../hub/options.ts";
import { WebClock } from "./clock_web.ts";
import { MemoryStore } from "./store_memory.ts";

/** Creates the ports of a hub for which the program has chosen no others: the platform's clock, and a store in memory. */
export function defaultPorts(): HubPorts {
  return {
    clock: new WebClock(),
    store: (clock, settings) => new MemoryStore(clock, settings),
  };
}
