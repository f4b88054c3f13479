#!/usr/bin/env bash
# mock-socket 9.3.1 hands the sender's own buffer to the server, and binary data of the server to the client as text.
#
# The client sends the bytes "AB" and then changes the first byte of its buffer; the server sends back what it received.
# Guess, before it was run: the server receives a copy, "AB" (WebSockets Standard, send(): the bytes at the time of the
# call), and the client, whose binaryType is "arraybuffer", receives an ArrayBuffer with "AB".
# Seen: the server receives "CB"; the client receives the text "67,66". undici 7.30.2 with ws 8.23.0, as the control, does
# what was guessed.
# So a test that passes on this mock proves nothing about a client that reuses its buffers, or about binary messages.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund mock-socket@9.3.1 undici@7.30.2 ws@8.23.0
cat >run.mjs <<'JS'
import mock from "mock-socket";
import { WebSocket } from "undici";
import { WebSocketServer } from "ws";

async function probe(name, Socket, url, received) {
  const client = new Socket(url);
  client.binaryType = "arraybuffer";
  await new Promise((resolve) => client.addEventListener("open", resolve));
  const echo = new Promise((resolve) => client.addEventListener("message", ({ data }) => resolve(data)));
  const bytes = new Uint8Array([65, 66]);
  client.send(bytes);
  bytes[0] = 67;
  const data = await echo;
  const text = data instanceof ArrayBuffer ? `ArrayBuffer ${Buffer.from(data)}` : `${typeof data} ${data}`;
  console.log(`${name}: server ${Buffer.from(received[0])}, client ${text}`);
  client.close();
}

const atMock = [];
const server = new mock.Server("ws://localhost:1234");
server.on("connection", (socket) =>
  socket.on("message", (data) => {
    atMock.push(data);
    socket.send(data);
  }));
await probe("mock-socket", mock.WebSocket, "ws://localhost:1234", atMock);

const atReal = [];
const real = new WebSocketServer({ port: 0, host: "127.0.0.1" });
await new Promise((resolve) => real.on("listening", resolve));
real.on("connection", (socket) =>
  socket.on("message", (data) => {
    atReal.push(data);
    socket.send(data);
  }));
await probe("undici and ws", WebSocket, `ws://127.0.0.1:${real.address().port}/`, atReal);
process.exit(0);
JS
seen=$(node run.mjs)
expected='mock-socket: server CB, client string 67,66
undici and ws: server AB, client ArrayBuffer AB'
echo "$seen"
[ "$seen" = "$expected" ] || { echo "The behaviour has changed." >&2; exit 1; }
