#!/usr/bin/env bash
# fetch-event-stream 0.1.6 removes every space after the colon of a field, not one.
#
# The stream: `data:  a` (two spaces), an empty line. One space after the colon is removed (HTML Standard, "Parsing an event
# stream": "if value starts with a U+0020 SPACE character, remove it"), so the data is " a".
# Guess, before it was run: " a", as a payload may begin with a space (indented text, Markdown, a diff).
# Seen: "a". eventsource-parser 4.1.3, as the control, gives " a".
# So a server should send its payload as JSON, which never begins with a space.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund fetch-event-stream@0.1.6 eventsource-parser@4.1.3
cat >run.mjs <<'JS'
import { createParser } from "eventsource-parser";
import { events } from "fetch-event-stream";

const stream = "data:  a\n\n";
const control = [];
createParser({ onEvent: ({ data }) => control.push(data) }).feed(stream);
console.log("eventsource-parser", JSON.stringify(control));

const received = [];
for await (const { data } of events(new Response(stream))) received.push(data);
console.log("fetch-event-stream", JSON.stringify(received));
JS
seen=$(node run.mjs)
expected='eventsource-parser [" a"]
fetch-event-stream ["a"]'
echo "$seen"
[ "$seen" = "$expected" ] || { echo "The behaviour has changed." >&2; exit 1; }
