import type { ErrorStage } from "../../hub/hooks.ts";
import type { Limits } from "../../hub/limits.ts";
import type { DrainTimes } from "../drain.ts";
import type { Origins } from "../admission/origins.ts";
import type { TlsOptions } from "../serve.ts";

/** The settings of a worker's server. They are sent to the worker, so a function cannot be among them. */
export interface WorkerSettings {
  readonly port: number;
  readonly hostname: string;
  readonly limits: Limits;
  readonly origins: Exclude<Origins, (...args: never[]) => unknown>;
  readonly trustedProxies: number;
  readonly tls?: TlsOptions | undefined;
}

/** The first message to a worker. */
export interface WorkerStart {
  readonly settings: WorkerSettings;
  /** The connection to the store. */
  readonly store: MessagePort;
  /** Receives {@linkcode WorkerCommand}s, sends {@linkcode WorkerReport}s. */
  readonly control: MessagePort;
}

/** A command to a worker. */
export interface WorkerCommand {
  /** Drains and closes the worker's server. */
  readonly drain: DrainTimes;
}

/** A report of a worker. */
export type WorkerReport =
  | { readonly type: "listening" }
  | {
    readonly type: "error";
    readonly stage: ErrorStage;
    readonly text: string;
  }
  | {
    readonly type: "refused";
    /** The first refusal of a page by this worker, as server/cli/refused_pages.ts prints it. */
    readonly line: string;
  }
  | { readonly type: "drained" };
