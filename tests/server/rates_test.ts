import { assertEquals } from "@std/assert";
import { connect } from "../../client.ts";
import { PROTOCOL } from "../../messages.ts";
import { serve, type ServeOptions } from "../../server.ts";
import { encodeFrame, RawPeer } from "../raw_peer.ts";

const LOW: NonNullable<ServeOptions["limits"]> = {
  messagesPerSecond: 400,
  inflight: 64,
};

Deno.test("a client with 1,000 queued messages delivers all of them once to a server with a low rate, without a 4029", async () => {
  const closes: number[] = [];
  const received: unknown[] = [];
  await using server = serve({
    port: 0,
    limits: LOW,
    onClose: (_, { code }) => void closes.push(code),
  });
  const all = Promise.withResolvers<void>();
  server.hub.on("n", ({ n }) => {
    received.push(n);
    if (received.length === 1_000) all.resolve();
  });
  server.hub.handle("echo", (data) => data);
  await using client = connect(`ws://127.0.0.1:${server.addr.port}/ws`);
  const lobby = client.topic("lobby");
  const offsets = Array.from(
    { length: 1_000 },
    (_, n) => lobby.publish({ type: "n", n }),
  );
  await client.opened();
  const replies = await Promise.all(
    Array.from({ length: 200 }, (_, n) => client.request("echo", n)),
  );
  await all.promise;
  const numbers = Array.from({ length: 1_000 }, (_, n) => n);
  assertEquals(await Promise.all(offsets), numbers);
  assertEquals(received, numbers);
  assertEquals(replies, numbers.slice(0, 200));
  assertEquals([closes, client.attempt], [[], 0]);
});

/** Writes a number of small messages at once. */
async function flood(peer: RawPeer, count: number): Promise<void> {
  const one = encodeFrame(1, new TextEncoder().encode('{"type":"ping"}'));
  const bytes = new Uint8Array(one.length * count);
  for (let i = 0; i < count; i++) bytes.set(one, i * one.length);
  await peer.write(bytes);
}

for (const protocol of [undefined, PROTOCOL]) {
  const options = protocol === undefined ? {} : { protocol };
  // The hello counts as one message.
  const burst = protocol === undefined ? 128 : 127;

  Deno.test(`${protocol ?? "plain"}: answers a burst, and closes with 4029 at one more message`, async () => {
    // During a test, this rate allows no further message.
    const limits = { ...LOW, messagesPerSecond: 0.001 };
    for (
      const [count, isOver] of [[burst, false], [burst + 1, true]] as const
    ) {
      await using server = serve({ port: 0, limits });
      using peer = await RawPeer.connect(server.addr.port, options);
      if (protocol !== undefined) await peer.sendJson({ type: "hello" });
      assertEquals((await peer.json()).type, "start");
      await flood(peer, count);
      for (let pongs = 0; pongs < burst; pongs++) {
        assertEquals((await peer.json()).type, "pong");
      }
      if (isOver) assertEquals(await peer.closeCode(), 4029);
      else assertEquals(server.hub.stats().connections, 1);
    }
  });
}
