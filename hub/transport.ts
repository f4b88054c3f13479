import { CloseCode, PROTOCOL } from "../messages.ts";
import type { Denial } from "./access/authorizer.ts";
import { Ticket } from "./access/ticket.ts";
import { attach } from "./attach.ts";
import type { Core } from "./core.ts";
import type { ErrorStage } from "./hooks.ts";
import type { RefusedHandshake } from "./observe/observer.ts";
import type { PeerClose } from "./peer.ts";
import type {
  ConnectionInfo,
  ConnectionRequest,
  Inbound,
  Socket,
} from "./socket.ts";

/**
 * The side of a hub that a transport uses: it admits handshakes, attaches open connections, and reports failures. `hub.transport`
 * is the one of a hub; `serve` and `createHandler` are transports.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createHub } from "../hub.ts";
 *
 * await using hub = createHub({ limits: { peers: 0 } });
 * assertEquals(hub.transport.hasCapacity, false);
 * hub.transport.refused({ status: 503, address: "192.0.2.1", path: "/ws" });
 * assertEquals(hub.stats().refusals.get(503), 1);
 * ```
 */
export class HubTransport {
  readonly #core: Core;
  readonly #isDraining: () => boolean;

  /**
   * Use `hub.transport`.
   *
   * @param core the parts of the hub.
   * @param isDraining returns `true` once the hub accepts no connections.
   */
  constructor(core: Core, isDraining: () => boolean) {
    this.#core = core;
    this.#isDraining = isDraining;
  }

  /** `true` if the hub accepts another connection. A detached connection counts until its transport reports its end. */
  get hasCapacity(): boolean {
    return !this.#isDraining() && this.#core.connections.hasCapacity;
  }

  /**
   * Checks `limits.peersPerAddress`.
   *
   * @param address the client's address.
   * @returns `true` if the hub accepts another connection of this address.
   */
  hasCapacityFor(address: string): boolean {
    return this.#core.connections.hasCapacityFor(address);
  }

  /**
   * Calls `authorize` for a plain connection that is not open yet, so that the transport can refuse it with an HTTP status.
   * If the transport does not call this, {@linkcode HubTransport.attach} calls `authorize`. A drumbeat.v1 connection is always
   * admitted here: `authorize` is called with the token of its hello.
   *
   * @param request the request of the connection.
   * @returns a ticket for {@linkcode HubTransport.attach}; `"limit"` when the user has `limits.peersPerUser` connections; or
   * the denial.
   */
  async admit(request: ConnectionRequest): Promise<Ticket | Denial | "limit"> {
    const { access, connections } = this.#core;
    if (!access.isRequired || request.protocol === PROTOCOL) {
      return new Ticket();
    }
    // A connection that waits for `authorize` counts as one, or any number of them could wait.
    const release = connections.reserve(request.address);
    try {
      return await access.admit(request);
    } finally {
      release();
    }
  }

  /**
   * Attaches an open connection.
   *
   * @param socket sends to the connection.
   * @param request the request of the connection. The hub keeps its handshake until `authorize` is called, and no longer.
   * @param ticket the ticket that {@linkcode HubTransport.admit} returned for it. Default: none.
   * @returns receives from the connection.
   */
  attach(socket: Socket, request: ConnectionRequest, ticket?: Ticket): Inbound {
    if (!this.#isDraining()) {
      return attach(this.#core.attachment, socket, request, ticket);
    }
    // Upgraded before the drain, and open after it began: the drain does not close it.
    const { address } = request;
    const code = CloseCode.goingAway;
    return this.reject(socket, { address, code, reason: "Hub closing" });
  }

  /**
   * Closes an open connection that the hub does not accept. Until its transport reports its end it counts in `limits.peers`,
   * `limits.peersPerAddress` and `hub.stats().closing`.
   *
   * @param socket sends to the connection.
   * @param rejected the client's address, the close code and the close reason.
   * @returns ignores what the connection sends.
   */
  reject(
    socket: Socket,
    rejected: PeerClose & Pick<ConnectionInfo, "address">,
  ): Inbound {
    this.#core.monitor.rejected(rejected.code);
    return this.#core.connections.reject(socket, rejected);
  }

  /**
   * Counts a handshake that the transport refused.
   *
   * @param handshake the status and the origin of the handshake.
   */
  refused(handshake: RefusedHandshake): void {
    this.#core.monitor.refused(handshake);
  }

  /**
   * Reports a failure of the transport to `onError` and the observers.
   *
   * @param error the error.
   * @param stage the operation that failed.
   */
  report(error: unknown, stage: ErrorStage): void {
    this.#core.reporter.report(error, stage);
  }
}
