#!/usr/bin/env bash
# extended-eventsource 2.1.0 and parse-sse 0.1.0 take a CR LF that arrives in two chunks for two line ends.
#
# The stream: `data: a CR`, then `LF data: b CR LF CR LF`, in two chunks of one response. It is one event with the data
# "a\nb" (HTML Standard, "Parsing an event stream": CR LF is one end-of-line).
# Guess, before it was run: one event in every library, as chunks have no meaning in the grammar.
# Seen: two events, "a" and "b". eventsource-parser 4.1.3, as the control, gives one.
# So a server that supports every library ends its lines with LF alone.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund extended-eventsource@2.1.0 parse-sse@0.1.0 eventsource-parser@4.1.3
cat >run.mjs <<'JS'
import { createParser } from "eventsource-parser";
import { EventSource } from "extended-eventsource";
import { parseServerSentEvents } from "parse-sse";

const chunks = ["data: a\r", "\ndata: b\r\n\r\n"];

function response() {
  const parts = chunks.map((text) => new TextEncoder().encode(text));
  const body = new ReadableStream({
    pull(controller) {
      const part = parts.shift();
      if (part === undefined) controller.close();
      else controller.enqueue(part);
    },
  });
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
}

const control = [];
const parser = createParser({ onEvent: ({ data }) => control.push(data) });
for (const chunk of chunks) parser.feed(chunk);
console.log("eventsource-parser", JSON.stringify(control));

const parsed = [];
for await (const { data } of parseServerSentEvents(response())) parsed.push(data);
console.log("parse-sse", JSON.stringify(parsed));

globalThis.fetch = async () => response();
const received = [];
const source = new EventSource("http://127.0.0.1/", { disableRetry: true });
source.addEventListener("message", ({ data }) => received.push(data));
await new Promise((resolve) => setTimeout(resolve, 300));
source.close();
console.log("extended-eventsource", JSON.stringify(received));
process.exit(0);
JS
seen=$(node run.mjs 2>/dev/null)
expected='eventsource-parser ["a\nb"]
parse-sse ["a","b"]
extended-eventsource ["a","b"]'
echo "$seen"
[ "$seen" = "$expected" ] || { echo "The behaviour has changed." >&2; exit 1; }
