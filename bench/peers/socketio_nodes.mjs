// A node of Socket.IO on Node with the adapter for Redis Streams, as in the adapter's README.
// `node socketio_nodes.mjs REDIS_URL`
import { createServer } from "node:http";
import { createAdapter } from "@socket.io/redis-streams-adapter";
import { createClient } from "redis";
import { Server } from "socket.io";

const client = createClient({ url: process.argv[2] });
await client.connect();
const http = createServer();
const io = new Server(http, {
  transports: ["websocket"],
  serveClient: false,
  adapter: createAdapter(client),
});
io.on("connection", (socket) => {
  const { topic } = socket.handshake.query;
  socket.join(topic);
  socket.on("m", (message) => io.to(topic).emit("m", message));
});
http.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, () => {
  console.log(`listens on http://127.0.0.1:${http.address().port}`);
});
