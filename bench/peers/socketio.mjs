// Socket.IO on Node, WebSocket only: rooms, acknowledgements, and connection state recovery.
// `node socketio.mjs [fan-out|echo|heartbeat|replay]`
import { createServer } from "node:http";
import { Server } from "socket.io";

const mode = process.argv[2] ?? "fan-out";
const http = createServer();
const io = new Server(http, {
  transports: ["websocket"],
  serveClient: false,
  // Disabled, because the load generator sends the pings of the heartbeat scenario.
  ...(mode === "heartbeat" ? { pingInterval: 600_000 } : {}),
  ...(mode === "replay"
    ? { connectionStateRecovery: { maxDisconnectionDuration: 120_000 } }
    : {}),
});
io.on("connection", (socket) => {
  const { topic } = socket.handshake.query;
  if (!socket.recovered) socket.join(topic);
  socket.on("m", (message, reply) => {
    if (reply !== undefined) reply(message);
    else if (mode === "echo") socket.emit("m", message);
    else io.to(topic).emit("m", message);
  });
  socket.on("ping", (reply) => reply());
});
http.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, () => {
  console.log(`listens on http://127.0.0.1:${http.address().port}`);
});
