#!/usr/bin/env bash
# reconnecting-websocket 4.4.0 and robust-websocket 1.0.0 call a listener that was added with { once: true } at every
# connection.
#
# A program waits for the first `open` with `addEventListener("open", f, { once: true })`; the server ends the connection
# twice, and the wrapper reconnects twice.
# Guess, before it was run: f runs once, as the wrappers promise the interface of EventTarget.
# Seen: f runs three times. partysocket 1.3.0, as the control, calls it once.
# So code that logs in or subscribes in such a listener does so again after each reconnect.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund ws@8.23.0 reconnecting-websocket@4.4.0 robust-websocket@1.0.0 partysocket@1.3.0
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
  "reconnecting-websocket": async (url) => {
    const { default: module } = await import("reconnecting-websocket");
    return new (module.default ?? module)(url, [], settings);
  },
  "robust-websocket": async (url) => {
    const { default: Robust } = await import("robust-websocket");
    return new Robust(url, null, { shouldReconnect: () => 50 });
  },
  "partysocket": async (url) => {
    const { WebSocket: Party } = await import("partysocket");
    return new Party(url, [], settings);
  },
};
for (const [name, make] of Object.entries(makers)) {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await new Promise((resolve) => server.on("listening", resolve));
  const sockets = [];
  server.on("connection", (socket) => sockets.push(socket));
  const client = await make(`ws://127.0.0.1:${server.address().port}/`);
  let once = 0;
  let opened = 0;
  client.addEventListener("open", () => once++, { once: true });
  client.addEventListener("open", () => opened++);
  for (let i = 0; i < 3; i++) {
    while (opened <= i) await pause(10);
    if (i < 2) sockets[i].close(1001);
  }
  console.log(`${name}: ${opened} connections, ${once} calls`);
  client.close();
  server.close();
}
process.exit(0);
JS
seen=$(node run.mjs)
expected='reconnecting-websocket: 3 connections, 3 calls
robust-websocket: 3 connections, 3 calls
partysocket: 3 connections, 1 calls'
echo "$seen"
[ "$seen" = "$expected" ] || { echo "The behaviour has changed." >&2; exit 1; }
