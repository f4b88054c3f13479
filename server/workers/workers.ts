import { hostStore } from "../../adapters/worker/store.ts";
import {
  checkFunction,
  checkNames,
  checkNumber,
  type OptionNames,
} from "../../common/options.ts";
import type { StoreFactory } from "../../hub.ts";
import { limitOptions, type Limits } from "../../hub/limits.ts";
import {
  awaitDrain,
  type DrainOptions,
  type DrainTimes,
  drainTimes,
} from "../drain.ts";
import { MAX_PAIRS } from "../cli/refused_pages.ts";
import type { Server } from "../serve.ts";
import type { WorkerSettings } from "./messages.ts";
import {
  SupervisedWorker,
  type SupervisedWorkerOptions,
} from "./supervised_worker.ts";

/** Options of {@linkcode serveWorkers}. */
export interface ServeWorkersOptions
  extends Partial<Omit<WorkerSettings, "limits">> {
  /** The number of workers. */
  readonly workers: number;
  /**
   * The bounds of all workers together.
   *
   * @default the values of {@linkcode DEFAULT_LIMITS}
   */
  readonly limits?: Partial<Limits> | undefined;
  /**
   * Makes the store, in the isolate that calls {@linkcode serveWorkers}.
   *
   * @default in memory
   */
  readonly store?: StoreFactory | undefined;
  /**
   * The module that each worker runs.
   *
   * @default the stock server
   */
  readonly url?: URL | undefined;
  /**
   * Called with each failure: of a worker (stage `worker`), of its hub, or of the store.
   *
   * @default none
   */
  readonly onError?: SupervisedWorkerOptions["onError"] | undefined;
  /**
   * Called with a line of text for each page that the stock server refused: once for each pair of Origin and Host, for up to
   * 100 of them.
   *
   * @default none
   */
  readonly onRefusedPage?: SupervisedWorkerOptions["onRefusedPage"] | undefined;
}

const NAMES: OptionNames<ServeWorkersOptions> = {
  workers: true,
  port: true,
  hostname: true,
  limits: true,
  origins: true,
  trustedProxies: true,
  tls: true,
  store: true,
  url: true,
  onError: true,
  onRefusedPage: true,
};

const ACTION = "Cannot serve with workers";

/**
 * Starts a server with one port, whose sockets are in workers and whose logs are in the isolate that calls it. A worker
 * that fails is replaced; its peers reconnect and resume. It needs `--unstable-net` and Linux.
 *
 * @param options see {@linkcode ServeWorkersOptions}.
 * @returns a promise of the running server. It has no hub: each worker has one.
 * @throws {TypeError} (as a rejection) for an unknown option or a value of the wrong type.
 * @throws {RangeError} (as a rejection) for a number out of bounds.
 * @throws {Deno.errors.AddrInUse} (as a rejection) when the port is in use.
 * @example
 * ```ts ignore
 * import { assertEquals } from "@std/assert";
 * import { serveWorkers } from "./workers.ts";
 *
 * await using server = await serveWorkers({ workers: 2, port: 0 });
 * const response = await fetch(`http://127.0.0.1:${server.addr.port}/healthz`);
 * assertEquals(await response.text(), "ok\n");
 * ```
 */
export async function serveWorkers(
  options: ServeWorkersOptions,
): Promise<Omit<Server, "hub">> {
  checkNames(ACTION, options, NAMES);
  const { workers: count, store } = options;
  const { onError = () => {}, onRefusedPage = () => {} } = options;
  const { port = 8000, hostname = "127.0.0.1" } = options;
  const { origins = "same", trustedProxies = 0, tls } = options;
  const { url = new URL("./worker.ts", import.meta.url) } = options;
  checkNumber(ACTION, "workers", count, { min: 1, max: 999, integer: true });
  checkFunction(ACTION, "onError", onError);
  checkFunction(ACTION, "onRefusedPage", onRefusedPage);
  const limits = limitOptions(options.limits, ACTION);
  // Workers share their port with any server that shares it, too: without the probe a second server would start.
  const probe = Deno.listen({ port, hostname });
  const { addr } = probe;
  probe.close();
  const divided = divide(limits, count);
  const host = hostStore({
    sessions: limits.sessions,
    recordBytes: divided.recordBytes,
    onError: (error) => onError(error, { stage: "store" }),
    ...(store === undefined ? {} : { store }),
  });
  const settings: WorkerSettings = {
    port: addr.port,
    hostname,
    limits: divided,
    origins,
    trustedProxies,
    tls,
  };
  const refusedPage = oncePerLine(onRefusedPage);
  const workers = Array.from(
    { length: count },
    () =>
      new SupervisedWorker({
        host,
        settings,
        url,
        onError,
        onRefusedPage: refusedPage,
      }),
  );
  const finished = Promise.withResolvers<void>();
  const end = async (times: DrainTimes) => {
    await Promise.all(workers.map((worker) => worker.drain(times)));
    await host[Symbol.asyncDispose]();
    finished.resolve();
  };
  try {
    await Promise.all(workers.map((worker) => worker.start()));
  } catch (error) {
    await end(drainTimes({ overMs: 0, deadlineMs: 0 }));
    throw error;
  }
  let draining: Promise<void> | undefined;
  const drain = (options?: DrainOptions) => {
    const times = drainTimes(options);
    return awaitDrain(draining ??= end(times), options?.signal);
  };
  return {
    addr,
    finished: finished.promise,
    drain,
    [Symbol.asyncDispose]: () => drain({ overMs: 0 }),
  };
}

/**
 * Divides the limits of connections and records: each worker counts its own. The kernel spreads connections evenly, and the
 * main isolate has rings as each worker has.
 */
function divide(limits: Limits, workers: number): Limits {
  const part = (all: number) => Math.ceil(all / workers);
  const rings = (all: number) => Math.ceil(all / (workers + 1));
  return {
    ...limits,
    peers: part(limits.peers),
    peersPerAddress: part(limits.peersPerAddress),
    recordBytes: rings(limits.recordBytes),
    recordBytesPerAddress: rings(limits.recordBytesPerAddress),
  };
}

/** Passes a line on when it comes for the first time: the workers do not have the lines of each other. */
function oncePerLine(write: (line: string) => void): (line: string) => void {
  const seen = new Set<string>();
  return (line) => {
    if (seen.has(line) || seen.size >= MAX_PAIRS) return;
    seen.add(line);
    write(line);
  };
}
