import { deadline } from "jsr:@std/async@^1/deadline";
import type { StoreHost } from "../../adapters/worker/store.ts";
import type { ErrorStage } from "../../hub/hooks.ts";
import type { Limits } from "../../hub/limits.ts";
import type { DrainTimes } from "../drain.ts";
import type { Origins } from "../origins.ts";
import type { TlsOptions } from "../serve.ts";

/** The pause before a worker that died is started again, in ms; doubled each time up to the longest. */
const PAUSE_MS = 100;
const MAX_PAUSE_MS = 5_000;
/** A worker that lived for so long begins the row of pauses anew, in ms. */
const HELD_MS = 10_000;
/** How much longer than a worker's own deadline it is waited for, in ms. */
const LATE_MS = 1_000;

/** What a worker's server is started with: only what can be sent to another isolate. */
export interface WorkerSettings {
  readonly port: number;
  readonly hostname: string;
  readonly limits: Limits;
  readonly origins: Origins;
  readonly trustedProxies: number;
  readonly tls?: TlsOptions;
}

/** Options of {@linkcode Crewman}. */
export interface CrewOptions {
  /** The module that each worker runs. Default: the stock server. */
  readonly url?: URL;
  /** Something failed, or a worker died. */
  readonly onError: (
    error: unknown,
    context: { readonly stage: ErrorStage | "worker" },
  ) => void;
}

/** What a worker gets first, and once. */
export interface WorkerStart {
  readonly settings: WorkerSettings;
  /** The way to the store. */
  readonly store: MessagePort;
  /** {@linkcode Order}s come in, {@linkcode Report}s go out. */
  readonly control: MessagePort;
}

/** What a worker is told. */
export interface Order {
  /** To say goodbye to its peers. */
  readonly drain: DrainTimes;
}

/** What a worker says. */
export type Report =
  | { readonly type: "listens"; readonly addr: Deno.NetAddr }
  | {
    readonly type: "error";
    readonly stage: ErrorStage;
    readonly text: string;
  }
  | { readonly type: "drained" };

/** One worker's place: who died is replaced. */
export class Crewman {
  readonly #host: StoreHost;
  readonly #settings: WorkerSettings;
  readonly #options: CrewOptions;
  #worker: Worker | undefined;
  #control: MessagePort | undefined;
  #detach: (() => void) | undefined;
  #pauseMs = PAUSE_MS;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stopping = false;
  #drained: (() => void) | undefined;

  constructor(
    host: StoreHost,
    settings: WorkerSettings,
    options: CrewOptions,
  ) {
    this.#host = host;
    this.#settings = settings;
    this.#options = options;
  }

  /** Resolves when it listens. Rejects when it dies before, and then it is not replaced. */
  start(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const since = performance.now();
    let listens = false;
    const url = this.#options.url ?? new URL("./worker.ts", import.meta.url);
    const worker = this.#worker = new Worker(url, { type: "module" });
    const store = new MessageChannel();
    const control = new MessageChannel();
    this.#detach = this.#host.attach(store.port1);
    this.#control = control.port1;
    this.#control.onmessage = ({ data }: MessageEvent<Report>) => {
      if (data.type === "listens") {
        listens = true;
        resolve();
      } else if (data.type === "drained") this.#drained?.();
      else this.#options.onError(data.text, { stage: data.stage });
    };
    worker.onerror = (event) => {
      // Without that, this isolate would end with it.
      event.preventDefault();
      this.#over();
      const error = event.error ?? new Error(event.message);
      if (this.#stopping || !listens) return reject(error);
      this.#options.onError(error, { stage: "worker" });
      if (performance.now() - since >= HELD_MS) this.#pauseMs = PAUSE_MS;
      this.#replace();
    };
    const start: WorkerStart = {
      settings: this.#settings,
      store: store.port2,
      control: control.port2,
    };
    worker.postMessage(start, [store.port2, control.port2]);
    return promise;
  }

  /** Its peers are told to go, and it ends. */
  async drain(times: DrainTimes): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#timer);
    if (this.#worker === undefined) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#drained = resolve;
    const order: Order = { drain: times };
    this.#control?.postMessage(order);
    await deadline(promise, times.deadlineMs + LATE_MS).catch(() => {});
    this.#over();
  }

  #replace(): void {
    this.#timer = setTimeout(() => {
      this.start().catch((error) => {
        if (this.#stopping) return;
        this.#options.onError(error, { stage: "worker" });
        this.#replace();
      });
    }, this.#pauseMs);
    this.#pauseMs = Math.min(MAX_PAUSE_MS, this.#pauseMs * 2);
  }

  /** The worker is gone, or goes now. */
  #over(): void {
    this.#detach?.();
    this.#control?.close();
    this.#worker?.terminate();
    this.#worker = this.#control = this.#detach = undefined;
    this.#drained?.();
  }
}
