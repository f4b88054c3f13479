#!/usr/bin/env bash
# @microsoft/fetch-event-source 2.0.1, @fortaine/fetch-event-source 3.0.6 and extended-eventsource 2.1.0 deliver an empty
# message for a block that has an `id` or an `event` and no `data`.
#
# The stream: `id: 9`, an empty line, `data: b`, an empty line. A block without a `data` line sets the last event id and
# dispatches nothing (HTML Standard, "Dispatch the event": an empty data buffer returns).
# Guess, before it was run: one message "b"; a server may move the reader's position with an `id` alone.
# Seen: two messages, the first with the data "". eventsource 5.1.5, as the control, gives one.
# So a server that sends a position without a record should put it into a comment or beside a record.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @microsoft/fetch-event-source@2.0.1 @fortaine/fetch-event-source@3.0.6 \
  extended-eventsource@2.1.0 eventsource@5.1.5
cat >run.mjs <<'JS'
const stream = "id: 9\n\ndata: b\n\n";
const fetch = async () =>
  new Response(stream, { headers: { "content-type": "text/event-stream" } });
globalThis.fetch = fetch;
globalThis.window = globalThis;
globalThis.document = { hidden: false, addEventListener() {}, removeEventListener() {} };
const pause = () => new Promise((resolve) => setTimeout(resolve, 300));

for (const name of ["@microsoft/fetch-event-source", "@fortaine/fetch-event-source"]) {
  const module = await import(name);
  const { fetchEventSource } = module.fetchEventSource ? module : module.default;
  const received = [];
  const ends = new AbortController();
  fetchEventSource("http://127.0.0.1/", {
    fetch,
    signal: ends.signal,
    onmessage: ({ data }) => received.push(data),
    onclose: () => ends.abort(),
  }).catch(() => {});
  await pause();
  console.log(name, JSON.stringify(received));
}
for (const [name, options] of [["extended-eventsource", { disableRetry: true }], ["eventsource", { fetch }]]) {
  const { EventSource } = await import(name);
  const received = [];
  const source = new EventSource("http://127.0.0.1/", options);
  source.addEventListener("message", ({ data }) => received.push(data));
  await pause();
  source.close();
  console.log(name, JSON.stringify(received));
}
process.exit(0);
JS
seen=$(node run.mjs 2>/dev/null)
expected='@microsoft/fetch-event-source ["","b"]
@fortaine/fetch-event-source ["","b"]
extended-eventsource ["","b"]
eventsource ["b"]'
echo "$seen"
[ "$seen" = "$expected" ] || { echo "The behaviour has changed." >&2; exit 1; }
