import { CloseCode, shouldReconnect } from "../../messages.ts";
import { addressKey } from "./address.ts";
import type { Clock } from "../clock.ts";
import type { Connection } from "./connection.ts";
import type { Hooks, Reporter } from "../hooks.ts";
import type { Monitor } from "../observe/monitor.ts";
import type { Peer } from "../peer.ts";
import { Tally } from "../tally.ts";

/** What the standard reports for a close frame without a code: a `close()` without one. */
const NO_STATUS = 1005;

/** What {@linkcode Connections} needs of the hub. */
export interface ConnectionsContext {
  readonly clock: Clock;
  readonly hooks: Hooks;
  readonly reporter: Reporter;
  readonly monitor: Monitor;
  /** A connection is over: take it out of everything. */
  departed(connection: Connection, sessionEnded: boolean): void;
}

/** Who is connected. Leaving is decided here, once, and never waits for a `close` event. */
export class Connections {
  /** Those that have joined: `hub.peers`. */
  readonly peers: Set<Peer> = new Set();
  /** All that have not left, those that have not said hello included. */
  readonly all: Set<Connection> = new Set();
  joins = 0;
  leaves = 0;
  readonly #context: ConnectionsContext;
  readonly #byId = new Map<string, Connection>();
  readonly #closing = new Set<Connection>();
  /** Those whose transport has not said that they are gone, by address. */
  readonly #addresses = new Tally();
  #held = 0;
  #onGone: (() => void) | undefined;

  constructor(context: ConnectionsContext) {
    this.#context = context;
  }

  /** Connections that have left and whose transport has not said that they are gone. */
  get closing(): number {
    return this.#closing.size;
  }

  /** All that take up a place: who has left and is not gone still holds a descriptor. */
  get size(): number {
    return this.all.size + this.#closing.size + this.#held;
  }

  /** Keeps a place for somebody who is being asked about. @returns gives it back. */
  hold(address: string): () => void {
    const key = addressKey(address);
    this.#held++;
    this.#addresses.add(key);
    return () => {
      this.#held--;
      this.#addresses.remove(key);
    };
  }

  /** How many of them are from an address. */
  from(address: string): number {
    return this.#addresses.of(addressKey(address));
  }

  /** A connection is open. */
  add(connection: Connection): void {
    this.all.add(connection);
    this.#addresses.add(connection.addressKey);
    this.#context.monitor.opened(connection);
  }

  /** The peer of this id, with the connection that it has now. */
  byId(id: string): Connection | undefined {
    return this.#byId.get(id);
  }

  /** The dialect has greeted a connection: it is a peer now. */
  joined(connection: Connection): void {
    connection.joined = true;
    this.peers.add(connection);
    this.#byId.set(connection.id, connection);
    this.joins++;
    const { hooks, reporter } = this.#context;
    reporter.guard("open", () => hooks.onOpen?.(connection));
  }

  /** The hub decides that a connection has left. */
  leave(connection: Connection, code: number, reason: string): void {
    if (connection.isDetached) return;
    this.#depart(connection, code, reason);
    this.#closing.add(connection);
    connection.socket.close(code, reason);
    // Who is silent, or takes nothing in, will not take part in a closing handshake.
    if (code === CloseCode.heartbeatTimeout || code === CloseCode.lagging) {
      connection.socket.terminate();
    }
  }

  /** The transport says that a connection is gone; some say so twice, some never. */
  closed(connection: Connection, code: number, reason: string): void {
    const wasZombie = this.#closing.delete(connection);
    if (this.#closing.size === 0) this.#onGone?.();
    if (!connection.isDetached || wasZombie) {
      this.#addresses.remove(connection.addressKey);
    }
    if (connection.isDetached) return;
    // Deno reports 0 where the standard has 1006.
    this.#depart(connection, code === 0 ? CloseCode.abnormal : code, reason);
  }

  /** Resolves when every connection that left is gone, or after `graceMs`. */
  allGone(graceMs: number): Promise<void> {
    if (this.#closing.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = this.#context.clock.after(graceMs, resolve);
      this.#onGone = () => {
        cancel();
        resolve();
      };
    });
  }

  #depart(connection: Connection, code: number, reason: string): void {
    connection.isDetached = true;
    this.all.delete(connection);
    this.#context.departed(connection, endsSession(code));
    this.#context.monitor.closed(connection, { code, reason });
    if (!connection.joined) return;
    this.peers.delete(connection);
    if (this.#byId.get(connection.id) === connection) {
      this.#byId.delete(connection.id);
    }
    this.leaves++;
    const { hooks, reporter } = this.#context;
    reporter.guard(
      "close",
      () => hooks.onClose?.(connection, { code, reason }),
    );
  }
}

/** Whether a session is over with a connection that ended so: who says goodbye does not come back. */
function endsSession(code: number): boolean {
  if (code === CloseCode.superseded) return false;
  return code === CloseCode.normal || code === CloseCode.goingAway ||
    code === NO_STATUS || !shouldReconnect(code);
}
