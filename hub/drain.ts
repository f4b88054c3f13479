import { CloseCode } from "../messages.ts";
import type { Cancel, Clock } from "./clock.ts";
import type { Connection } from "./peers/connection.ts";

/** The interval at which due connections are closed, in ms. */
const TICK_MS = 20;

/** The parts of the hub that a {@linkcode Drain} uses. */
export interface DrainContext {
  readonly clock: Clock;
  readonly monitor: { draining(connections: number): void };
  readonly connections: { readonly all: ReadonlySet<Connection> };
  flush(): void;
}

/**
 * The drain of a hub: docs/protocol.md, "Restart". Each connection is served until a time of its own. From then on its
 * frames are ignored, and it is closed once every frame that it sent before has its reply.
 */
export class Drain {
  readonly #context: DrainContext;
  /** The connections that are not due yet, the last one first. */
  readonly #waiting: { readonly connection: Connection; readonly at: number }[];
  readonly #draining = new Set<Connection>();
  readonly #done = Promise.withResolvers<void>();
  #cancel: Cancel | undefined;

  /**
   * Announces to every drumbeat.v1 peer when it is disconnected, and starts.
   *
   * @param context the parts of the hub.
   * @param overMs the times are spread evenly over this many ms.
   */
  constructor(context: DrainContext, overMs: number) {
    this.#context = context;
    const now = context.clock.now();
    const all = [...context.connections.all];
    context.monitor.draining(all.length);
    this.#waiting = all.map((connection, nth) => {
      const afterMs = Math.round(overMs * nth / all.length);
      connection.wire.goaway(afterMs);
      return { connection, at: now + afterMs };
    }).reverse();
    this.#tick();
  }

  /**
   * Waits until every connection is closed.
   *
   * @param signal stops the wait, and rejects the promise with its reason.
   */
  wait(signal?: AbortSignal): Promise<void> {
    const { promise } = this.#done;
    if (signal === undefined) return promise;
    const waiting = new Promise<void>((resolve, reject) => {
      const abort = () => reject(signal.reason);
      if (signal.aborted) return abort();
      signal.addEventListener("abort", abort, { once: true });
      promise.then(() => {
        // The signal may outlive the hub.
        signal.removeEventListener("abort", abort);
        resolve();
      });
    });
    // A program that aborts the wait may ignore the promise.
    waiting.catch(() => {});
    return waiting;
  }

  /** Stops waiting for the connections. */
  stop(): void {
    this.#cancel?.();
    this.#done.resolve();
  }

  #tick(): void {
    const { clock, flush } = this.#context;
    const now = clock.now();
    let last;
    while ((last = this.#waiting.at(-1)) !== undefined && last.at <= now) {
      this.#waiting.pop();
      last.connection.isDraining = true;
      this.#draining.add(last.connection);
    }
    // What was received until now is committed and acknowledged before a connection is closed.
    flush();
    for (const connection of this.#draining) {
      const { isDetached, wire } = connection;
      if (!isDetached && wire.hasPendingReplies) continue;
      this.#draining.delete(connection);
      connection.disconnect(closeCodeFor(connection), "Hub closing");
    }
    if (this.#waiting.length === 0 && this.#draining.size === 0) {
      return this.stop();
    }
    this.#cancel = clock.after(TICK_MS, () => this.#tick());
  }
}

/**
 * Returns the code with which a connection is closed when the hub closes: many WebSocket clients report 1012 as an error, so plain ones receive 1001.
 *
 * @param connection the connection.
 * @param code the code for drumbeat.v1.
 */
export function closeCodeFor(
  { dialect }: Connection,
  code: number = CloseCode.restart,
): number {
  return dialect === "plain" ? CloseCode.goingAway : code;
}
