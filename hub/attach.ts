import { PROTOCOL } from "../messages.ts";
import type { Ticket } from "./access/ticket.ts";
import { newPeerId } from "./ids.ts";
import { Connection, type ConnectionContext } from "./peers/connection.ts";
import type { ProtocolContext } from "./protocol/context.ts";
import { PlainDialect } from "./protocol/plain.ts";
import { V1Dialect } from "./protocol/v1.ts";
import type { ConnectionRequest, Socket } from "./socket.ts";

/** The parts of the hub that {@linkcode attach} uses. */
export interface AttachContext {
  readonly connection: ConnectionContext;
  readonly protocol: ProtocolContext;
  readonly connections: { add(connection: Connection): void };
  readonly heartbeat: { start(): void };
}

/**
 * Attaches an open socket to the hub: creates its connection, and picks the dialect by the subprotocol.
 *
 * @param context the parts of the hub.
 * @param socket the socket.
 * @param request the request that opened the socket.
 * @param ticket the result of an earlier call of `authorize`. Default: none.
 */
export function attach(
  context: AttachContext,
  socket: Socket,
  request: ConnectionRequest,
  ticket?: Ticket,
): Connection {
  const { protocol } = context;
  const connection = new Connection(
    context.connection,
    newPeerId(),
    socket,
    request,
  );
  // Without `authorize`, the secrets of the handshake are not used, and not kept.
  if (protocol.access.isRequired) {
    connection.ticket = ticket;
    connection.handshake = request.handshake;
  }
  connection.wire = request.protocol === PROTOCOL
    ? new V1Dialect(protocol, connection)
    : new PlainDialect(protocol, connection);
  context.connections.add(connection);
  context.heartbeat.start();
  try {
    connection.wire.opened();
  } catch (error) {
    connection.abandon(error, "receive");
  }
  return connection;
}
