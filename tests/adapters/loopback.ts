import { assertEquals } from "@std/assert";
import { loadWs } from "../../server/strict/load_ws.ts";
import { DenoSocket } from "../../adapters/socket_deno.ts";
import type { Inbound, Socket } from "../../hub/socket.ts";
import { NodeServer } from "../../server/strict/node_server.ts";
import { closeCode, type RawFrame, RawPeer } from "../raw_peer.ts";
import type { SocketRig } from "./socket_conformance.ts";

/** A server that makes a socket under test for each connection. */
export interface SocketServer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Connects a real socket on loopback with a raw peer at its other end.
 *
 * @param listen starts a server that attaches each WebSocket.
 * @param attach the same as a hub's.
 */
export async function overLoopback(
  listen: (
    attach: (socket: Socket) => Inbound,
  ) => SocketServer | Promise<SocketServer>,
  attach: (socket: Socket) => Inbound,
): Promise<SocketRig & { readonly peer: RawPeer }> {
  const opened = Promise.withResolvers<Socket>();
  const closed = Promise.withResolvers<void>();
  const server = await listen((socket) => {
    const inbound = attach(socket);
    opened.resolve(socket);
    return {
      receive: (data) => inbound.receive(data),
      closed(code, reason) {
        inbound.closed(code, reason);
        closed.resolve();
      },
    };
  });
  const peer = await RawPeer.connect(server.port);
  const socket = await opened.promise;
  async function next(): Promise<RawFrame> {
    const frame = await peer.frame();
    if (frame === undefined) throw new Error("The connection has ended");
    return frame;
  }
  return {
    socket,
    peer,
    stalls: true,
    far: {
      async receive() {
        const frame = await next();
        return frame.opcode === 1 ? frame.text : frame.payload;
      },
      async closed() {
        const frame = await next();
        assertEquals(frame.opcode, 8);
        const reason = new TextDecoder().decode(frame.payload.subarray(2));
        return { code: closeCode(frame), reason };
      },
      async ended() {
        // Frames in flight are read and ignored; a reset is an end, too.
        while (await peer.frame().catch(() => undefined) !== undefined);
      },
      send: (data) => peer.send(data),
      close: (code, reason) => peer.close(code, reason),
      drop: () => peer.drop(),
    },
    async [Symbol.asyncDispose]() {
      peer.drop();
      await closed.promise;
      await server.close();
    },
  };
}

/** Listens with sockets of `Deno.upgradeWebSocket`. */
export function listenWithDeno(
  attach: (socket: Socket) => Inbound,
): SocketServer {
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    (request) => {
      const { socket, response } = Deno.upgradeWebSocket(request);
      new DenoSocket(socket, attach);
      return response;
    },
  );
  return { port: server.addr.port, close: () => server.shutdown() };
}

/** The largest message that {@linkcode listenWithWs} accepts. */
export const MESSAGE_BYTES = 128 * 1024;

/** Listens with sockets of `ws`. */
export async function listenWithWs(
  attach: (socket: Socket) => Inbound,
  closeMs = 60_000,
): Promise<SocketServer> {
  const server = new NodeServer(await loadWs(), {
    messageBytes: MESSAGE_BYTES,
    connections: 10,
    handshakeMs: 10_000,
    closeMs,
  });
  await server.listen({
    port: 0,
    hostname: "127.0.0.1",
    handler: (request) =>
      server.accept(request, {
        protocol: "",
        isPlain: true,
        attach,
        unopened() {},
      }),
    onError(error) {
      throw error;
    },
  });
  return { port: server.addr.port, close: () => server.shutdown() };
}
