// Bun's native publish. `bun bun.mjs [fan-out|echo|heartbeat]`
const mode = process.argv[2] ?? "fan-out";

const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch(request, server) {
    const topic = new URL(request.url).searchParams.get("topic");
    if (server.upgrade(request, { data: { topic } })) return;
    return new Response("Not a WebSocket handshake", { status: 400 });
  },
  websocket: {
    open(socket) {
      socket.subscribe(socket.data.topic);
      socket.send('{"type":"start"}');
    },
    message(socket, data) {
      if (mode === "echo") socket.send(data);
      else if (mode === "heartbeat") {
        const { type, time } = JSON.parse(data);
        if (type === "ping") {
          socket.send(JSON.stringify({ type: "pong", time }));
        }
      } else server.publish(socket.data.topic, data);
    },
  },
});
console.log(`listens on http://127.0.0.1:${server.port}`);
