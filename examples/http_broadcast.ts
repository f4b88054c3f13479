/**
 * A hub that is mounted in another server. The server publishes the body of each HTTP POST to all peers.
 *
 *     deno run --allow-net examples/http_broadcast.ts [port]
 *     curl -d '{"type":"news","text":"it works"}' http://localhost:8000/broadcast
 *
 * @module
 */
import { createHandler, createHub } from "../mod.ts";

await using hub = createHub();
const handler = createHandler(hub);

const server = Deno.serve({
  hostname: "127.0.0.1",
  port: Number(Deno.args[0] ?? 8000),
  onListen: ({ port }) => console.log(`http://localhost:${port}`),
}, async (request, info) => {
  if (new URL(request.url).pathname !== "/broadcast") {
    return handler(request, info);
  }
  if (request.method !== "POST") {
    return new Response("Only POST\n", { status: 405 });
  }
  // A body that is not JSON becomes `undefined`, which the hub refuses.
  const message = await request.json().catch(() => undefined);
  return await hub.broadcast(message).then(
    (offset) => Response.json({ offset }, { status: 201 }),
    (refusal: Error) => new Response(`${refusal.message}\n`, { status: 400 }),
  );
});
await server.finished;
