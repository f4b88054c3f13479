#!/usr/bin/env bash
# eventsource-client 1.2.0 and @microsoft/fetch-event-source 2.0.1 give no id for an event that follows one with an id.
#
# The stream: `id: 7`, `data: a`, an empty line, `data: b`, an empty line. The last event id stays 7 until a block sets
# another one, so both events have it (HTML Standard, "Dispatch the event": lastEventId is the last event ID string).
# Guess, before it was run: "a" and "b" with the id 7 in every library.
# Seen: "b" has the id undefined (eventsource-client) or "" (fetch-event-source). undici 7.30.2, as the control, gives 7.
# So a server whose ids are positions should send an id with every event, or a reader that saves the last id saves none.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund eventsource-client@1.2.0 @microsoft/fetch-event-source@2.0.1 undici@7.30.2
cat >run.mjs <<'JS'
import { createServer } from "node:http";
import { createEventSource } from "eventsource-client";
import { EventSource } from "undici";

const stream = "id: 7\ndata: a\n\ndata: b\n\n";
const headers = { "content-type": "text/event-stream" };
const server = createServer((_, response) => {
  response.writeHead(200, headers);
  response.write(stream);
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const url = `http://127.0.0.1:${server.address().port}/`;
globalThis.window = globalThis;
globalThis.document = { hidden: false, addEventListener() {}, removeEventListener() {} };
const pause = () => new Promise((resolve) => setTimeout(resolve, 400));

const first = [];
const client = createEventSource({ url, onMessage: ({ data, id }) => first.push([data, id ?? null]) });
await pause();
client.close();
console.log("eventsource-client", JSON.stringify(first));

const module = await import("@microsoft/fetch-event-source");
const { fetchEventSource } = module.fetchEventSource ? module : module.default;
const second = [];
const ends = new AbortController();
fetchEventSource(url, {
  signal: ends.signal,
  onmessage: ({ data, id }) => second.push([data, id]),
}).catch(() => {});
await pause();
ends.abort();
console.log("fetch-event-source", JSON.stringify(second));

const third = [];
const source = new EventSource(url);
source.addEventListener("message", ({ data, lastEventId }) => third.push([data, lastEventId]));
await pause();
source.close();
console.log("undici", JSON.stringify(third));
process.exit(0);
JS
seen=$(node run.mjs 2>/dev/null)
expected='eventsource-client [["a","7"],["b",null]]
fetch-event-source [["a","7"],["b",""]]
undici [["a","7"],["b","7"]]'
echo "$seen"
[ "$seen" = "$expected" ] || { echo "The behaviour has changed." >&2; exit 1; }
