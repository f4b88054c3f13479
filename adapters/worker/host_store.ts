import { ErrorPrinter } from "../../common/error_printer.ts";
import {
  checkFunction,
  checkNames,
  checkNumber,
} from "../../common/options.ts";
import { DEFAULT_RECORD_BYTES } from "../../hub/log/eviction.ts";
import {
  DEFAULT_STORE_SETTINGS,
  type StoreFactory,
  type StoreSettings,
} from "../../hub/log/store.ts";
import { tieredStore } from "../../hub/log/tiered_store.ts";
import {
  hasEphemeralTopics,
  topicOptions,
  type TopicOptionsByName,
} from "../../hub/log/topic_options.ts";
import { WebClock } from "../clock_web.ts";
import { MemoryStore } from "../store_memory.ts";
import { StoreHost } from "./host.ts";

/** Options of {@linkcode hostStore}. They have to match those of the workers' hubs. */
export interface HostStoreOptions extends Partial<StoreSettings> {
  /**
   * Makes the store: `sqliteStore(path)` of `./sqlite` returns such a function.
   *
   * @default a store in memory
   */
  readonly store?: StoreFactory;
  /**
   * The retention of each topic's log: the same as each hub's.
   *
   * @default 1,000 records, 1 MiB, 120 s
   */
  readonly topics?: TopicOptionsByName;
  /**
   * The bytes of the records of all logs that the host keeps in memory, as in `limits.recordBytes` of a hub. Each worker's hub
   * has its own copies.
   *
   * @default 134_217_728
   */
  readonly recordBytes?: number;
  /**
   * Called with a failure of the store that concerns no single publish. It may be async: its own failure is printed.
   *
   * @default prints it with `console.error`, at most five in ten seconds
   */
  readonly onError?: (error: unknown) => void;
}

const OPTIONS = {
  ...DEFAULT_STORE_SETTINGS,
  store: true,
  topics: true,
  recordBytes: true,
  onError: true,
};

/**
 * Hosts a store for the hubs of other isolates, such as workers. Each isolate has a port to it.
 *
 * @param options see {@linkcode HostStoreOptions}.
 * @returns the host. Dispose it with `await using`: it holds a timer, ports and the store.
 * @throws {TypeError} for an unknown option or a wrong type, {@linkcode RangeError} for a number out of bounds.
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createHub } from "../../hub.ts";
 * import { hostStore, workerStore } from "./store.ts";
 *
 * await using host = hostStore();
 * const offsets = [];
 * for (let worker = 0; worker < 2; worker++) {
 *   const { port1, port2 } = new MessageChannel();
 *   host.attach(port1);
 *   await using hub = createHub({ store: await workerStore(port2) });
 *   offsets.push(await hub.broadcast({ type: "chat", text: "one log" }));
 * }
 * assertEquals(offsets, [0, 1]);
 * ```
 */
export function hostStore(options: HostStoreOptions = {}): StoreHost {
  const action = "Cannot host the store";
  checkNames(action, options, OPTIONS);
  const {
    sessionMs = DEFAULT_STORE_SETTINGS.sessionMs,
    sessions = DEFAULT_STORE_SETTINGS.sessions,
    store: given,
    topics,
    recordBytes = DEFAULT_RECORD_BYTES,
    onError,
  } = options;
  checkNumber(action, "sessionMs", sessionMs);
  checkNumber(action, "sessions", sessions);
  checkNumber(action, "recordBytes", recordBytes);
  checkFunction(action, "store", given);
  checkFunction(action, "onError", onError);
  const settings = topicOptions(topics);
  const inMemory: StoreFactory = (clock, settings) =>
    new MemoryStore(clock, settings);
  const make = given !== undefined && hasEphemeralTopics(topics)
    ? tieredStore(given, inMemory, (name) => !settings(name).durable, action)
    : given ?? inMemory;
  const clock = new WebClock();
  const printer = new ErrorPrinter(clock);
  try {
    const store = make(clock, { sessionMs, sessions });
    return new StoreHost({ store, clock }, {
      sessionMs,
      settings,
      recordBytes,
      onError: (error) => printer.report(error, "store", onError),
    });
  } catch (error) {
    clock.close();
    throw error;
  }
}
