/**
 * Bun with its native pub/sub; the topic is the path. `bun.mjs PORT MODE`.
 *
 * @module
 */
import process from "node:process";
import { answer } from "./answer.mjs";

const [port, mode] = process.argv.slice(2);

// deno-lint-ignore no-undef -- it runs in Bun.
const server = Bun.serve({
  port: Number(port),
  hostname: "127.0.0.1",
  fetch(request, server) {
    const data = new URL(request.url).pathname;
    if (!server.upgrade(request, { data })) {
      return new Response("A WebSocket server", { status: 426 });
    }
  },
  websocket: {
    open: (socket) => socket.subscribe(socket.data),
    message(socket, message) {
      if (mode !== "publish") socket.send(answer(mode, String(message)));
      else server.publish(socket.data, message);
    },
  },
});
