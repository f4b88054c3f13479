import { hostStore } from "../../adapters/worker/store.ts";
import {
  Crewman,
  type CrewOptions,
  type WorkerSettings,
} from "./supervised_worker.ts";
import type { StoreFactory } from "../../hub.ts";
import { type DrainOptions, type DrainTimes, drainTimes } from "../drain.ts";
import type { Server } from "../serve.ts";

/** Options of {@linkcode serveWorkers}. */
export interface ServeWorkersOptions extends WorkerSettings, CrewOptions {
  /** How many workers. */
  readonly workers: number;
  /** Makes the store, in this isolate. Default: in memory. */
  readonly store?: StoreFactory;
}

/**
 * Starts a server whose sockets are in workers, all on one port, and whose logs are here.
 *
 * @param options see {@linkcode ServeWorkersOptions}.
 * @returns the running server, without a hub: each worker has its own.
 * @throws (as a rejection) {Deno.errors.AddrInUse} when the port is taken; what a worker throws that cannot start.
 */
export async function serveWorkers(
  options: ServeWorkersOptions,
): Promise<Omit<Server, "hub">> {
  const { workers: count, port, hostname, store, onError } = options;
  // Workers share a port with whoever shares it: another server that does would go unnoticed.
  const probe = Deno.listen({ port, hostname });
  const { addr } = probe;
  probe.close();
  const report = (error: unknown) => onError(error, { stage: "store" });
  const host = hostStore({
    sessions: options.limits.sessions,
    onError: report,
    ...(store === undefined ? {} : { store }),
  });
  const settings = settingsOf(options, addr.port);
  const crew = Array.from(
    { length: count },
    () => new Crewman(host, settings, options),
  );
  const finished = Promise.withResolvers<void>();
  const end = async (times: DrainTimes) => {
    await Promise.all(crew.map((crewman) => crewman.drain(times)));
    await host[Symbol.asyncDispose]();
    finished.resolve();
  };
  try {
    await Promise.all(crew.map((crewman) => crewman.start()));
  } catch (error) {
    await end(drainTimes({ overMs: 0, deadlineMs: 0 }));
    throw error;
  }
  let draining: Promise<void> | undefined;
  const drain = (options?: DrainOptions) => {
    const times = drainTimes(options);
    return draining ??= end(times);
  };
  return {
    addr,
    finished: finished.promise,
    drain,
    [Symbol.asyncDispose]: () => drain({ overMs: 0 }),
  };
}

/** Each worker counts for itself, and the kernel spreads connections evenly: its part of what the process may have. */
function settingsOf(
  { workers, store: _, url: _u, onError: _e, ...settings }: ServeWorkersOptions,
  port: number,
): WorkerSettings {
  const { limits } = settings;
  const part = (all: number) => Math.ceil(all / workers);
  return {
    ...settings,
    port,
    limits: {
      ...limits,
      peers: part(limits.peers),
      peersPerAddress: part(limits.peersPerAddress),
    },
  };
}
