/**
 * ws on Node: a Set for each topic (the path), and a `send` to each. `ws.mjs PORT MODE`; PEERS is where the npm packages
 * are.
 *
 * @module
 */
import { createRequire } from "node:module";
import process from "node:process";
import { answer } from "./answer.mjs";

const { WebSocketServer } = createRequire(`${process.env.PEERS}/`)("ws");
const [port, mode] = process.argv.slice(2);
const topics = new Map();

new WebSocketServer({
  port: Number(port),
  host: "127.0.0.1",
  perMessageDeflate: false,
  backlog: 4096,
}).on("connection", (socket, request) => {
  let sockets = topics.get(request.url);
  if (sockets === undefined) topics.set(request.url, sockets = new Set());
  sockets.add(socket);
  socket.on("close", () => sockets.delete(socket));
  socket.on("message", (data) => {
    if (mode !== "publish") return socket.send(answer(mode, String(data)));
    for (const each of sockets) {
      if (each.readyState === 1) each.send(data, { binary: false });
    }
  });
});
