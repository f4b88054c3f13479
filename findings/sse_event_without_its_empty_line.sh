#!/usr/bin/env bash
# parse-sse 0.1.0 delivers an event whose empty line never came, and keeps back an event whose data is empty.
#
# The streams: (1) `data: a`, an empty line, `data: b`, the end of the response. An event that has no empty line yet is
# discarded at the end of the stream (HTML Standard, "Parsing an event stream"): it may be incomplete.
# (2) `data:`, an empty line: an event with the data "".
# Guess, before it was run: (1) "a"; (2) "".
# Seen: (1) "a" and "b"; (2) nothing. eventsource-parser 4.1.3, as the control, gives what was guessed.
# So a divided record may be read as a whole one: a reader has to check the payload (JSON fails to parse).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund parse-sse@0.1.0 eventsource-parser@4.1.3
cat >run.mjs <<'JS'
import { createParser } from "eventsource-parser";
import { parseServerSentEvents } from "parse-sse";

for (const stream of ["data: a\n\ndata: b\n", "data:\n\n"]) {
  const control = [];
  createParser({ onEvent: ({ data }) => control.push(data) }).feed(stream);
  const response = new Response(stream, { headers: { "content-type": "text/event-stream" } });
  const received = [];
  for await (const { data } of parseServerSentEvents(response)) received.push(data);
  console.log("eventsource-parser", JSON.stringify(control), "parse-sse", JSON.stringify(received));
}
JS
seen=$(node run.mjs)
expected='eventsource-parser ["a"] parse-sse ["a","b"]
eventsource-parser [""] parse-sse []'
echo "$seen"
[ "$seen" = "$expected" ] || { echo "The behaviour has changed." >&2; exit 1; }
