// `ws` on Node, as in its README: a loop over the members. `node ws.mjs [fan-out|echo|heartbeat]`
import { WebSocketServer } from "ws";

const mode = process.argv[2] ?? "fan-out";
const topics = new Map();

function membersOf(topic) {
  let members = topics.get(topic);
  if (members === undefined) topics.set(topic, members = new Set());
  return members;
}

const server = new WebSocketServer({
  port: 0,
  host: "127.0.0.1",
  backlog: 4096,
  perMessageDeflate: false,
});
server.on("listening", () => {
  console.log(`listens on http://127.0.0.1:${server.address().port}`);
});
server.on("connection", (socket, request) => {
  const url = new URL(request.url, "http://localhost");
  const members = membersOf(url.searchParams.get("topic"));
  members.add(socket);
  socket.on("message", (data) => {
    if (mode === "echo") socket.send(data, { binary: false });
    else if (mode === "heartbeat") {
      const { type, time } = JSON.parse(data);
      if (type === "ping") socket.send(JSON.stringify({ type: "pong", time }));
    } else {
      for (const member of members) member.send(data, { binary: false });
    }
  });
  socket.on("close", () => members.delete(socket));
  socket.send('{"type":"start"}');
});
