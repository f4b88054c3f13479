import { assertEquals } from "@std/assert";
import { DenoSocket } from "../../adapters/socket_deno.ts";
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

/** A WebSocket of the runtime that records its close. */
class RecordedWebSocket extends EventTarget {
  binaryType = "blob";
  readyState: number = WebSocket.OPEN;
  readonly closes: (readonly [code: number, reason: string])[] = [];

  close(code: number, reason: string): void {
    this.closes.push([code, reason]);
  }
}

/** Closes a socket, and dispatches messages within one turn of the event loop. Returns the close frames. */
function receiveAfterClose(
  count: number,
  data: string | ArrayBuffer,
): readonly (readonly [code: number, reason: string])[] {
  const web = new RecordedWebSocket();
  const received: unknown[] = [];
  const socket = new DenoSocket(web as unknown as WebSocket, () => ({
    receive: (data) => received.push(data),
    closed() {},
  }));
  web.dispatchEvent(new Event("open"));
  socket.close(4029, "Rate limit exceeded");
  for (let n = 0; n < count; n++) {
    web.dispatchEvent(new MessageEvent("message", { data }));
  }
  assertEquals(received, []);
  const closes = [...web.closes];
  // Ends the timer of the close.
  web.dispatchEvent(new CloseEvent("close", { code: 1006 }));
  return closes;
}

for (
  const [kind, data, few] of [
    ["small messages", "{}", 256],
    ["large messages", "x".repeat(65_536), 32],
    ["binary messages", new ArrayBuffer(65_536), 32],
  ] as const
) {
  Deno.test(`DenoSocket closes a peer that continues to send ${kind} without waiting for its timer`, () => {
    assertEquals(receiveAfterClose(few, data), []);
    assertEquals(receiveAfterClose(few + 1, data), [
      [4029, "Rate limit exceeded"],
    ]);
  });
}
