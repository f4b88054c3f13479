/**
 * Socket.IO on Node, WebSocket only: a room for each topic (the query), acknowledgements as replies.
 * `socketio.mjs PORT MODE`; PEERS is where the npm packages are.
 *
 * @module
 */
import { createServer } from "node:http";
import { createRequire } from "node:module";
import process from "node:process";

const { Server } = createRequire(`${process.env.PEERS}/`)("socket.io");
const [port, mode] = process.argv.slice(2);
const http = createServer();
const io = new Server(http, { transports: ["websocket"] });

io.on("connection", (socket) => {
  const { topic } = socket.handshake.query;
  socket.join(topic);
  socket.on("message", (data, reply) => {
    if (mode === "request") reply(data);
    else if (mode === "echo") socket.emit("message", data);
    else io.to(topic).emit("message", data);
  });
});
http.listen({ port: Number(port), host: "127.0.0.1", backlog: 4096 });
