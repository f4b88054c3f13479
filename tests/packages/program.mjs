// Runs the bundled client in Node or Bun: `node program.mjs BUNDLE URL [ws]`. Exits with 1, or by an uncaught error, where it fails.
import { strict as assert } from "node:assert";

const [bundle, url, withWs] = process.argv.slice(2);
const { connect } = await import(bundle);
const options = withWs === undefined
  ? {}
  : { WebSocket: (await import("ws")).default };

const client = connect(url, options);
await client.opened();
const topic = client.topic("room");
await topic.subscribed();
const received = new Promise((resolve) => topic.on("chat", resolve));
await topic.publish({ type: "chat", text: "hello" });
assert.equal((await received).text, "hello");
const closed = new Promise((resolve) =>
  client.addEventListener("close", resolve)
);
client.close(undefined, "bye");
const { type, wasClean } = await closed;
assert.deepEqual([type, wasClean], ["close", true]);

// Port 1 refuses connections.
const refused = connect("ws://127.0.0.1:1/ws", options);
const waiting = await new Promise((resolve) =>
  refused.addEventListener("statechange", resolve)
);
assert.deepEqual([waiting.state, waiting.code], ["waiting", 1006]);
// The others have no words for it.
if (withWs !== undefined) assert.match(waiting.reason, /ECONNREFUSED/);
refused.close();

// A socket that is closed while it connects.
connect("ws://127.0.0.1:1/ws", options).close();
console.log("passed");
