/**
 * The bare loop: a Set of sockets for each topic (the path), and a `send` to each of them. `loop.ts PORT MODE`.
 *
 * @module
 */
import { answer } from "./answer.mjs";

const [port, mode] = Deno.args as [string, string];
const topics = new Map<string, Set<WebSocket>>();
/** What `replay` gives to whoever comes back: the newest 1,000. */
const kept: string[] = [];

Deno.serve(
  {
    port: Number(port),
    hostname: "127.0.0.1",
    tcpBacklog: 4096,
    onListen() {},
  },
  (request) => {
    if (request.headers.get("upgrade") !== "websocket") {
      return new Response("A WebSocket server", { status: 426 });
    }
    const { pathname } = new URL(request.url);
    let sockets = topics.get(pathname);
    if (sockets === undefined) topics.set(pathname, sockets = new Set());
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.onopen = () => sockets.add(socket);
    socket.onmessage = mode === "publish"
      ? ({ data }) => {
        for (const each of sockets) each.send(data);
      }
      : mode === "replay"
      ? ({ data }) => replay(socket, sockets, data)
      : ({ data }) => socket.send(answer(mode, data));
    socket.onclose = () => sockets.delete(socket);
    return response;
  },
);

function replay(socket: WebSocket, sockets: Set<WebSocket>, data: string) {
  if (data === "resume") {
    for (const message of kept) socket.send(message);
    return;
  }
  if (kept.push(data) > 1000) kept.shift();
  for (const each of sockets) each.send(data);
}
