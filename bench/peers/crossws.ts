/**
 * crossws on Deno, with its own publish. `crossws.ts PORT MODE`; PEERS is where the npm packages are.
 *
 * @module
 */
import { pathToFileURL } from "node:url";
import { answer } from "./answer.mjs";

/** What is used of crossws. */
interface Peer {
  readonly request: { readonly url: string };
  subscribe(topic: string): void;
  publish(topic: string, data: string): void;
  send(data: string): void;
}

const [port, mode] = Deno.args as [string, string];
const place = `${
  Deno.env.get("PEERS")
}/node_modules/crossws/dist/adapters/deno.mjs`;
const { default: crossws } = await import(pathToFileURL(place).href);

const sockets = crossws({
  hooks: {
    open: (peer: Peer) => peer.subscribe(topicOf(peer)),
    message(peer: Peer, message: { text(): string }) {
      const text = message.text();
      if (mode !== "publish") return peer.send(answer(mode, text));
      peer.send(text);
      peer.publish(topicOf(peer), text);
    },
  },
});

function topicOf({ request }: Peer): string {
  return new URL(request.url).pathname;
}

Deno.serve(
  {
    port: Number(port),
    hostname: "127.0.0.1",
    tcpBacklog: 4096,
    onListen() {},
  },
  (request, info) =>
    request.headers.get("upgrade") === "websocket"
      ? sockets.handleUpgrade(request, info)
      : new Response("A WebSocket server", { status: 426 }),
);
