/**
 * The smallest complete program: a hub, a client that publishes, and a late joiner that receives the earlier message.
 *
 *     deno run --allow-net examples/hello.ts
 *
 * @module
 */
import { connect, serve } from "../mod.ts";

await using server = serve({ port: 0 });
const url = `ws://127.0.0.1:${server.addr.port}/ws`;

await using ada = connect(url);
const offset = await ada.topic("lobby").publish({
  type: "chat",
  text: "hello",
});
console.log(`stored at offset ${offset}`);

// A late joiner starts with the last records of the topic's log.
await using grace = connect(url, { lobby: false });
for await (const record of grace.topic("lobby", { last: 10 })) {
  if (record.kind !== "record") continue;
  console.log(`${record.from === ada.peer ? "ada" : "?"}:`, record.message);
  break;
}
