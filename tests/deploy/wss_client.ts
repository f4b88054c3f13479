/** Publishes one message to the server at the URL given, and prints its offset and the received message. */
import { connect } from "../../client.ts";

await using client = connect(Deno.args[0]!);
const topic = client.topic("lobby");
const { promise, resolve } = Promise.withResolvers<string>();
topic.on("chat", ({ text }) => resolve(text as string));
await topic.subscribed();
const offset = await topic.publish({ type: "chat", text: "over TLS" });
console.log(offset, await promise, client.url);
