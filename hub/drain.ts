import { CloseCode } from "../messages.ts";
import type { Cancel } from "./clock.ts";
import type { Connection } from "./peers/connection.ts";
import type { Core } from "./core.ts";

/** How often it is looked who is due, in ms. */
const TICK_MS = 20;

/**
 * Lets every connection go, each at a time of its own: docs/protocol.md, "Restart". Until its time it is served as ever;
 * from then on nothing is taken in from it, and it leaves once it was told how what it sent before has ended.
 */
export class Farewell {
  readonly #core: Core;
  /** Those whose time has not come, the last one first. */
  readonly #slots: { readonly connection: Connection; readonly at: number }[];
  readonly #parting = new Set<Connection>();
  readonly #over = Promise.withResolvers<void>();
  #cancel: Cancel | undefined;

  /**
   * Tells every drumbeat.v1 peer its time, and begins.
   *
   * @param overMs the times are spread evenly over this many ms.
   */
  constructor(core: Core, overMs: number) {
    this.#core = core;
    const now = core.clock.now();
    const all = [...core.connections.all];
    core.monitor.draining(all.length);
    this.#slots = all.map((connection, nth) => {
      const afterMs = Math.round(overMs * nth / all.length);
      connection.wire.goaway(afterMs);
      return { connection, at: now + afterMs };
    }).reverse();
    this.#tick();
  }

  /** Resolves when all have left. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  /** Ends it: nobody is waited for any more. */
  stop(): void {
    this.#cancel?.();
    this.#over.resolve();
  }

  #tick(): void {
    const { clock, delivery, connections } = this.#core;
    const now = clock.now();
    let last;
    while ((last = this.#slots.at(-1)) !== undefined && last.at <= now) {
      this.#slots.pop();
      last.connection.isDraining = true;
      this.#parting.add(last.connection);
    }
    // What was taken in until now is committed, and acknowledged, before anybody goes.
    delivery.flush();
    for (const connection of this.#parting) {
      if (!connection.isDetached && connection.wire.isOwed) continue;
      this.#parting.delete(connection);
      connections.leave(connection, goingCode(connection), "Going away");
    }
    if (this.#slots.length === 0 && this.#parting.size === 0) {
      return this.stop();
    }
    this.#cancel = clock.after(TICK_MS, () => this.#tick());
  }
}

/** The code that a connection is closed with when the hub goes: a plain peer may not know of 1012. */
export function goingCode(
  { dialect }: Connection,
  code: number = CloseCode.restart,
): number {
  return dialect === "plain" ? CloseCode.goingAway : code;
}
