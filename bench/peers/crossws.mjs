// crossws on Deno: one interface over many runtimes. `deno run crossws.mjs [fan-out|echo|heartbeat]`
import crossws from "crossws/adapters/deno";

const mode = Deno.args[0] ?? "fan-out";
const websockets = crossws({
  hooks: {
    open(peer) {
      peer.subscribe(topicOf(peer));
      peer.send('{"type":"start"}');
    },
    message(peer, message) {
      const text = message.text();
      if (mode === "echo") peer.send(text);
      else if (mode === "heartbeat") {
        const { type, time } = JSON.parse(text);
        if (type === "ping") {
          peer.send(JSON.stringify({ type: "pong", time }));
        }
      } else websockets.publish(topicOf(peer), text);
    },
  },
});

function topicOf(peer) {
  return peer.context.topic ??= new URL(peer.request.url).searchParams.get(
    "topic",
  );
}

Deno.serve({
  port: 0,
  hostname: "127.0.0.1",
  tcpBacklog: 4096,
  onListen: ({ port }) => console.log(`listens on http://127.0.0.1:${port}`),
}, (request, info) => websockets.handleUpgrade(request, info));
