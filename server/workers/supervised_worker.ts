import { deadline } from "jsr:@std/async@^1/deadline";
import type { StoreHost } from "../../adapters/worker/store.ts";
import { backoffMs } from "../../common/backoff.ts";
import type { ErrorStage } from "../../hub/hooks.ts";
import type { DrainTimes } from "../drain.ts";
import type {
  WorkerCommand,
  WorkerReport,
  WorkerSettings,
  WorkerStart,
} from "./messages.ts";

/** The bounds of the delay before a failed worker is replaced. */
const BACKOFF = { minMs: 100, maxMs: 5_000 };
/** The uptime of a worker after which the delay starts at its shortest again, in ms. */
const STABLE_AFTER_MS = 10_000;
/** The time after a worker's own deadline in which its last report may arrive, in ms. */
const REPORT_MS = 1_000;

/** Options of {@linkcode SupervisedWorker}. */
export interface SupervisedWorkerOptions {
  /** The store that the worker's hub shares with the other workers. */
  readonly host: StoreHost;
  /** The settings of the worker's server. */
  readonly settings: WorkerSettings;
  /** The module that the worker runs. */
  readonly url: URL;
  /** Called with each failure of the worker (stage `worker`) and of its hub. */
  readonly onError: (
    error: unknown,
    context: { readonly stage: ErrorStage | "worker" },
  ) => void;
  /** Called with the line about a refused page: by each worker, once for each pair of Origin and Host. */
  readonly onRefusedPage: (line: string) => void;
}

/** A worker that is replaced when it fails. */
export class SupervisedWorker {
  readonly #options: SupervisedWorkerOptions;
  #worker: Worker | undefined;
  #control: MessagePort | undefined;
  #detach: (() => void) | undefined;
  #retries = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isDraining = false;
  #drained: (() => void) | undefined;

  /** @param options see {@linkcode SupervisedWorkerOptions}. */
  constructor(options: SupervisedWorkerOptions) {
    this.#options = options;
  }

  /**
   * Starts the worker.
   *
   * @returns a promise that resolves when the worker listens. It rejects when the worker fails before; then the worker is
   * not replaced.
   */
  start(): Promise<void> {
    const { host, settings, url, onError, onRefusedPage } = this.#options;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const startedAt = performance.now();
    let isListening = false;
    const worker = this.#worker = new Worker(url, { type: "module" });
    const store = new MessageChannel();
    const control = new MessageChannel();
    this.#detach = host.attach(store.port1);
    this.#control = control.port1;
    this.#control.onmessage = ({ data }: MessageEvent<WorkerReport>) => {
      if (data.type === "listening") {
        isListening = true;
        resolve();
      } else if (data.type === "drained") this.#drained?.();
      else if (data.type === "refused") onRefusedPage(data.line);
      else onError(data.text, { stage: data.stage });
    };
    worker.onerror = (event) => {
      // Otherwise the error would end this isolate, too.
      event.preventDefault();
      this.#dispose();
      const error = event.error ?? new Error(event.message);
      if (this.#isDraining || !isListening) return reject(error);
      onError(error, { stage: "worker" });
      if (performance.now() - startedAt >= STABLE_AFTER_MS) this.#retries = 0;
      this.#replace();
    };
    const start: WorkerStart = {
      settings,
      store: store.port2,
      control: control.port2,
    };
    worker.postMessage(start, [store.port2, control.port2]);
    return promise;
  }

  /** Drains the worker's server and ends the worker. */
  async drain(times: DrainTimes): Promise<void> {
    this.#isDraining = true;
    clearTimeout(this.#timer);
    if (this.#worker === undefined) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#drained = resolve;
    const command: WorkerCommand = { drain: times };
    this.#control?.postMessage(command);
    await deadline(promise, times.deadlineMs + REPORT_MS).catch(() => {});
    this.#dispose();
  }

  #replace(): void {
    const delayMs = backoffMs(this.#retries++, BACKOFF, Math.random());
    this.#timer = setTimeout(() => {
      this.start().catch((error) => {
        if (this.#isDraining) return;
        this.#options.onError(error, { stage: "worker" });
        this.#replace();
      });
    }, delayMs);
  }

  #dispose(): void {
    this.#detach?.();
    this.#control?.close();
    this.#worker?.terminate();
    this.#worker = this.#control = this.#detach = undefined;
    this.#drained?.();
  }
}
