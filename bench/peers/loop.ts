/**
 * The bare loop: a Set for each topic and a `send` for each of its members. It shows the cost of Deno.upgradeWebSocket
 * without a hub. `deno run loop.ts [fan-out|echo|heartbeat|drop]`; `drop` omits one delivery, for the tests.
 */
const mode = Deno.args[0] ?? "fan-out";
const topics = new Map<string, Set<WebSocket>>();
let countdown = mode === "drop" ? 50 : Infinity;

function membersOf(topic: string): Set<WebSocket> {
  let members = topics.get(topic);
  if (members === undefined) topics.set(topic, members = new Set());
  return members;
}

Deno.serve({
  port: 0,
  hostname: "127.0.0.1",
  tcpBacklog: 4096,
  onListen: ({ port }) => console.log(`listens on http://127.0.0.1:${port}`),
}, (request) => {
  const members = membersOf(new URL(request.url).searchParams.get("topic")!);
  const { socket, response } = Deno.upgradeWebSocket(request);
  socket.onopen = () => {
    members.add(socket);
    socket.send('{"type":"start"}');
  };
  socket.onmessage = mode === "echo"
    ? ({ data }) => socket.send(data)
    : mode === "heartbeat"
    ? ({ data }) => {
      const { type, time } = JSON.parse(data);
      if (type === "ping") socket.send(JSON.stringify({ type: "pong", time }));
    }
    : ({ data }) => {
      for (const member of members) if (--countdown !== 0) member.send(data);
    };
  socket.onclose = () => members.delete(socket);
  return response;
});
