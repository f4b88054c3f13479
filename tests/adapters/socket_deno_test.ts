import { assertEquals } from "@std/assert";
import { DenoSocket } from "../../adapters/socket_deno.ts";
import type { Inbound, Socket } from "../../hub/socket.ts";
import { encodeFrame } from "../raw_peer.ts";
import { overLoopback, type SocketServer } from "./loopback.ts";
import { socketConformance } from "./socket_conformance.ts";

function listen(attach: (socket: Socket) => Inbound): SocketServer {
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

socketConformance("Deno's socket", (attach) => overLoopback(listen, attach));

Deno.test("Deno's socket says why it closes, though the peer had sent more than was read", async () => {
  let socket: Socket | undefined;
  await using rig = await overLoopback(listen, (port) => {
    socket = port;
    return {
      receive: () => socket?.close(4500, "Not JSON"),
      closed() {},
    };
  });
  const frame = encodeFrame(1, Uint8Array.of(123));
  const frames = new Uint8Array(frame.length * 100);
  for (let i = 0; i < 100; i++) frames.set(frame, i * frame.length);
  await rig.peer.write(frames);
  assertEquals(await rig.peer.closeCode(), 4500);
});
