import { assertEquals } from "@std/assert";
import { loadWs } from "../../../server/strict/load_ws.ts";
import { NodeServer } from "../../../server/strict/node_server.ts";

Deno.test("the strict transport closes connections above its limit, and accepts one again after another has closed", async () => {
  const server = new NodeServer(await loadWs(), {
    messageBytes: 1,
    connections: 2,
    handshakeMs: 60_000,
  });
  await server.listen({
    port: 0,
    hostname: "127.0.0.1",
    handler: () => new Response("ok"),
    onError: () => new Response(null, { status: 500 }),
  });
  const { port } = server.addr;
  const connect = () => Deno.connect({ hostname: "127.0.0.1", port });
  const first = await connect();
  const second = await connect();
  using third = await connect();
  assertEquals(await third.read(new Uint8Array(1)).catch(() => null), null);
  second.close();
  // The server accepts a connection once it has read the end of the second one.
  let answer = "";
  while (answer === "") {
    answer = await fetch(`http://127.0.0.1:${port}/`).then(
      (response) => response.text(),
      () => "",
    );
  }
  assertEquals(answer, "ok");
  first.close();
  await server.shutdown();
});

Deno.test("loading ws does not change the environment", async () => {
  const { default: process } = await import("node:process");
  const { env } = process;
  await loadWs();
  assertEquals(process.env === env, true);
});
