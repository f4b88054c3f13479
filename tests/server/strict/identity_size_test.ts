import { assertEquals, assertRejects } from "@std/assert";
import { connect, DrumbeatError } from "../../../client.ts";
import { serve } from "../../../server.ts";
import { serveStrict } from "../../../server/strict/strict.ts";

const TRANSPORTS = {
  "the default transport": serve,
  "the strict transport": serveStrict,
};

for (const [transport, start] of Object.entries(TRANSPORTS)) {
  Deno.test(`${transport} accepts a hello above messageBytes up to 65,536 bytes, and no other frame`, async () => {
    await using server = await start({
      port: 0,
      hostname: "127.0.0.1",
      page: false,
      limits: { messageBytes: 1_024 },
    });
    const url = `ws://127.0.0.1:${server.addr.port}/ws`;
    await using client = connect(url, { token: "t".repeat(5_000) });
    await client.opened();
    const error = await assertRejects(
      () =>
        client.topic("room").publish({ type: "chat", text: "x".repeat(2_000) }),
      DrumbeatError,
    );
    assertEquals([error.code, client.state], ["large", "open"]);
    assertEquals(await closeOf(url, "t".repeat(70_000)), 1009);
    assertEquals(await closeOf(url, "t", "x".repeat(2_000)), 1009);
  });
}

/** Sends a hello with this token, and publishes this text after `start`. @returns the close code. */
async function closeOf(
  url: string,
  token: string,
  text?: string,
): Promise<number> {
  const socket = new WebSocket(url, ["drumbeat.v1"]);
  socket.onopen = () =>
    socket.send(JSON.stringify({ type: "hello", topics: {}, token }));
  socket.onmessage = () => {
    const message = { type: "chat", text };
    socket.send(
      JSON.stringify({ type: "publish", id: 1, topic: "room", message }),
    );
  };
  return await new Promise((resolve) => {
    socket.onclose = ({ code }) => resolve(code);
  });
}
