import { CloseCode } from "../../messages.ts";
import type { Clock } from "../clock.ts";
import type { Hooks, Reporter } from "../hooks.ts";
import type { Limits } from "../limits.ts";
import type { Peer, PeerClose } from "../peer.ts";
import type { ConnectionInfo, Inbound, Socket } from "../socket.ts";
import { Tally } from "../../common/tally.ts";
import { addressKey } from "./address.ts";
import type { Connection } from "./connection.ts";

/** The parts of the hub that {@linkcode Connections} use. */
export interface ConnectionsContext {
  readonly clock: Clock;
  readonly limits: Pick<Limits, "peers" | "peersPerAddress">;
  readonly hooks: Hooks;
  readonly reporter: Reporter;
  readonly monitor: {
    opened(peer: Peer): void;
    closed(peer: Peer, close: PeerClose): void;
  };
  /** Removes a connection from every other part of the hub. */
  detached(connection: Connection, close: DetachCause): void;
}

/** The cause for which a connection is detached. */
export interface DetachCause {
  /** The close code. */
  readonly code: number;
  /** `true` if the hub closed the connection; `false` if the peer or the network did. */
  readonly isByHub: boolean;
}

/** All connections of the hub. A connection is detached here, once, without waiting for a `close` event. */
export class Connections {
  /** The peers whose handshake is complete: `hub.peers`. */
  readonly peers: Set<Peer> = new Set();
  /** The connections that are not detached, those without a hello included. */
  readonly all: Set<Connection> = new Set();
  /** Peers that were opened since the start. */
  peersOpened = 0;
  /** Peers that were closed since the start. */
  peersClosed = 0;
  readonly #context: ConnectionsContext;
  readonly #byId = new Map<string, Connection>();
  /** Detached and rejected connections whose transport has not reported the end: they still hold a file descriptor. */
  readonly #closing = new Set<Inbound>();
  /** Connections whose transport has not reported the end, by address. */
  readonly #addresses = new Tally();
  #reserved = 0;
  #allClosed: (() => void) | undefined;

  constructor(context: ConnectionsContext) {
    this.#context = context;
  }

  /** The number of detached and rejected connections whose transport has not reported the end. */
  get closing(): number {
    return this.#closing.size;
  }

  /** `true` while the hub is below `limits.peers`. */
  get hasCapacity(): boolean {
    const size = this.all.size + this.#closing.size + this.#reserved;
    return size < this.#context.limits.peers;
  }

  /** Returns `true` while an address is below `limits.peersPerAddress`. */
  hasCapacityFor(address: string): boolean {
    // A program that passes no addresses must not get one limit for all of its peers.
    return address === "" ||
      this.#addresses.of(addressKey(address)) <
        this.#context.limits.peersPerAddress;
  }

  /**
   * Reserves capacity for a connection that is being authorized.
   *
   * @returns releases the capacity.
   */
  reserve(address: string): () => void {
    const key = addressKey(address);
    this.#reserved++;
    this.#addresses.add(key);
    return () => {
      this.#reserved--;
      this.#addresses.remove(key);
    };
  }

  /** Adds an open connection. */
  add(connection: Connection): void {
    this.all.add(connection);
    this.#addresses.add(connection.addressKey);
    this.#context.monitor.opened(connection);
  }

  /** Returns the connection of a peer; `undefined` if it is not connected to this hub. */
  byId(id: string): Connection | undefined {
    return this.#byId.get(id);
  }

  /** Makes a connection a peer of the hub: the dialect's handshake is complete. */
  open(connection: Connection): void {
    connection.isOpen = true;
    this.peers.add(connection);
    this.#byId.set(connection.id, connection);
    this.peersOpened++;
    const { hooks, reporter } = this.#context;
    reporter.guard("open", () => hooks.onOpen?.(connection));
  }

  /** Ends a connection. Idempotent. */
  disconnect(connection: Connection, code: number, reason: string): void {
    if (connection.isDetached) return;
    this.#detach(connection, code, reason, true);
    this.#closing.add(connection);
    connection.socket.close(code, reason);
    // A peer that is silent or does not read would not answer the closing handshake.
    if (code === CloseCode.heartbeatTimeout || code === CloseCode.slowReader) {
      connection.socket.terminate();
    }
  }

  /**
   * Closes an open connection that the hub does not accept. Until the transport reports its end it counts in the limits, as a
   * closed connection does.
   *
   * @returns ignores what the connection sends.
   */
  reject(
    socket: Socket,
    { address, code, reason }: PeerClose & Pick<ConnectionInfo, "address">,
  ): Inbound {
    const key = addressKey(address);
    const inbound: Inbound = {
      receive() {},
      closed: () => this.#ended(inbound, key),
    };
    this.#closing.add(inbound);
    this.#addresses.add(key);
    socket.close(code, reason);
    return inbound;
  }

  /** Notes that the transport reports the end of a connection. Some report it twice, some never. */
  closed(connection: Connection, code: number, reason: string): void {
    this.#ended(connection, connection.addressKey);
    if (connection.isDetached) return;
    this.#addresses.remove(connection.addressKey);
    // Deno reports 0 where the standard has 1006.
    const reported = code === 0 ? CloseCode.abnormal : code;
    this.#detach(connection, reported, reason, false);
  }

  /** Notes that a connection that was closed before holds no descriptor any more. */
  #ended(connection: Inbound, address: string): void {
    if (!this.#closing.delete(connection)) return;
    this.#addresses.remove(address);
    if (this.#closing.size === 0) this.#allClosed?.();
  }

  /** Resolves when the transport of every detached connection has reported the end, or after `graceMs`. */
  allClosed(graceMs: number): Promise<void> {
    if (this.#closing.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = this.#context.clock.after(graceMs, resolve);
      this.#allClosed = () => {
        cancel();
        resolve();
      };
    });
  }

  #detach(
    connection: Connection,
    code: number,
    reason: string,
    isByHub: boolean,
  ): void {
    connection.isDetached = true;
    this.all.delete(connection);
    this.#context.detached(connection, { code, isByHub });
    this.#context.monitor.closed(connection, { code, reason });
    if (!connection.isOpen) return;
    this.peers.delete(connection);
    if (this.#byId.get(connection.id) === connection) {
      this.#byId.delete(connection.id);
    }
    this.peersClosed++;
    const { hooks, reporter } = this.#context;
    reporter.guard(
      "close",
      () => hooks.onClose?.(connection, { code, reason }),
    );
  }
}
