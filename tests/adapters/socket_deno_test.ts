import { assertEquals } from "@std/assert";
import type { Socket } from "../../hub/socket.ts";
import { encodeFrame } from "../raw_peer.ts";
import { listenWithDeno, overLoopback } from "./loopback.ts";
import { socketConformance } from "./socket_conformance.ts";

socketConformance(
  "DenoSocket",
  (attach) => overLoopback(listenWithDeno, attach),
);

Deno.test("DenoSocket sends its close code to a peer that has sent more than was read", async () => {
  let socket: Socket | undefined;
  await using rig = await overLoopback(listenWithDeno, (port) => {
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
