import { assertEquals, assertGreater } from "@std/assert";
import { DenoSocket } from "../../adapters/socket_deno.ts";
import type { Inbound, Socket } from "../../hub/socket.ts";
import { closeCode, encodeFrame, type RawFrame, RawPeer } from "../raw_peer.ts";
import { socketConformance, type SocketRig } from "./socket_conformance.ts";

/** A real socket on loopback, and a bare one at its other end. */
async function overLoopback(
  attach: (socket: Socket) => Inbound,
): Promise<SocketRig & { readonly peer: RawPeer }> {
  const { promise: opened, resolve: open } = Promise.withResolvers<Socket>();
  const { promise: gone, resolve: end } = Promise.withResolvers<void>();
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    (request) => {
      const { socket, response } = Deno.upgradeWebSocket(request);
      socket.addEventListener("close", () => end());
      new DenoSocket(socket, (port) => {
        open(port);
        return attach(port);
      });
      return response;
    },
  );
  const peer = await RawPeer.connect(server.addr.port);
  const socket = await opened;
  async function next(): Promise<RawFrame> {
    const frame = await peer.frame();
    if (frame === undefined) throw new Error("The connection has ended");
    return frame;
  }
  return {
    socket,
    peer,
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
      send: (data) => peer.send(data),
      close: (code, reason) => peer.close(code, reason),
      drop: () => peer.drop(),
    },
    async [Symbol.asyncDispose]() {
      peer.drop();
      await gone;
      await server.shutdown();
    },
  };
}

socketConformance("Deno's socket", overLoopback);

Deno.test("Deno's socket tells how much it holds back for a peer that does not read", async () => {
  await using rig = await overLoopback(() => ({ receive() {}, closed() {} }));
  const chunk = "x".repeat(256 * 1024);
  // The kernel's buffers take some MiB before anything is held back.
  for (let i = 0; i < 256 && rig.socket.bufferedAmount === 0; i++) {
    for (let j = 0; j < 8; j++) rig.socket.send(chunk);
    await new Promise((resolve) => setTimeout(resolve));
  }
  assertGreater(rig.socket.bufferedAmount, 0);
});

Deno.test("Deno's socket says why it closes, though the peer had sent more than was read", async () => {
  let socket: Socket | undefined;
  await using rig = await overLoopback((port) => {
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
