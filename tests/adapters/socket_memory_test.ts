import { assertEquals } from "@std/assert";
import { socketPair } from "../hub/socket_pair.ts";
import { type Data, socketConformance } from "./socket_conformance.ts";

socketConformance("socketPair", (attach) => {
  const far = socketPair(attach);
  let read = 0;
  return Promise.resolve({
    socket: far.near,
    stalls: false,
    far: {
      receive: () => Promise.resolve(far.received[read++] as Data),
      closed: () => Promise.resolve(far.closed!),
      ended: () => Promise.resolve(),
      send: (data) => far.send(data),
      close: (code, reason) => far.close(code, reason),
      drop: () => far.drop(),
    },
    // Nothing to close: the far end's drop has closed the pair.
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
});

Deno.test("socketPair receives the objects that were sent", () => {
  const far = socketPair(() => ({ receive() {}, closed() {} }));
  const bytes = Uint8Array.of(1);
  far.near.send(bytes);
  assertEquals(far.received[0] === bytes, true);
});
