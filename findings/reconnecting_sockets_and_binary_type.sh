#!/usr/bin/env bash
# websocket-ts 2.3.0 forgets `binaryType` at a reconnect; robust-websocket 1.0.0 applies it from the next connection on.
#
# A program sets `binaryType = "arraybuffer"` once, while the first connection is open. The server sends one byte, ends the
# connection, and sends one byte on the next.
# Guess, before it was run: ArrayBuffer both times.
# Seen: websocket-ts gives an ArrayBuffer, then the socket's default (a Buffer with ws, a Blob in a browser); robust-websocket
# gives a Blob, then an ArrayBuffer. reconnecting-websocket 4.4.0 and partysocket 1.3.0, as controls, give two ArrayBuffers.
# So a reader of binary messages behind a wrapper has to take every type, or set the type again at each `open`.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund ws@8.23.0 websocket-ts@2.3.0 robust-websocket@1.0.0 \
  reconnecting-websocket@4.4.0 partysocket@1.3.0
cat >run.mjs <<'JS'
import { WebSocket, WebSocketServer } from "ws";

globalThis.WebSocket = WebSocket;
globalThis.window = globalThis;
globalThis.navigator ??= { onLine: true };
globalThis.addEventListener ??= () => {};
globalThis.removeEventListener ??= () => {};
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const settings = { WebSocket, minReconnectionDelay: 50, maxReconnectionDelay: 50 };
const makers = {
  "websocket-ts": async (url, receive) => {
    const { ConstantBackoff, WebsocketBuilder } = await import("websocket-ts");
    const client = new WebsocketBuilder(url).withBackoff(new ConstantBackoff(50)).build();
    client.addEventListener("message", (_, event) => receive(event));
    return client;
  },
  "robust-websocket": async (url, receive) => {
    const { default: Robust } = await import("robust-websocket");
    const client = new Robust(url, null, { shouldReconnect: () => 50 });
    client.addEventListener("message", receive);
    return client;
  },
  "reconnecting-websocket": async (url, receive) => {
    const { default: module } = await import("reconnecting-websocket");
    const client = new (module.default ?? module)(url, [], settings);
    client.addEventListener("message", receive);
    return client;
  },
  "partysocket": async (url, receive) => {
    const { WebSocket: Party } = await import("partysocket");
    const client = new Party(url, [], settings);
    client.addEventListener("message", receive);
    return client;
  },
};
for (const [name, make] of Object.entries(makers)) {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await new Promise((resolve) => server.on("listening", resolve));
  const sockets = [];
  server.on("connection", (socket) => sockets.push(socket));
  const types = [];
  const client = await make(
    `ws://127.0.0.1:${server.address().port}/`,
    ({ data }) => types.push(data.constructor.name),
  );
  for (let i = 0; i < 2; i++) {
    while (sockets.length <= i) await pause(10);
    await pause(50);
    if (i === 0) client.binaryType = "arraybuffer";
    sockets[i].send(Buffer.from("x"));
    while (types.length <= i) await pause(10);
    if (i === 0) sockets[i].close(1001);
  }
  console.log(name, types.join(", "));
  client.close();
  server.close();
}
process.exit(0);
JS
seen=$(node run.mjs)
expected='websocket-ts ArrayBuffer, Buffer
robust-websocket Blob, ArrayBuffer
reconnecting-websocket ArrayBuffer, ArrayBuffer
partysocket ArrayBuffer, ArrayBuffer'
echo "$seen"
[ "$seen" = "$expected" ] || { echo "The behaviour has changed." >&2; exit 1; }
